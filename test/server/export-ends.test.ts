import { get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { formats } from '../../server/export/receipt.ts'
import { insertEntries, until } from './exporting.ts'
import { keepEverything } from '../reading/scans.ts'
import { startServer, tokenFor, type Person, type RunningServer } from './running-server.ts'
import { serverSuite, type ServerContext } from './server-suite.ts'

const it = serverSuite('An export that is broken off')

it.before(async ({ database }) => {
  await insertEntries(database, [])
  await database.superuser.query(`
    insert into audit.event (occurred_at, company_id, actor_status, action, object_kind, object_id, object_label, source, db_user)
    select timestamptz '2026-01-01 00:00:00Z' + n * interval '5 minutes', '1', 'missing', 'contact.deleted', 'contact', 'big', md5(n::text) || repeat(md5((n * 7)::text), 12), 'sql', 'x' from generate_series(1, 40000) n`)
  await keepEverything(database.superuser)
  await database.superuser.query('analyze audit.event')
})

/** The same entries, looked up page by page, and read some days at a time. */
const asked = ['objectId=big', 'objectKind=contact']
/** Within the first part; and, where a second connection reads ahead, behind it. */
const placesOf = (format: string) => [1, 1_000, 10_000, 30_000, 60_000, 100_000, 200_000, 300_000, ...format === 'xlsx' ? [] : [2_500_000, 6_000_000]]

const exporting = `datname = current_database() and usename = 'audit_server' and query ilike 'copy%' and pid <> pg_backend_pid()`
const lastEnd = `select details ->> 'outcome' as outcome from audit.event where action = 'audit.export_ended' order by id desc limit 1`

/** Reads an export until so many bytes are there, does something, and reads on until it is over. */
async function broken({ url }: RunningServer, person: Person, path: string, at: number, breakIt: (leave: () => void) => Promise<unknown> | void): Promise<Buffer> {
  const authorization = `Bearer ${await tokenFor(person)}`
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    let isBroken = false
    get(`${url}${path}`, { headers: { authorization } }, (response) => {
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        length += chunk.length
        if (isBroken || length < at) return
        isBroken = true
        void Promise.resolve(breakIt(() => response.destroy())).catch(reject)
      })
      for (const event of ['end', 'error', 'close']) response.once(event, () => resolve(Buffer.concat(chunks)))
    }).once('error', reject)
  })
}

/** A place for one export only: the next one gets it, or the one before has not let go of it. */
async function nextOneRuns(running: RunningServer, person: Person): Promise<void> {
  const next = await running.fetch(person, '/export/events.csv?objectId=none')
  assert.is(next.status, 200)
  assert.match(await next.text(), /# end of export: rows=0 /)
}

const killBackend = ({ database }: ServerContext) => database.superuser.query(`select pg_terminate_backend(pid) from pg_stat_activity where ${exporting}`)

for (const format of formats) {
  it(`ends when the reader leaves at any byte, and lets the next one in: ${format} [case 180]`, async ({ database, fredrik }) => {
    const running = await startServer(database, { exportPoolSize: 1, exportWait: 5_000 })
    for (const [index, at] of placesOf(format).entries()) {
      await broken(running, fredrik, `/export/events.${format}?${asked[index % 2]}`, at, (leave) => leave())
      await nextOneRuns(running, fredrik)
    }
    await running.close()
  })

  it(`ends when its database connection is killed at any byte: ${format}`, async (context) => {
    const { database, fredrik } = context
    const running = await startServer(database, { exportPoolSize: 1, exportWait: 5_000 })
    for (const [index, at] of placesOf(format).entries()) {
      await broken(running, fredrik, `/export/events.${format}?${asked[index % 2]}`, at, () => killBackend(context))
      await nextOneRuns(running, fredrik)
    }
    await running.close()
  })
}

/** The function with which the end is recorded, slowed down. */
async function whileEndsAreSlow({ database }: ServerContext, work: () => Promise<void>): Promise<void> {
  const { rows: [{ code }] } = await database.superuser.query(`select pg_get_functiondef('audit.record_log_export_end(bigint, bigint, text, text, text)'::regprocedure) as code`)
  await database.superuser.query(code.replace(/\nbegin\n/, '\nbegin\n  perform pg_sleep(0.5);\n'))
  try {
    await work()
  } finally {
    await database.superuser.query(code)
  }
}

it('ends when the reader leaves while its end is being recorded, and the log says that it was not taken', async (context) => {
  const { database, fredrik } = context
  const running = await startServer(database, { exportPoolSize: 1, exportWait: 5_000 })
  await whileEndsAreSlow(context, async () => {
    for (const format of formats) {
      // Nothing of a workbook so small goes out before its end is known.
      await broken(running, fredrik, `/export/events.${format}?objectId=big&q=abcd`, format === 'xlsx' ? 1 : 600, (leave) => leave())
      await nextOneRuns(running, fredrik)
    }
  })
  await running.close()
  await until(async () => (await database.superuser.query(`select from audit.export where filter ->> 'query' = 'abcd' and outcome = 'cancelled'`)).rows.length === 3, 'the ends are recorded')
})

/** Stops the processes of the database that serve a server, as a machine does that hangs. */
async function whileHanging({ database }: ServerContext, which: string, work: () => Promise<void>): Promise<void> {
  const { rows } = await database.superuser.query<{ pid: number }>(`select pid from pg_stat_activity where ${which}`)
  assert.ok(rows.length > 0, which)
  for (const { pid } of rows) process.kill(pid, 'SIGSTOP')
  try {
    await work()
  } finally {
    for (const { pid } of rows) process.kill(pid, 'SIGCONT')
  }
}

for (const format of formats) {
  it(`ends within seconds when the reader leaves a database that does not answer any more: ${format}`, async (context) => {
    const { database, fredrik } = context
    const running = await startServer(database, { exportPoolSize: 1, exportWait: 9_000 })
    await broken(running, fredrik, `/export/events.${format}?objectId=big`, 30_000, (leave) => whileHanging(context, exporting, async () => {
      leave()
      await nextOneRuns(running, fredrik)
    }))
    await running.close()
  })
}

it('ends when its time is over, also if the database stopped in the middle of it', async (context) => {
  const { database, fredrik } = context
  const running = await startServer(database, { exportPoolSize: 1, exportTimeout: 500, exportStall: 500, exportWait: 9_000 })
  const bytes = await broken(running, fredrik, '/export/events.csv?objectId=big', 30_000, () => whileHanging(context, exporting, () => nextOneRuns(running, fredrik)))
  assert.not.match(bytes.toString(), /end of export/)
  assert.is((await database.superuser.query(lastEnd)).rows[0]?.outcome, 'failed')
  await running.close()
})

it('has its end in the log when the server ends in the middle of it', async ({ database, fredrik }) => {
  for (const format of formats) {
    const { rows: [{ id }] } = await database.superuser.query('select max(id) as id from audit.event')
    const running = await startServer(database)
    await broken(running, fredrik, `/export/events.${format}?objectId=big`, 30_000, async () => running.close())
    await until(async () => (await database.superuser.query('select from audit.export where id > $1 and outcome is not null', [id])).rows.length === 1, `${format} has an end`)
  }
})

it('waits no longer than its limits for its turn, its reader or its database', async (context) => {
  const { database, fredrik } = context
  const running = await startServer(database, { exportPoolSize: 1, exportWait: 20_000 })
  // One that is in the queue and whose reader leaves is never begun.
  const { rows: [{ id }] } = await database.superuser.query('select max(id) as id from audit.event')
  let taken: Promise<unknown> = Promise.resolve()
  await broken(running, fredrik, '/export/events.csv?objectId=big', 10_000, async (leave) => {
    const leaving = new AbortController()
    const authorization = `Bearer ${await tokenFor(fredrik)}`
    taken = fetch(`${running.url}/export/events.csv?objectId=left`, { headers: { authorization }, signal: leaving.signal }).catch(() => null)
    await sleep(100)
    leaving.abort()
    await taken
    leave()
  })
  await nextOneRuns(running, fredrik)
  assert.equal((await database.superuser.query(`select from audit.export where id > $1 and filter ->> 'objectId' = 'left'`, [id])).rows, [])
  await running.close()
})

it.run()
