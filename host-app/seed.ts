import type { ClientBase } from 'pg'
import { knownPeople } from './people.ts'
import { contactTitles, firstNames, hardCustomers, hardPeople, lastNames, places, projectNames, titles, trades } from './seed-names.ts'

type Row = Readonly<Record<string, string | number | boolean | null>>

type Company = {
  readonly id: number
  readonly name: string
  readonly hasAuditLog: boolean
  readonly timeZone: string
  readonly domain: string
  readonly people: number
  readonly customers: number
}

const companies: readonly Company[] = [
  { id: 1, name: 'Nordljus Konsult AB', hasAuditLog: true, timeZone: 'Europe/Stockholm', domain: 'nordljus.example', people: 48, customers: 28 },
  { id: 2, name: 'Havsbris Digital Oy', hasAuditLog: true, timeZone: 'Europe/Helsinki', domain: 'havsbris.example', people: 36, customers: 20 },
  { id: 3, name: 'Granit Teknik AB', hasAuditLog: false, timeZone: 'Europe/Stockholm', domain: 'granit.example', people: 24, customers: 12 },
]

/** Those of a list that fall to a company when the companies take turns. */
const shareOf = <Item>(company: Company, items: readonly Item[]): readonly Item[] =>
  items.filter((_item, index) => companies[index % companies.length] === company)

/** Numbers from 0 to 1 that look random and are the same every time (mulberry32, by Tommy Ettinger). */
function makeRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** The rows of all tables, by table, in an order in which every row finds those that it points to. */
function makeRows(): ReadonlyMap<string, readonly Row[]> {
  const random = makeRandom(1)
  const below = (limit: number): number => Math.floor(random() * limit)
  const oneOf = <Item>(items: readonly [Item, ...Item[]]): Item => items[below(items.length)] ?? items[0]
  const times = <Item>(count: number, make: (index: number) => Item): Item[] => Array.from({ length: count }, (_item, index) => make(index))
  const digits = (length: number): string => times(length, () => below(10)).join('')
  const day = (from: string, days: number): string => new Date(Date.parse(from) + below(days) * 86_400_000).toISOString().slice(0, 10)

  const tables = new Map<string, Row[]>(['company', 'user', 'customer', 'contact', 'project', 'role', 'cv'].map((table) => [table, []]))
  const add = (table: string, row: Row): number => {
    const rows = tables.get(table) ?? []
    return rows.push({ id: rows.length + 1, ...row })
  }

  const addPerson = (company: Company, person: Row, index: number): number => {
    const userId = add('user', { company_id: company.id, ...person, password_hash: `scrypt:${digits(40)}` })
    const cvTitles = new Set([String(person['title']), ...times(below(5), () => oneOf(titles))])
    for (const title of cvTitles) {
      const updated_at = index % 12 === 7 ? day('2021-01-01', 700) : day('2024-06-01', 800)
      const summary = `${title} with ${2 + below(20)} years behind them, most of them in ${oneOf(places)}.`
      add('cv', { user_id: userId, title, language: oneOf(['sv', 'sv', 'en']), summary, updated_at })
    }
    return userId
  }

  const addPeople = (company: Company): readonly number[] => {
    const known = knownPeople.filter(({ email }) => email.endsWith(`@${company.domain}`)).map(({ key: _key, ...person }) => person)
    const hard = shareOf(company, hardPeople)
    const others = times(company.people - known.length, (index) => {
      const [first_name, last_name] = hard[index] ?? [oneOf(firstNames), oneOf(lastNames)]
      const email = `person.${known.length + index + 1}@${company.domain}`
      return { first_name, last_name, email, title: oneOf(titles), is_administrator: index === 5, locale: 'sv' }
    })
    return [...known, ...others].map((person, index) => addPerson(company, person, index))
  }

  const addProject = (company: Company, customerId: number, people: readonly number[]): void => {
    const starts_on = day('2024-01-01', 800)
    const ends_on = random() < 0.4 ? null : day(starts_on, 500)
    const projectId = add('project', { company_id: company.id, customer_id: customerId, name: oneOf(projectNames), starts_on, ends_on })
    for (let seats = 1 + below(5); seats > 0; seats -= 1) {
      const user_id = random() < 0.1 ? null : (people[below(people.length)] ?? null)
      add('role', { project_id: projectId, user_id, title: oneOf(titles), allocation: oneOf([20, 50, 80, 100, 100]) })
    }
  }

  const addContact = (customerId: number): void => {
    const [first_name, last_name, title] = [oneOf(firstNames), oneOf(lastNames), oneOf(contactTitles)]
    const email = `${digits(5)}@customer-${customerId}.example`
    add('contact', { customer_id: customerId, first_name, last_name, title, email, phone: `+46 8 ${digits(3)} ${digits(2)} ${digits(2)}` })
  }

  for (const company of companies) {
    const { id, name, hasAuditLog, timeZone, customers } = company
    add('company', { name, has_audit_log: hasAuditLog, time_zone: timeZone, audit_log_contact: 'sales@konsultboard.example' })
    const people = addPeople(company)
    const hard = shareOf(company, hardCustomers)
    for (let index = 0; index < customers; index += 1) {
      const city = oneOf(places)
      const website = `https://customer-${index + 1}.example`
      const customerId = add('customer', { company_id: id, name: hard[index] ?? `${city} ${oneOf(trades)}`, city, website })
      for (let more = 2 + below(4); more > 0; more -= 1) addContact(customerId)
      for (let more = 1 + below(3); more > 0; more -= 1) addProject(company, customerId, people)
    }
  }
  return tables
}

/**
 * Fills the empty tables of schema app with three companies, the same every time, in one transaction.
 * The client may write to schema app. Throws, and leaves nothing, if a table is not empty.
 */
export async function seed(client: ClientBase): Promise<void> {
  await client.query('begin')
  try {
    for (const [table, rows] of makeRows()) {
      const name = `app.${client.escapeIdentifier(table)}`
      const insert = `insert into ${name} overriding system value select * from json_populate_recordset(null::${name}, $1)`
      await client.query(insert, [JSON.stringify(rows)])
      await client.query("select setval(pg_get_serial_sequence($1, 'id'), $2)", [name, rows.length])
    }
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}
