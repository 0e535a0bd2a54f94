import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startAuditServer, type AuditServerProcess } from '../../soak/audit-server.ts'
import { makeSoakDatabase, type SoakDatabase } from '../../soak/database.ts'
import { programsUnderTest } from '../harness/cluster.ts'

const it = suite('The end of the audit server')
const bug = fileURLToPath(new URL('throw-on-signal.ts', import.meta.url))
const list = '{ events(first: 25) { nodes { id sentence } } }'

let database: SoakDatabase
it.before(async () => { database = await makeSoakDatabase(programsUnderTest()) })
it.after(() => database.remove())

const start = async (environment: Record<string, string> = {}): Promise<AuditServerProcess> =>
  startAuditServer({ databaseUrl: database.url('audit_server'), dataFolder: database.folder, person: await database.administrator(), imports: [bug], environment })

const isRefused = (url: string): Promise<boolean> => new Promise((resolve) => {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname).once('connect', () => { socket.destroy(); resolve(false) }).once('error', () => resolve(true))
})

it('under load takes no more, finishes what runs, closes its connections and exits with 0', async () => {
  const server = await start()
  const answers: Promise<number>[] = []
  let isOver = false
  const load = Promise.all(Array.from({ length: 8 }, async () => {
    while (!isOver) {
      const answer = server.graphql(list).then(async (response) => { await response.json(); return response.status })
      answers.push(answer.catch(() => 0))
      await answer.catch(() => { isOver = true })
    }
  }))
  for (const late = Date.now() + 20_000; answers.length < 40 && Date.now() < late;) await sleep(50)
  const end = server.end()
  await sleep(100)
  assert.ok(await isRefused(server.url))
  const { code, milliseconds } = await end
  isOver = true
  await load
  assert.is(code, 0, server.printed())
  assert.ok(milliseconds < 10_000, String(milliseconds))
  const statuses = await Promise.all(answers)
  // Those that came after the signal were refused by the system; of those that had begun none was broken off.
  assert.ok(statuses.filter((status) => status === 200).length > 20, JSON.stringify(statuses))
  assert.ok(statuses.filter((status) => status === 0).length <= 8, JSON.stringify(statuses.slice(-12)))
  const left = await database.query(`select from pg_stat_activity where application_name like 'audit server%'`)
  assert.is(left.length, 0)
})

it('comes within ten seconds also while a query hangs, and leaves none behind', async () => {
  const server = await start({ STATEMENT_TIMEOUT_SECONDS: '60' })
  const lock = database.query('begin; lock table audit.event in access exclusive mode; select pg_sleep(14); commit').catch(() => undefined)
  await sleep(300)
  const hanging = server.graphql(list).then(() => 'an answer', () => 'broken off')
  await sleep(200)
  const { code, milliseconds } = await server.end()
  assert.is(code, 0, server.printed())
  assert.ok(milliseconds < 10_000, String(milliseconds))
  assert.is(await hanging, 'broken off')
  await database.query(`select pg_cancel_backend(pid) from pg_stat_activity where query like '%pg_sleep(14)%' and pid <> pg_backend_pid()`)
  await lock
})

it('does not wait for readers of exports who take nothing: the log has their end, and by whom, in time; whoever takes the file gets it whole', async () => {
  await database.query(`
    alter table audit.event disable trigger user;
    insert into audit.event (company_id, actor_status, action, object_kind, object_id, snapshot, source, db_user)
    select company_id, 'missing', 'contact.deleted', 'contact', 'big', jsonb_build_object('text', repeat(md5(n::text), 30)), 'sql', 'x' from generate_series(1, 20000) n, (select company_id::text from app.company_administrator order by company_id limit 1) c;
    alter table audit.event enable trigger user`)
  const server = await start({ EXPORT_POOL_SIZE: '3', EXPORT_STALL_SECONDS: '60' })
  const stalled = await Promise.all(['jsonl', 'csv'].map((format) => server.fetch(`/export/events.${format}?objectId=big`, { patience: 60_000 })))
  assert.equal(stalled.map(({ status }) => status), [200, 200])
  // The third place is not for the same company: this one waits for its turn.
  const waiting = server.fetch('/export/events.csv?objectId=none', { patience: 60_000 }).then(async (response) => { await response.text(); return response.status }, () => 0)
  await sleep(500)
  const { code, milliseconds } = await server.end()
  assert.is(code, 0, server.printed())
  assert.ok(milliseconds < 6_000, String(milliseconds))
  assert.is(await waiting, 503)
  const ends = await database.query<{ outcome: string }>(`select details ->> 'outcome' as outcome from audit.event where action = 'audit.export_ended'`)
  assert.equal(ends.map(({ outcome }) => outcome), ['failed', 'failed'])
  await Promise.all(stalled.map(({ body }) => body?.cancel().catch(() => undefined)))

  const other = await start()
  const taken = other.fetch('/export/events.csv?objectId=big', { patience: 60_000 }).then((response) => response.text())
  await sleep(150)
  await other.end()
  assert.match((await taken).slice(-2_000), /# end of export: rows=20000 /)
})

for (const [signal, event, message] of [['SIGUSR2', 'uncaughtException', 'a bug of the tests'], ['SIGPWR', 'unhandledRejection', 'a forgotten promise of the tests']] as const) {
  it(`after an ${event} is controlled: it is logged with an id, what runs is finished, the exit code is 1 [case 185]`, async () => {
    const server = await start()
    const lock = database.query('begin; lock table audit.event in access exclusive mode; select pg_sleep(0.8); commit')
    await sleep(200)
    const slow = server.graphql(list).then(({ status }) => status, () => 0)
    await sleep(200)
    process.kill(server.pid, signal)
    const code = await Promise.race([server.ended, sleep(10_000, 'it still runs')])
    assert.is(code, 1)
    assert.is(await slow, 200)
    await lock
    const line = server.printed().split('\n').find((one) => one.includes(message)) ?? ''
    const { id, level, msg } = JSON.parse(line)
    assert.match(id, /^[0-9a-f-]{36}$/)
    assert.is(level, 60)
    assert.is(msg, `${event}: the server ends`)
  })
}

it.run()
