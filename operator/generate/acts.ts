import { makeRandom, wholeBetween } from '../../soak/random.ts'
import { makeCalendar, type Microseconds } from './calendar.ts'
import { customerName, makeCompanies, makeCompanyChoice, mostlyFirst, oneOf, personName, projectName, titleName, type Company, type Thing } from './companies.ts'
import type { Entry } from './entry.ts'

/** What to invent. */
export type Wanted = {
  readonly events: number
  readonly companies: number
  readonly seed: number
  /** Stands before the number of a company in its id. */
  readonly prefix: string
  /** When the three years of entries end, in milliseconds since 1970. */
  readonly until: number
}

const years = 3

/** Entries of one act, in one transaction. */
type Act = readonly Entry[]

/**
 * Invents entries, act by act and in the order of time; the same ones for the same wish. An act is what a transaction did:
 * one deletion, a cascade with its tree, children that an ORM deleted first, a bulk deletion, an export.
 */
export function* inventActs(wanted: Wanted): Generator<Act, void> {
  const random = makeRandom(wanted.seed)
  const companies = makeCompanies(random, { count: wanted.companies, events: wanted.events, prefix: wanted.prefix })
  const choose = makeCompanyChoice(random, companies)
  const timeOf = makeCalendar(wanted.until, years)
  const choice = makeActChoice(random)
  let made = 0
  let transaction = 0
  while (made < wanted.events) {
    const begin = (): Writer => makeWriter(random, choose(), { id: made, transaction, at: timeOf(made / wanted.events) })
    let writer = begin()
    choice()(writer)
    // The last one may be too large for what is left.
    if (made + writer.entries.length > wanted.events) {
      writer = begin()
      deleteCv(writer)
    }
    made += writer.entries.length
    transaction = writer.lastTransaction() + 1
    yield writer.entries
  }
}

/** Writes the entries of one act: they share company, person, source and request. */
type Writer = {
  readonly random: () => number
  readonly company: Company
  readonly entries: Entry[]
  readonly add: (entry: Pick<Entry, 'action' | 'objectKind'> & Partial<Entry>) => Entry
  /** What is added from now on comes from another transaction, so many seconds later. */
  readonly later: (seconds: number) => void
  readonly newId: () => string
  readonly lastTransaction: () => number
}

function makeWriter(random: () => number, company: Company, start: { id: number; transaction: number; at: Microseconds }): Writer {
  const context = makeContext(random, company)
  const entries: Entry[] = []
  let { transaction, at } = start
  return {
    random, company, entries,
    add: (given) => {
      const entry: Entry = {
        id: start.id + entries.length, occurredAt: at, transaction, causedBy: null, rootId: null, companyId: company.id, ...context,
        objectId: null, objectLabel: null, ownerKind: null, ownerId: null, ownerLabel: null, snapshot: null, details: null, hasForerunners: false, ...given,
      }
      at += wholeBetween(random, 3, 40)
      entries.push(entry)
      return entry
    },
    later: (seconds) => {
      transaction += 1
      at += seconds * 1_000_000
    },
    // Above those that still exist, and each once.
    newId: () => String(1_000_000 + start.id + entries.length),
    lastTransaction: () => transaction,
  }
}

type Context = Pick<Entry, 'actorId' | 'actorName' | 'actorStatus' | 'onBehalfOf' | 'source' | 'requestId' | 'reason' | 'clientAddress'>

function makeContext(random: () => number, company: Company): Context {
  const luck = random()
  const source = luck < 0.7 ? 'app' : luck < 0.86 ? 'api' : luck < 0.94 ? 'admin' : luck < 0.985 ? 'system' : 'sql'
  const who = random()
  const isMissing = source === 'sql' ? who < 0.9 : source === 'system' ? who < 0.3 : who < 0.01
  const clientAddress = source === 'sql' ? null : `10.0.${source === 'app' ? 0 : 1}.${wholeBetween(random, 1, 8)}`
  if (isMissing) return { actorId: null, actorName: null, actorStatus: 'missing', onBehalfOf: null, source, requestId: null, reason: null, clientAddress }
  const person = mostlyFirst(random, company.people)
  return {
    actorId: person.id, actorName: person.name, actorStatus: who > 0.7 && source !== 'sql' && source !== 'system' ? 'verified' : 'asserted',
    onBehalfOf: random() < 0.005 ? mostlyFirst(random, company.people).id : null, source,
    requestId: source === 'sql' || source === 'system' ? null : `${hex(random)}-${hex(random)}`,
    reason: source === 'admin' && random() < 0.3 ? oneOf(random, ['asked for by the customer', 'GDPR request', 'dubblett', 'cleaning up']) : null,
    clientAddress,
  }
}

const hex = (random: () => number): string => Math.floor(random() * 0x1_0000_0000).toString(16).padStart(8, '0')

/** How often each kind of act happens, in thousandths; a bulk deletion is rarer still. */
const shares: ReadonlyArray<readonly [thousandths: number, write: (writer: Writer) => void]> = [
  [250, deleteCv], [180, deleteContact], [180, deleteRole], [85, deleteProject], [35, deleteCustomer], [12, deleteUser],
  [10, deleteCustomerChildrenFirst], [85, exportOf('project')], [105, exportOf('customer')], [50, exportOf('contact')], [4, exportLog], [3.95, restoreCv], [0.05, deleteInBulk],
]

function makeActChoice(random: () => number): () => (writer: Writer) => void {
  return () => {
    let wanted = random() * 1000
    return shares.find(([share]) => (wanted -= share) < 0)?.[1] ?? deleteCv
  }
}

function deleteCv({ random, company, add, newId }: Writer): void {
  const owner = mostlyFirst(random, company.people)
  const objectId = newId()
  add({ ...cvOf({ id: owner.id, label: owner.name }, objectId, titleName(random)) })
}

function cvOf(owner: Thing, objectId: string, title: string) {
  return {
    action: 'cv.deleted', objectKind: 'cv', objectId, objectLabel: title, ownerKind: 'user', ownerId: owner.id, ownerLabel: owner.label,
    snapshot: JSON.stringify({ id: Number(objectId), title, user_id: Number(owner.id), language: 'sv', updated_at: '2024-06-01' }),
  }
}

function contactOf(customer: Thing, objectId: string, name: string) {
  return {
    action: 'contact.deleted', objectKind: 'contact', objectId, objectLabel: name, ownerKind: 'customer', ownerId: customer.id, ownerLabel: customer.label,
    snapshot: JSON.stringify({ id: Number(objectId), name, email: `${objectId}@customer-${customer.id}.example`, customer_id: Number(customer.id) }),
  }
}

function roleOf(project: Thing, objectId: string, title: string) {
  return {
    action: 'role.deleted', objectKind: 'role', objectId, objectLabel: title, ownerKind: 'project', ownerId: project.id, ownerLabel: project.label,
    snapshot: JSON.stringify({ id: Number(objectId), title, project_id: Number(project.id), allocation: 80 }),
  }
}

function projectOf(customer: Thing, objectId: string, name: string) {
  return {
    action: 'project.deleted', objectKind: 'project', objectId, objectLabel: name, ownerKind: 'customer', ownerId: customer.id, ownerLabel: customer.label,
    snapshot: JSON.stringify({ id: Number(objectId), name, starts_on: '2024-01-15', customer_id: Number(customer.id) }),
  }
}

function customerOf(objectId: string, name: string) {
  return {
    action: 'customer.deleted', objectKind: 'customer', objectId, objectLabel: name,
    snapshot: JSON.stringify({ id: Number(objectId), name, city: 'Malmö', website: `https://customer-${objectId}.example` }),
  }
}

function deleteContact({ random, company, add, newId }: Writer): void {
  add(contactOf(mostlyFirst(random, company.customers), newId(), personName(random)))
}

function deleteRole({ random, company, add, newId }: Writer): void {
  add(roleOf(mostlyFirst(random, company.projects), newId(), titleName(random)))
}

function deleteProject(writer: Writer): void {
  const { random, company, add, newId } = writer
  const project = add(projectOf(mostlyFirst(random, company.customers), newId(), projectName(random)))
  addRoles(writer, project, project)
}

/** The roles of a project that go with it. */
function addRoles({ random, add, newId }: Writer, project: Entry, root: Entry): void {
  for (let roles = wholeBetween(random, 0, 4); roles > 0; roles -= 1) add({ ...roleOf(thing(project), newId(), titleName(random)), causedBy: project.id, rootId: root.id })
}

/** With its contacts, projects and their roles, as foreign keys take them along. */
function deleteCustomer(writer: Writer): void {
  const { random, add, newId } = writer
  const customer = add(customerOf(newId(), customerName(random)))
  const cause = { causedBy: customer.id, rootId: customer.id }
  for (let contacts = wholeBetween(random, 0, 5); contacts > 0; contacts -= 1) add({ ...contactOf(thing(customer), newId(), personName(random)), ...cause })
  for (let projects = wholeBetween(random, 0, 3); projects > 0; projects -= 1) {
    addRoles(writer, add({ ...projectOf(thing(customer), newId(), projectName(random)), ...cause }), customer)
  }
}

/** As an ORM does it that deletes the children with statements of its own. */
function deleteCustomerChildrenFirst({ random, add, newId }: Writer): void {
  const customer = { id: newId().replace('1', '2'), label: customerName(random) }
  const contacts = wholeBetween(random, 1, 4)
  for (let left = contacts; left > 0; left -= 1) add(contactOf(customer, newId(), personName(random)))
  add({ ...customerOf(customer.id, customer.label), hasForerunners: true })
}

function deleteUser({ random, add, newId }: Writer): void {
  const objectId = newId()
  const name = personName(random)
  const user = add({
    action: 'user.deleted', objectKind: 'user', objectId, objectLabel: name,
    snapshot: JSON.stringify({ id: Number(objectId), name, email: `person.${objectId}@company.example`, title: 'Consultant' }),
  })
  for (let cvs = wholeBetween(random, 1, 4); cvs > 0; cvs -= 1) add({ ...cvOf(thing(user), newId(), titleName(random)), causedBy: user.id, rootId: user.id })
}

/** Old contacts, one statement. */
function deleteInBulk({ random, company, add, newId }: Writer): void {
  for (let left = wholeBetween(random, 100, 1500); left > 0; left -= 1) add(contactOf(mostlyFirst(random, company.customers), newId(), personName(random)))
}

function exportOf(kind: 'project' | 'customer' | 'contact'): (writer: Writer) => void {
  return ({ random, add }) => void add({
    action: `${kind}s.exported`, objectKind: kind,
    details: JSON.stringify({ row_count: Math.floor(10 ** (random() * 4.5)), format: oneOf(random, ['csv', 'csv', 'xlsx', 'json']), ...(random() < 0.4 && { filter: { city: 'Malmö' } }) }),
  })
}

/** The export of the log, and how it ended. */
function exportLog({ random, add, later }: Writer): void {
  const begun = add({ action: 'audit.exported', objectKind: 'export', source: 'admin', details: JSON.stringify({ format: 'csv', filter: { actions: ['cv.deleted'] } }) })
  later(wholeBetween(random, 1, 20))
  add({
    action: 'audit.export_ended', objectKind: 'export', objectId: begun.id, source: 'admin',
    details: JSON.stringify({ row_count: Math.floor(10 ** (random() * 5)), outcome: random() < 0.95 ? 'complete' : 'cancelled' }),
  })
}

/** A soft deletion that was undone. */
function restoreCv(writer: Writer): void {
  deleteCv(writer)
  const deleted = writer.entries[0]
  if (deleted === undefined) return
  writer.later(wholeBetween(writer.random, 20, 300))
  const { objectKind, objectId, objectLabel, ownerKind, ownerId, ownerLabel } = deleted
  writer.add({ action: 'cv.restored', objectKind, objectId, objectLabel, ownerKind, ownerId, ownerLabel })
}

function thing({ objectId, objectLabel }: Entry): Thing {
  return { id: String(objectId ?? ''), label: objectLabel ?? '' }
}
