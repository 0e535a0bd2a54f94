import pg, { type PoolClient } from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { inTransaction } from '../../server/transaction.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

const it = suite('A transaction of the audit server')

/** A pool whose first clients are as they are after a restart of the database that nobody has noticed yet. */
class PoolWithDead extends pg.Pool {
  dead: number
  released: boolean[] = []

  constructor(connectionString: string, dead: number) {
    super({ connectionString, max: 3 })
    this.dead = dead
  }

  override async connect(): Promise<PoolClient>
  override async connect(): Promise<PoolClient> {
    const client = await super.connect()
    if (this.dead === 0) return client
    this.dead -= 1
    await client.query('set application_name = $$dead$$')
    return new Proxy(client, {
      get: (target, key) => {
        if (key === 'query') return () => Promise.reject(new Error('Connection terminated unexpectedly'))
        if (key === 'release') return (isBroken: boolean) => { this.released.push(isBroken); target.release(isBroken) }
        return Reflect.get(target, key)
      },
    })
  }
}

let database: TestDatabase
it.before(async () => { database = await makeTestDatabase() })
it.after(() => database.drop())

it('takes another connection where one turns out to be dead, and closes the dead one', async () => {
  const pool = new PoolWithDead(database.url('audit_server'), 2)
  try {
    const { rows } = await inTransaction(pool, { role: 'audit_admin' }, (client) => client.query('select current_user::text as role'))
    assert.equal(rows, [{ role: 'audit_admin' }])
    assert.equal(pool.released, [true, true])
  } finally {
    await pool.end()
  }
})

it('does not go on for ever when all are dead', async () => {
  const pool = new PoolWithDead(database.url('audit_server'), 100)
  try {
    await inTransaction(pool, {}, async () => 'done').then(() => assert.unreachable(), (error: Error) => assert.match(error.message, /^Connection terminated/))
    assert.is(pool.released.length, 4)
  } finally {
    await pool.end()
  }
})

it('is not begun a second time once something was done in it', async () => {
  const pool = new pg.Pool({ connectionString: database.url('postgres'), max: 2 })
  pool.on('error', () => undefined)
  let times = 0
  try {
    await inTransaction(pool, {}, async (client) => {
      times += 1
      client.on('error', () => undefined)
      await client.query('select pg_terminate_backend(pg_backend_pid())')
    }).then(() => assert.unreachable(), () => undefined)
    assert.is(times, 1)
  } finally {
    await pool.end()
  }
})

it('leaves no setting behind on its connection [case 149]', async () => {
  const pool = new pg.Pool({ connectionString: database.url('audit_server'), max: 1 })
  try {
    await inTransaction(pool, { role: 'audit_admin', 'audit.company_id': '1' }, () => Promise.reject(new Error('a bug'))).catch(() => undefined)
    const { rows } = await pool.query(`select current_user::text as role, current_setting('audit.company_id', true) as company`)
    assert.equal(rows, [{ role: 'audit_server', company: '' }])
  } finally {
    await pool.end()
  }
})

it.run()
