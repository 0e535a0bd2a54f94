import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startKeeper } from '../../server/keeper.ts'
import { makeLogger } from '../../server/logger.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

const it = suite<{ db: TestDatabase }>('The keeper in the server', Object.create(null))

it.before(async (context) => { context.db = await makeTestDatabase() })
it.after(({ db }) => db.drop())

async function waiting(db: TestDatabase): Promise<number> {
  return (await db.superuser.query('select event_count::int as n from audit_private.keeper_lag()')).rows[0].n
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) {
    if (await condition()) return
    await sleep(100)
  }
  throw new Error('It did not happen within 20 seconds.')
}

it('keeps what is there and what comes, with the login of the server, and is there again after the database was lost', async ({ db }) => {
  const lines: string[] = []
  const keeper = startKeeper({ connectionString: db.url('audit_server'), logger: makeLogger('warn', { write: (line) => void lines.push(line) }), batchSize: 5, interval: 50, longestWait: 200 })
  try {
    assert.ok(await waiting(db) > 0)
    await until(async () => await waiting(db) === 0)
    await db.superuser.query(`delete from app.cv where id = (select min(id) from app.cv)`)
    await until(async () => await waiting(db) === 0)
    await db.superuser.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'audit keeper' and datname = current_database()`)
    await db.superuser.query(`delete from app.cv where id = (select min(id) from app.cv)`)
    await until(async () => await waiting(db) === 0)
    assert.match(lines.join(''), /the keeper lost the database/)
  } finally {
    await keeper.close()
  }
  const { rows } = await db.superuser.query(`select from pg_stat_activity where application_name = 'audit keeper' and datname = current_database()`)
  assert.is(rows.length, 0)
})

it('says once what is missing if its login may not keep', async ({ db }) => {
  const lines: string[] = []
  const keeper = startKeeper({ connectionString: db.url('audit_reader'), logger: makeLogger('warn', { write: (line) => void lines.push(line) }), interval: 20, longestWait: 40 })
  await sleep(600)
  await keeper.close()
  assert.is(lines.length, 1)
  assert.match(lines[0] ?? '', /a DBA runs: grant audit_keeper to/)
})

it.run()
