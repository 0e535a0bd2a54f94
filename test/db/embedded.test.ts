import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { binariesPackage } from '../../db/embedded/binaries.ts'
import { commandOf, markOf } from '../../db/embedded/process.ts'
import { EmbeddedError, startEmbedded } from '../../db/embedded.ts'

const it = suite('The embedded PostgreSQL')
const started = new URL('../../db/embedded.ts', import.meta.url).href
let base = ''
let folder = ''

it.before(() => {
  base = mkdtempSync(join(tmpdir(), 'audit-log-embedded-'))
  chmodSync(base, 0o755)
  folder = join(base, 'data')
})
it.after(() => rmSync(base, { recursive: true, force: true }))

it('keeps its data, its port and its passwords from one start to the next', async () => {
  const first = await startEmbedded({ folder })
  await query(first.url('postgres', 'postgres'), 'create table kept as select 42 as answer')
  await first.stop()
  const second = await startEmbedded({ folder })
  try {
    assert.is(second.port, first.port)
    assert.equal(await query(second.url('postgres', 'postgres'), 'select answer from kept'), [{ answer: 42 }])
  } finally {
    await second.stop()
  }
})

it('lets nobody else read its secrets, and nobody in without a password', async () => {
  assert.is(statSync(join(folder, 'secrets.json')).mode & 0o777, 0o600)
  const server = await startEmbedded({ folder })
  try {
    const error = await query(`postgres://postgres:wrong@127.0.0.1:${server.port}/postgres`, 'select 1').catch((reason: unknown) => reason)
    assert.instance(error, pg.DatabaseError)
    assert.is(Reflect.get(Object(error), 'code'), '28P01')
    const [row] = await query(server.url('postgres', 'postgres'), `select current_setting('listen_addresses') as listens, current_setting('fsync') as fsync`)
    assert.equal(row, { listens: '127.0.0.1', fsync: 'on' })
  } finally {
    await server.stop()
  }
})

it('refuses a data folder that another living process uses, unless it is asked to join', async () => {
  const server = await startEmbedded({ folder })
  try {
    const error = await startEmbedded({ folder }).catch((reason: unknown) => reason)
    assert.instance(error, EmbeddedError)
    assert.match(String(error), `Process ${process.pid} already runs`)
    const joined = await startEmbedded({ folder, join: true })
    assert.is(joined.isOurs, false)
    await joined.stop()
    assert.equal(await query(server.url('postgres', 'postgres'), 'select 1 as one'), [{ one: 1 }])
  } finally {
    await server.stop()
  }
})

it('refuses a data folder of another major version and changes nothing in it', async () => {
  const other = join(base, 'other')
  cpSync(folder, other, { recursive: true })
  writeFileSync(join(other, 'postgres/PG_VERSION'), '15\n')
  const error = await startEmbedded({ folder: other }).catch((reason: unknown) => reason)
  assert.instance(error, EmbeddedError)
  assert.match(String(error), 'was made by PostgreSQL 15; this is PostgreSQL 18')
  assert.is(readFileSync(join(other, 'postgres/PG_VERSION'), 'utf8'), '15\n')
})

it('takes the programs of another package, and knows their version', async () => {
  const programs = join(base, 'programs')
  mkdirSync(programs)
  writeFileSync(join(programs, 'package.json'), '{ "version": "15.18.0-beta.17" }')
  symlinkSync(join(fileURLToPath(import.meta.resolve(binariesPackage)), '../../native'), join(programs, 'native'))
  const error = await startEmbedded({ folder, programs }).catch((reason: unknown) => reason)
  assert.instance(error, EmbeddedError)
  assert.match(String(error), 'was made by PostgreSQL 18; this is PostgreSQL 15')
})

for (const signal of ['SIGKILL', 'SIGTERM', 'SIGINT'] as const) {
  it(`stops when the process that started it ends by ${signal}`, async () => {
    const { child, postmaster } = await startInChild()
    child.kill(signal)
    await ended(postmaster)
    assert.not.ok(isAlive(postmaster), `postgres ${postmaster} still runs`)
  })
}

it('stops a server that was left behind by a killed process and a killed watchdog, and starts a new one', async () => {
  const { child, postmaster } = await startInChild()
  process.kill(watchdogOf(postmaster), 'SIGKILL')
  child.kill('SIGKILL')
  await once(child, 'exit')
  await sleep(200)
  assert.ok(isAlive(postmaster), 'nobody is left to stop it')
  const server = await startEmbedded({ folder })
  await server.stop()
  assert.not.ok(isAlive(postmaster))
})

it('is given the time to write what is in its memory, also when the process that runs it is killed: nothing is to be replayed at the next start', async () => {
  const { child, postmaster } = await startInChild()
  // As on a slow disk after much work: what writes at the end is held up for longer than the server itself may take to end.
  const checkpointer = childrenOf(postmaster).find((pid) => commandOf(pid).includes('checkpointer')) ?? 0
  assert.ok(checkpointer > 0)
  process.kill(checkpointer, 'SIGSTOP')
  child.kill('SIGKILL')
  await once(child, 'exit')
  await sleep(12_000)
  assert.ok(isAlive(postmaster), 'it was not waited for')
  process.kill(checkpointer, 'SIGCONT')
  await ended(postmaster)
  assert.not.ok(isAlive(postmaster))
  const log = join(folder, 'postgres.log')
  const before = readFileSync(log, 'utf8').length
  const server = await startEmbedded({ folder })
  await server.stop()
  assert.not.match(readFileSync(log, 'utf8').slice(before), /not properly shut down|automatic recovery/)
})

it('removes a temporary folder, also when it is killed', async () => {
  const temporary = join(base, 'temporary')
  const { child, postmaster } = await startInChild(`{ folder: ${JSON.stringify(temporary)}, temporary: true }`, temporary)
  child.kill('SIGKILL')
  await ended(postmaster)
  for (let tries = 0; existsSync(temporary) && tries < 50; tries += 1) await sleep(100)
  assert.not.ok(existsSync(temporary))
})

it('orders and folds letters the same on every machine', async () => {
  const server = await startEmbedded({ folder })
  try {
    const [row] = await query(server.url('postgres', 'postgres'), `select lower('ÅÄÖ') as lower, 'Åsa' ilike 'åSA' as found, datlocprovider as provider, datlocale as locale from pg_database where datname = 'postgres'`)
    assert.equal(row, { lower: 'åäö', found: true, provider: 'b', locale: 'C.UTF-8' })
  } finally {
    await server.stop()
  }
})

if (process.getuid?.() === 0) {
  it('as root keeps the database elsewhere, and says so, when a folder above the data folder is closed', async () => {
    const closed = mkdtempSync(join(tmpdir(), 'audit-log-closed-'))
    const notices: string[] = []
    const server = await startEmbedded({ folder: join(closed, 'data'), temporary: true, notice: (line) => notices.push(line) })
    try {
      assert.match(notices.join(), /may not enter .*; the database is kept in .*audit-log-data-/)
      assert.equal(await query(server.url('postgres', 'postgres'), 'select 1 as one'), [{ one: 1 }])
    } finally {
      await server.stop()
      rmSync(closed, { recursive: true })
    }
  })
}

it.run()

async function startInChild(options = `{ folder: ${JSON.stringify(folder)} }`, path = folder) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', `import { startEmbedded } from ${JSON.stringify(started)}; await startEmbedded(${options}); console.log('ready'); setInterval(() => {}, 1000)`], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return { child, postmaster: Number(readFileSync(join(path, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]) }
}

/** The newest process whose command line names the server: only its watchdog does. */
function watchdogOf(postmaster: number): number {
  for (let pid = postmaster + 200; pid > postmaster; pid -= 1) if (commandOf(pid).includes(`watchdog ${postmaster} `)) return pid
  throw new Error(`Server ${postmaster} has no watchdog.`)
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter((child) => child !== '').map(Number)
}

async function ended(pid: number): Promise<void> {
  for (let tries = 0; isAlive(pid) && tries < 100; tries += 1) await sleep(100)
}

function isAlive(pid: number): boolean {
  return markOf(pid) !== null
}

async function query(connectionString: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString })
  try {
    await client.connect()
    return (await client.query<pg.QueryResultRow>(text)).rows
  } finally {
    await client.end().catch(() => undefined)
  }
}
