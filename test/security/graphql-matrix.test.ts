import { buildSchema, getNamedType, isEnumType, isLeafType, isNonNullType, isListType, isInputObjectType, type GraphQLField, type GraphQLInputType, type GraphQLObjectType, type GraphQLSchema } from 'graphql'
import * as assert from 'uvu/assert'
import type { TestDatabase } from '../harness/database.ts'
import { tokenFor, type Person, type RunningServer } from '../server/running-server.ts'
import { serverSuite } from '../server/server-suite.ts'

/*
 * Every field of the GraphQL schema, asked by every kind of person of every company. The questions are made from the schema,
 * so that a field that is added tomorrow is asked too. Each company's entries hold a word in every text that nobody
 * else's hold: it may come back to the company's own administrators only.
 */

const it = serverSuite('Every field that GraphQL has, for every kind of person')

const canary = (company: string) => `canaryofcompany${company}x`

/** Two companies with the add-on, one without, each with entries whose every text is the company's own. */
async function plant({ superuser }: TestDatabase): Promise<void> {
  await superuser.query(`
    begin; set local role audit_owner;
    insert into audit.event (company_id, actor_id, actor_name, actor_status, on_behalf_of, action, object_kind, object_id, object_label, owner_kind, owner_id, owner_label, source, request_id, reason, db_user, application_name, snapshot, details)
    select c, word, word, 'asserted', word, action, 'cv', word, word, 'user', word, word, 'app', word, word, word, word, jsonb_build_object(word, word), jsonb_build_object(word, word, 'row_count', 7)
      from unnest(array['1', '2', '3']) c, lateral (select 'canaryofcompany' || c || 'x') w (word), unnest(array['cv.deleted', 'customers.exported']) action;
    commit`)
}

/** A selection of everything that a type has, down to its leaves. */
function selection(schema: GraphQLSchema, type: GraphQLObjectType, seen: readonly string[] = []): string {
  return Object.values(type.getFields()).flatMap((field) => {
    const inner = getNamedType(field.type)
    if (isLeafType(inner)) return [field.name]
    if (!('getFields' in inner) || isInputObjectType(inner) || seen.includes(inner.name)) return []
    // The entry of an edge is the one of nodes.
    if (field.name === 'node') return ['node { id objectLabel }']
    return [`${field.name} { ${selection(schema, inner as GraphQLObjectType, [...seen, inner.name])} }`]
  }).join(' ')
}

/** Texts for an argument or the field of a filter: what somebody would give who looks for another company's entries. */
function values(name: string, type: GraphQLInputType, known: { ids: readonly string[]; word: string }): string[] {
  if (isNonNullType(type)) return values(name, type.ofType, known)
  if (isListType(type)) return values(name, type.ofType, known).map((value) => `[${value}]`)
  if (isEnumType(type)) return type.getValues().map(({ name }) => name)
  if (isInputObjectType(type)) {
    return Object.values(type.getFields()).flatMap((field) => values(field.name, field.type, known).map((value) => `{ ${field.name}: ${value} }`))
  }
  switch (type.name) {
    case 'BigInt': return known.ids.map((id) => `"${id}"`)
    case 'Int': return ['60']
    case 'Boolean': return ['true']
    case 'Datetime': return [name === 'from' ? '"2000-01-01T00:00:00Z"' : '"2999-01-01T00:00:00Z"']
    case 'Cursor': return []
    default: return [texts[name] ?? `"${known.word}"`]
  }
}

/** What is no free text. */
const texts: Readonly<Record<string, string>> = {
  actions: '"cv.deleted"', notActions: '"role.deleted"', sources: '"app"', notSources: '"api"', fromDay: '"2000-01-01"', toDay: '"2999-01-01"', timeZone: '"Europe/Stockholm"', objectKind: '"cv"', ownerKind: '"user"',
}

/** A field of Query once as it is, and once with each value of each argument. */
function questions(schema: GraphQLSchema, field: GraphQLField<unknown, unknown>, known: { ids: readonly string[]; word: string }): string[] {
  const type = getNamedType(field.type)
  const body = isLeafType(type) ? '' : ` { ${selection(schema, type as GraphQLObjectType)} }`
  const required = field.args.filter((argument) => isNonNullType(argument.type) && argument.defaultValue === undefined)
  const calls = required.length === 0 ? [''] : []
  for (const argument of field.args) {
    for (const value of values(argument.name, argument.type, known)) {
      if (required.every((other) => other === argument)) calls.push(`(${argument.name}: ${value})`)
    }
  }
  return calls.map((call) => `{ ${field.name}${call}${body} }`)
}

async function people({ superuser }: TestDatabase): Promise<{ who: string; person: Person | null; reads: string | null }[]> {
  const { rows } = await superuser.query<{ id: string; company: string; administers: boolean; add_on: boolean }>(`
    select u.id::text, u.company_id::text as company, u.is_administrator as administers, c.has_audit_log as add_on from app."user" u join app.company c on c.id = u.company_id
    where u.id in (select min(id) from app."user" group by company_id, is_administrator) order by 2, 3`)
  const of = (id: string, companyId: string): Person => ({ id, companyId, name: 'Somebody' })
  return [
    ...rows.map(({ id, company, administers, add_on: addOn }) => ({
      who: `${administers ? 'administrator' : 'member'} of company ${company}${addOn ? '' : ', which has no add-on'}`, person: of(id, company), reads: administers && addOn ? company : null,
    })),
    ...rows.filter(({ administers }) => administers).map(({ id, company }) => ({ who: `administrator of company ${company} who names another`, person: of(id, company === '1' ? '2' : '1'), reads: null })),
    { who: 'somebody of an unknown company', person: of('1', '999'), reads: null },
    { who: 'nobody', person: null, reads: null },
  ]
}

it('is asked with every argument, and never answers with an entry of another company [case 143, 144, 150, 155]', async ({ running, database }) => {
  await plant(database)
  const schema = buildSchema(await running.server.printSchema())
  const fields = Object.values(schema.getQueryType()?.getFields() ?? {})
  const { rows } = await database.superuser.query<{ id: string; company: string }>(`select max(id)::text as id, company_id as company from audit.event where object_label like 'canaryofcompany%' group by company_id order by 2`)
  const all = await people(database)
  assert.ok(all.filter(({ reads }) => reads !== null).length >= 2, all.map(({ who }) => who).join('; '))
  let asked = 0
  const seen = new Map<string, Set<string>>()
  for (const { who, person, reads } of all) {
    const own = person?.companyId === '2' ? '2' : '1'
    for (const field of fields) {
      for (const company of [own, own === '1' ? '2' : '1']) {
        const known = { ids: rows.filter((row) => row.company === company).map(({ id }) => id), word: canary(company) }
        await Promise.all(questions(schema, field, known).map(async (query) => {
          asked += 1
          const text = await answerOf(running, person, query)
          for (const other of ['1', '2', '3'].filter((each) => each !== reads)) {
            // What was asked for may stand in what an error says about it, and nowhere else.
            const said = text.replaceAll(/"errors":.*$/gs, '')
            assert.not.ok(said.includes(canary(other)), `${who} got an entry of company ${other} by ${query.slice(0, 200)}: ${said.slice(0, 300)}`)
          }
          if (reads !== null && text.includes(canary(reads))) seen.set(field.name, (seen.get(field.name) ?? new Set()).add(reads))
          if (reads === null && field.name !== 'viewer') assertEmpty(text, `${who}: ${query.slice(0, 200)}`)
        }))
      }
    }
  }
  assert.ok(asked > 500, `${asked} questions`)
  // The questions would have found them: administrators get the own ones.
  assert.equal([...seen.get('events') ?? []].sort().length >= 2, true)
  assert.ok(seen.has('event'))
})

it('says of an entry of another company what it says of one that does not exist [case 143]', async ({ running, database, fredrik }) => {
  const { rows: [other] } = await database.superuser.query<{ id: string }>(`select max(id)::text as id from audit.event where company_id = '2'`)
  const body = (id: string) => answerOf(running, fredrik, `{ event(id: "${id}") { id objectLabel } }`)
  assert.is(await body(other?.id ?? ''), await body('9000000000000000000'))
})

/** Nothing but nulls, zeros, empty lists, and what describes the page. */
function assertEmpty(text: string, message: string): void {
  const { data } = JSON.parse(text)
  const walk = (value: unknown): boolean => {
    if (value === null || value === 0 || value === false || value === true || value === '') return true
    if (Array.isArray(value)) return value.every(walk)
    if (typeof value === 'object') return Object.entries(value).every(([name, inner]) => ['unit', 'from', 'to', 'value', 'label', 'timeZone'].includes(name) || walk(inner))
    return false
  }
  assert.ok(walk(data ?? null), `${message}: ${text.slice(0, 500)}`)
}

async function answerOf(running: RunningServer, person: Person | null, query: string): Promise<string> {
  const headers = { 'content-type': 'application/json', ...(person && { authorization: `Bearer ${await tokenFor(person)}` }) }
  return (await running.fetch(null, '/graphql', { method: 'POST', headers, body: JSON.stringify({ query }) })).text()
}

it.run()
