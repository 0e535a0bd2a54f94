import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startAuditServer, type AuditServerProcess } from '../../soak/audit-server.ts'
import { makeSoakDatabase, type SoakDatabase } from '../../soak/database.ts'
import { programsUnderTest } from '../harness/cluster.ts'

const it = suite('A database that is read-only, refusing, paused, full or out of connections')
const list = '{ events(first: 25) { nodes { id sentence } } }'

let database: SoakDatabase
let server: AuditServerProcess
it.before(async () => {
  database = await makeSoakDatabase(programsUnderTest())
  server = await start()
})
it.after(async () => {
  await server.end()
  await database.remove()
})

const start = async (environment: Record<string, string> = {}): Promise<AuditServerProcess> =>
  startAuditServer({ databaseUrl: database.url('audit_server'), dataFolder: database.folder, person: await database.administrator(), environment })

const loseConnections = () => database.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'audit_server'`)

async function refusalOf(response: Response): Promise<{ status: number; code: string; retryAfter: string | null }> {
  const body: { error?: { code: string }; errors?: { extensions: { code: string } }[] } = await response.json()
  return { status: response.status, code: body.error?.code ?? body.errors?.[0]?.extensions.code ?? '', retryAfter: response.headers.get('retry-after') }
}

/** Waits until a list is answered again, and tells how many milliseconds that took. */
async function untilList(of = server): Promise<number> {
  const began = performance.now()
  while ((await of.graphql(list).catch(() => null))?.status !== 200) {
    if (performance.now() - began > 20_000) throw new Error(`no list is answered any more:\n${of.printed()}`)
    await sleep(50)
  }
  return performance.now() - began
}

it('read-only: lists are read, and an export, which must be recorded, is refused [case 73]', async () => {
  await database.query('alter database consultant set default_transaction_read_only = on')
  await loseConnections()
  try {
    assert.is((await server.graphql(list)).status, 200)
    assert.is((await server.fetch('/readyz')).status, 200)
    assert.equal(await refusalOf(await server.fetch('/export/events.csv')), { status: 503, code: 'NOT_RECORDED', retryAfter: '60' })
    const reported = await server.fetch('/exports', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"kind":"customers","rowCount":1}' })
    assert.equal(await refusalOf(reported), { status: 503, code: 'DATABASE_READ_ONLY', retryAfter: '30' })
  } finally {
    await database.query('begin read write; alter database consultant reset default_transaction_read_only; commit')
    await loseConnections()
  }
  const exported = await server.fetch('/export/events.csv')
  assert.is(exported.status, 200)
  assert.match(await exported.text(), /end of export/)
})

it('out of connections: 503 with Retry-After, and again lists as soon as there are some', async () => {
  await database.query('alter role audit_server connection limit 0')
  await loseConnections()
  await sleep(100)
  try {
    assert.equal(await refusalOf(await server.graphql(list)), { status: 503, code: 'DATABASE_UNAVAILABLE', retryAfter: '5' })
    assert.is((await server.fetch('/readyz')).status, 503)
    assert.is((await server.fetch('/livez')).status, 200)
  } finally {
    await database.query('alter role audit_server connection limit -1')
  }
  assert.ok(await untilList() < 2_000)
})

const password = (): string => decodeURIComponent(new URL(database.url('audit_server')).password)
for (const [what, take, give] of [
  ['refusing: its password is another one', `alter role audit_server password 'another one'`, () => `alter role audit_server password '${password()}'`],
  ['refusing: its login may not connect', 'alter role audit_server nologin', () => 'alter role audit_server login'],
] as const) {
  it(`${what}: 503 with Retry-After, /readyz red, /livez green, and lists as soon as it lets in again`, async () => {
    await database.query(take)
    await loseConnections()
    await sleep(100)
    try {
      assert.equal(await refusalOf(await server.graphql(list)), { status: 503, code: 'DATABASE_UNAVAILABLE', retryAfter: '5' })
      assert.is((await server.fetch('/readyz')).status, 503)
      assert.is((await server.fetch('/livez')).status, 200)
      assert.not.match(server.printed(), new RegExp(password()))
    } finally {
      await database.query(give())
    }
    assert.ok(await untilList() < 2_000)
  })
}

it('slow, with every connection in use that one company may have: whoever waits is told after a moment, and /livez answers at once [case 179]', async () => {
  const small = await start({ POOL_SIZE: '3', CONNECT_TIMEOUT_SECONDS: '1', STATEMENT_TIMEOUT_SECONDS: '3' })
  const lock = database.query('begin; lock table audit.event in access exclusive mode; select pg_sleep(4); commit')
  await sleep(200)
  try {
    const hanging = [small.graphql(list), small.graphql(list)].map((answer) => answer.then(refusalOf))
    await sleep(100)
    const began = performance.now()
    assert.equal(await refusalOf(await small.graphql(list)), { status: 503, code: 'DATABASE_UNAVAILABLE', retryAfter: '5' })
    assert.ok(performance.now() - began < 2_500)
    assert.is((await small.fetch('/livez')).status, 200)
    for (const answer of await Promise.all(hanging)) assert.equal(answer, { status: 503, code: 'TOO_SLOW', retryAfter: '5' })
    await lock
    assert.ok(await untilList(small) < 2_000)
  } finally {
    await small.end()
  }
})

it('paused: nobody waits for more than ten seconds, and it goes on when the database does', async () => {
  const impatient = await start({ STATEMENT_TIMEOUT_SECONDS: '3', CONNECT_TIMEOUT_SECONDS: '2' })
  await Promise.all(Array.from({ length: 4 }, () => impatient.graphql(list)))
  database.signal('SIGSTOP')
  try {
    const began = performance.now()
    const answers = await Promise.all([impatient.graphql(list), impatient.fetch('/readyz'), impatient.fetch('/views'), impatient.graphql(list)].map(async (answer) => refusalOf(await answer)))
    const took = performance.now() - began
    for (const answer of answers) assert.equal({ status: answer.status, code: answer.code }, { status: 503, code: 'DATABASE_UNAVAILABLE' })
    assert.ok(answers.every(({ retryAfter }) => retryAfter !== null))
    // Three seconds of the statement and one and a half on top; with the defaults that is under ten.
    assert.ok(took < 6_000, String(took))
    assert.is((await impatient.fetch('/livez')).status, 200)
  } finally {
    database.signal('SIGCONT')
  }
  assert.ok(await untilList(impatient) < 2_000)
  assert.equal((await impatient.end()).code, 0)
})

/** A file system of 24 MB, for which one must be root; null where it cannot be had. */
function smallDisk(): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'audit-log-full-'))
  chmodSync(folder, 0o755)
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m,mode=755', 'tmpfs', folder])
  if (status === 0) return folder
  rmSync(folder, { recursive: true })
  return null
}

const disk = smallDisk()
const whereMounted = disk === null ? it.skip : it
whereMounted('full: a deletion fails as a whole, lists go on, and once there is room nothing needs repair [case 109]', async () => {
  const { uid, gid } = statSync(join(database.folder, 'postgres'))
  const space = join(disk ?? '', 'space')
  mkdirSync(space, { mode: 0o700 })
  chownSync(space, uid, gid)
  try {
    await database.query(`create tablespace small location '${space}'`)
    await database.query('alter table audit.event set tablespace small')
    await database.query(`insert into app.cv (user_id, title) select (select min(id) from app."user"), 'CV ' || n || repeat('x', 400) from generate_series(1, 60000) n`)
    const count = async () => (await database.query<{ cvs: number; events: number }>('select (select count(*)::int from app.cv) as cvs, (select count(*)::int from audit.event) as events'))[0]
    const before = await count()
    await database.query(`delete from app.cv where title like 'CV %'`).then(() => assert.unreachable(), (error) => assert.is(error.code, '53100'))
    assert.equal(await count(), before)
    assert.is((await server.graphql(list)).status, 200)
    const { status } = spawnSync('mount', ['-o', 'remount,size=400m', disk ?? ''])
    assert.is(status, 0)
    await database.query(`delete from app.cv where title like 'CV %'`)
    assert.equal(await count(), { cvs: (before?.cvs ?? 0) - 60_000, events: (before?.events ?? 0) + 60_000 })
    assert.is((await server.graphql(list)).status, 200)
    await database.query('alter table audit.event set tablespace pg_default')
  } finally {
    await database.query('drop tablespace if exists small').catch(() => undefined)
    spawnSync('umount', ['-l', disk ?? ''])
    rmSync(disk ?? '', { recursive: true, force: true })
  }
})

it.run()
