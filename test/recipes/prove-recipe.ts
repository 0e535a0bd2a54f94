import { setTimeout as wait } from 'node:timers/promises'
import { suite, type Test } from 'uvu'
import * as assert from 'uvu/assert'
import { acting } from '../../docs/recipes/acting.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

/** An application that has attached as its recipe says. */
export type Attached = {
  /** Deletes a CV with the stack's own means in a transaction, which ends after the rest of the request, or is rolled back if that throws. */
  deleteCv: (id: number, restOfTheRequest: () => Promise<void>) => Promise<unknown>
  /** Deletes a CV with the stack's own means, without a transaction. */
  deleteCvAlone: (id: number) => Promise<unknown>
  close: () => Promise<unknown>
}

/** How an application connects: as consultant_app, with at most so many connections. */
export type Connecting = { readonly connectionString: string, readonly max: number }

/** The suite of a recipe, to add to and to run. */
export type Proof<Application> = {
  test: Test
  /** Attaches with at most so many connections, and closes afterwards. */
  withAttached: (max: number, use: (attached: Application, db: TestDatabase) => Promise<void>) => Promise<void>
}

/** The rest of a request that has nothing more to do. */
const nothing = async (): Promise<void> => undefined

/**
 * Makes the suite of what every recipe promises, on a database of its own. The caller runs it.
 * @param stack the stack as a developer knows it.
 */
export function proveRecipe<Application extends Attached>(stack: string, attach: (connecting: Connecting) => Application | Promise<Application>): Proof<Application> {
  const test = suite(`Recipe for ${stack}`)
  let database: TestDatabase

  test.before(async () => { database = await makeTestDatabase() })
  test.after(() => database.drop())

  const withAttached: Proof<Application>['withAttached'] = async (max, use) => {
    const attached = await attach({ connectionString: database.url('consultant_app'), max })
    try {
      await use(attached, database)
    } finally {
      await attached.close()
    }
  }

  test('a delete in a transaction is recorded with the person and the request', () => withAttached(1, async ({ deleteCv }, db) => {
    const cv = await makeCv(db)
    await acting.run(person(7), () => deleteCv(cv, nothing))
    assert.equal(await entriesOf(db, cv), [as(person(7))])
    assert.is(await countCvs(db, cv), 0)
  }))

  test('a transaction that is rolled back leaves no entry', () => withAttached(1, async ({ deleteCv }, db) => {
    const cv = await makeCv(db)
    const failure = await acting.run(person(7), () => deleteCv(cv, () => Promise.reject(new Error('Out of paper'))))
      .then(() => null, (error: unknown) => error)
    assert.match(String(failure), 'Out of paper')
    assert.equal(await entriesOf(db, cv), [])
    assert.is(await countCvs(db, cv), 1)
  }))

  for (const max of [1, 5]) {
    test(`on ${max === 1 ? 'one connection' : `${max} connections`}, no request among many gets the person of another`, () => withAttached(max, async ({ deleteCv }, db) => {
      const requests = await Promise.all(Array.from({ length: 24 }, async (_, index) => ({ cv: await makeCv(db), who: index % 4 === 3 ? null : person(index) })))
      await Promise.all(requests.map(({ cv, who }) => {
        const request = (): Promise<unknown> => deleteCv(cv, () => wait(Math.random() * 5))
        return who === null ? request() : acting.run(who, request)
      }))
      for (const { cv, who } of requests) assert.equal(await entriesOf(db, cv), [who === null ? asNobody : as(who)])
    }))
  }

  test('a delete without a transaction is recorded as nobody\'s, never as the person before', () => withAttached(1, async ({ deleteCv, deleteCvAlone }, db) => {
    const [before, signedIn, signedOut] = [await makeCv(db), await makeCv(db), await makeCv(db)]
    await acting.run(person(7), () => deleteCv(before, nothing))
    await acting.run(person(8), () => deleteCvAlone(signedIn))
    await deleteCvAlone(signedOut)
    assert.equal(await entriesOf(db, signedIn), [asNobody])
    assert.equal(await entriesOf(db, signedOut), [asNobody])
  }))

  test('a person of whom id, name or request are not known never stops a delete, and no word stands for what is not known', () => withAttached(1, async ({ deleteCv }, db) => {
    for (const [known, status] of [[{}, 'missing'], [{ name: 'Kim Ek' }, 'asserted'], [{ id: '7', requestId: undefined }, 'asserted']] as const) {
      const cv = await makeCv(db)
      await acting.run({ id: undefined, name: undefined, ...known }, () => deleteCv(cv, nothing))
      assert.equal(await entriesOf(db, cv), [{ ...asNobody, ...('id' in known && { actor_id: known.id }), ...('name' in known && { actor_name: known.name }), actor_status: status, source: 'app' }])
    }
  }))

  test('the company that is said stands in the entry of a row that leads to none', () => withAttached(1, async ({ deleteCv }, db) => {
    const [said, unsaid] = [await makeCv(db), await makeCv(db)]
    await db.superuser.query(`select audit.track('app.cv', 'cv', '{title}')`)
    try {
      await acting.run({ ...person(7), companyId: '4711' }, () => deleteCv(said, nothing))
      await acting.run(person(7), () => deleteCv(unsaid, nothing))
    } finally {
      await db.superuser.query(`select audit.track('app.cv', 'cv', '{title}', company => 'user_id.company_id', owner => 'user_id')`)
    }
    assert.equal([await companyOf(db, said), await companyOf(db, unsaid)], ['4711', 'default'])
  }))

  return { test, withAttached }
}

/** Somebody of whom all is known. */
export type Person = { readonly id: string, readonly name: string, readonly requestId: string }

/** What of an entry says who did it and from where. */
export type Entry = { actor_id: string | null, actor_name: string | null, actor_status: string, source: string, request_id: string | null, db_user: string }

/** A person to act as; the number tells persons apart. */
export function person(number: number): Person {
  return { id: String(number), name: `Åsa O'Brien ${number}`, requestId: `request-${number}` }
}

/** The entry of a delete by that person. */
export function as({ id, name, requestId }: Person, source: 'app' | 'api' = 'app'): Entry {
  return { actor_id: id, actor_name: name, actor_status: 'asserted', source, request_id: requestId, db_user: 'consultant_app' }
}

/** The entry of a delete of which nobody said who does it. */
export const asNobody: Entry = { actor_id: null, actor_name: null, actor_status: 'missing', source: 'sql', request_id: null, db_user: 'consultant_app' }

/** Adds a CV to delete; returns its id. */
export async function makeCv({ superuser }: TestDatabase): Promise<number> {
  const { rows } = await superuser.query<{ id: number }>(`
    insert into app.cv (user_id, title) select id, 'Project Manager' from app."user" where email = 'jessica.kowalski@nordljus.example'
    returning id::integer`)
  const id = rows[0]?.id
  if (id === undefined) throw new Error('The demonstration has no Jessica Kowalski.')
  return id
}

/** The entries about one CV, oldest first. */
export async function entriesOf({ superuser }: TestDatabase, cv: number): Promise<Entry[]> {
  const { rows } = await superuser.query<Entry>(`
    select actor_id, actor_name, actor_status, source, request_id, db_user
      from audit.event where action = 'cv.deleted' and object_id = $1 order by id`, [String(cv)])
  return rows
}

/** The company of the entry about one CV. */
export async function companyOf({ superuser }: TestDatabase, cv: number): Promise<string | undefined> {
  const { rows } = await superuser.query<{ company_id: string }>(`select company_id from audit.event where action = 'cv.deleted' and object_id = $1`, [String(cv)])
  return rows[0]?.company_id
}

async function countCvs({ superuser }: TestDatabase, cv: number): Promise<number | undefined> {
  const { rows } = await superuser.query<{ count: number }>('select count(*)::integer as count from app.cv where id = $1', [cv])
  return rows[0]?.count
}
