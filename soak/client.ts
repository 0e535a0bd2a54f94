import pg from 'pg'
import { wholeBetween } from './random.ts'

/** A row of the soak, such as `project 4711`; also how an entry names it. */
export type Key = string

/** What a client knows of a row that it tried to delete: the commit was acknowledged, or the connection broke before an answer came. */
export type Outcome = 'acknowledged' | 'unknown'

/** A customer that a client may delete, and which of its projects are left. */
export type Customer = { id: number; projects: Set<number> }

/** Rows that only one client deletes: which were planted, which are left to delete, and what it knows of those that it tried to delete. */
export type Share = { planted: { first: number; last: number }; isSynchronous: boolean; customers: Customer[]; outcomes: Map<Key, Outcome> }

/** What happens to a transaction of several deletes: it is kept, its last delete is taken back, or all of it. */
type End = 'commit' | 'rollback to savepoint' | 'rollback'

type Delete = { text: string; values: [number[]]; keys: Key[]; forget: () => void }

/**
 * Deletes rows of its share, one way after the other, until the connection breaks or nothing is left: single rows, many in one
 * statement, customers whose projects go by a cascade, and transactions of several of these that say who acts and are sometimes rolled back.
 * @throws an error of the database that is not the end of the connection.
 */
export async function deleteUntilKilled(client: pg.Client, share: Share, random: () => number): Promise<void> {
  while (share.customers.length > 10) {
    const isTransaction = random() < 0.4
    const isOpen = isTransaction ? await deleteInTransaction(client, share, random) : await deleteAtOnce(client, chooseDelete(share, random), share)
    if (!isOpen) return
  }
}

async function deleteAtOnce(client: pg.Client, wanted: Delete, { outcomes }: Share): Promise<boolean> {
  wanted.forget()
  for (const key of wanted.keys) outcomes.set(key, 'unknown')
  if (!(await survives(client.query(wanted.text, wanted.values)))) return false
  for (const key of wanted.keys) outcomes.set(key, 'acknowledged')
  return true
}

async function deleteInTransaction(client: pg.Client, share: Share, random: () => number): Promise<boolean> {
  const chance = random()
  const end: End = chance < 0.6 ? 'commit' : chance < 0.8 ? 'rollback to savepoint' : 'rollback'
  if (!(await survives(client.query(`begin; select audit.act_as('${wholeBetween(random, 1, 99)}', 'Somebody', 'app')`)))) return false
  const kept: Key[] = []
  const forgotten = share.customers
  share.customers = forgotten.map(({ id, projects }) => ({ id, projects: new Set(projects) }))
  for (let count = wholeBetween(random, 1, 3); count > 0; count -= 1) {
    const wanted = chooseDelete(share, random)
    wanted.forget()
    if (!(await survives(client.query(wanted.text, wanted.values)))) return false
    kept.push(...wanted.keys)
  }
  if (end === 'rollback') {
    share.customers = forgotten
    return survives(client.query('rollback'))
  }
  if (end === 'rollback to savepoint') {
    const undone = chooseDelete(share, random)
    if (!(await survives(client.query('savepoint before_it'))) || !(await survives(client.query(undone.text, undone.values))) || !(await survives(client.query('rollback to before_it')))) return false
  }
  for (const key of kept) share.outcomes.set(key, 'unknown')
  if (!(await survives(client.query('commit')))) return false
  for (const key of kept) share.outcomes.set(key, 'acknowledged')
  return true
}

function chooseDelete(share: Share, random: () => number): Delete {
  const chance = random()
  if (chance < 0.4) {
    const customer = share.customers.find(({ projects }) => projects.size > 0)
    const project = customer?.projects.values().next().value
    if (customer !== undefined && project !== undefined) {
      return { text: 'delete from soak.project where id = any ($1)', values: [[project]], keys: [`project ${project}`], forget: () => customer.projects.delete(project) }
    }
  }
  const several = share.customers.slice(0, chance < 0.7 ? 1 : wholeBetween(random, 2, 8))
  const projects = several.flatMap((customer) => [...customer.projects])
  const ids = several.map(({ id }) => id)
  if (chance > 0.9) {
    return {
      text: 'delete from soak.project where customer_id = any ($1)', values: [ids], keys: projects.map((id) => `project ${id}`),
      forget: () => several.forEach((customer) => customer.projects.clear()),
    }
  }
  return {
    text: 'delete from soak.customer where id = any ($1)', values: [ids], keys: [...ids.map((id) => `customer ${id}`), ...projects.map((id) => `project ${id}`)],
    forget: () => { share.customers = share.customers.filter(({ id }) => !ids.includes(id)) },
  }
}

/** Whether a statement was answered; false if the connection broke. An error of another kind is thrown: the log must never cause one. */
async function survives(answer: Promise<unknown>): Promise<boolean> {
  try {
    await answer
    return true
  } catch (error) {
    if (isBrokenConnection(error)) return false
    throw error
  }
}

/** Whether an error only says that the server or the connection went away (57P01 to 57P03, class 08, or the socket's own). */
export function isBrokenConnection(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return /^(57P0[123]|08...)$/.test(error.code ?? '')
  return error instanceof Error && (/terminated|not queryable|ended/i.test(error.message) || /^(ECONNRESET|ECONNREFUSED|EPIPE)$/.test(String(Reflect.get(error, 'code'))))
}
