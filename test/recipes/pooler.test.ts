import { Kysely, type Generated } from 'kysely'
import pg from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ActingPostgresDialect } from '../../docs/recipes/kysely.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { as, asNobody, entriesOf, makeCv, person, proveRecipe } from './prove-recipe.ts'
import { startTransactionPooler, type TransactionPooler } from './transaction-pooler.ts'

type Database = { 'app.cv': { id: Generated<number> } }

/** Three processes of one application, which take turns, behind the pooler. */
const { test: application } = proveRecipe('an application behind a transaction pooler', async ({ connectionString, max }) => {
  const pooler = await startTransactionPooler(connectionString)
  const processes = Array.from({ length: 3 }, () => new Kysely<Database>({ dialect: new ActingPostgresDialect({ pool: new pg.Pool({ connectionString: pooler.connectionString, max }) }) }))
  let turn = 0
  const next = (): Kysely<Database> => {
    turn += 1
    const db = processes[turn % processes.length]
    if (db === undefined) throw new Error(`There is no process for turn ${turn}.`)
    return db
  }
  return {
    deleteCv: (id, restOfTheRequest) => next().transaction().execute(async (trx) => {
      await trx.deleteFrom('app.cv').where('id', '=', id).execute()
      await restOfTheRequest()
    }),
    deleteCvAlone: (id) => next().deleteFrom('app.cv').where('id', '=', id).execute(),
    close: async () => {
      await Promise.all(processes.map((db) => db.destroy()))
      await pooler.close()
    },
  }
})
application.run()

const test = suite('Clients of a transaction pooler, on one server connection')
let db: TestDatabase
let pooler: TransactionPooler
let alice: pg.Client
let bob: pg.Client

test.before(async () => {
  db = await makeTestDatabase()
  pooler = await startTransactionPooler(db.url('consultant_app'))
  alice = new pg.Client({ connectionString: pooler.connectionString })
  bob = new pg.Client({ connectionString: pooler.connectionString })
  await Promise.all([alice.connect(), bob.connect()])
})
test.after(async () => {
  await Promise.all([alice.end(), bob.end()])
  await pooler.close()
  await db.drop()
})

const deleteAs = async (client: pg.Client, number: number, cv: number): Promise<void> => {
  const { id, name, requestId } = person(number)
  await client.query('begin')
  await client.query(`select audit.act_as($1, $2, 'app', request_id => $3)`, [id, name, requestId])
  await client.query('delete from app.cv where id = $1', [cv])
  await client.query('commit')
}

test('they do share it', async () => {
  const pids = await Promise.all([alice, bob].map(async (client) => (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid))
  assert.is(pids[0], pids[1])
  assert.is(pooler.clientCount(), 2)
})

test('a client is never recorded as the one before', async () => {
  const [first, second, third] = [await makeCv(db), await makeCv(db), await makeCv(db)]
  await deleteAs(alice, 1, first)
  await bob.query('delete from app.cv where id = $1', [second])
  await deleteAs(bob, 2, third)
  assert.equal(await entriesOf(db, first), [as(person(1))])
  assert.equal(await entriesOf(db, second), [asNobody])
  assert.equal(await entriesOf(db, third), [as(person(2))])
})

test('a client that begins while another is in its transaction waits, and keeps its own person', async () => {
  const cvs = await Promise.all(Array.from({ length: 20 }, () => makeCv(db)))
  const half = (client: pg.Client, remainder: number) => async (): Promise<void> => {
    for (const [index, cv] of cvs.entries()) if (index % 2 === remainder) await deleteAs(client, index, cv)
  }
  await Promise.all([half(alice, 0)(), half(bob, 1)()])
  for (const [index, cv] of cvs.entries()) assert.equal(await entriesOf(db, cv), [as(person(index))])
})

test('act_as outside a transaction is gone with its statement', async () => {
  const cv = await makeCv(db)
  await alice.query(`select audit.act_as('1', 'Alice', 'app')`)
  await bob.query('delete from app.cv where id = $1', [cv])
  assert.equal(await entriesOf(db, cv), [asNobody])
})

test('a context that a client leaves behind for the session is believed of nobody', async () => {
  const [own, after] = [await makeCv(db), await makeCv(db)]
  await alice.query('begin')
  await alice.query(`select audit.act_as('1', 'Alice', 'app')`)
  await alice.query(`select set_config('audit.context', current_setting('audit.context'), false)`)
  await alice.query('delete from app.cv where id = $1', [own])
  await alice.query('commit')
  await bob.query('delete from app.cv where id = $1', [after])
  assert.is((await entriesOf(db, own))[0]?.actor_name, 'Alice')
  assert.equal(await entriesOf(db, after), [asNobody])
})

test.run()
