import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { migrate } from '../../db/migrate.ts'
import { startAuditServer, type AuditServerProcess } from '../../soak/audit-server.ts'
import { makeSoakDatabase, type SoakDatabase } from '../../soak/database.ts'
import { programsUnderTest } from '../harness/cluster.ts'

const it = suite('The order in which the audit server and its database start')

let database: SoakDatabase
let empty: SoakDatabase
const started: AuditServerProcess[] = []

it.before(async () => {
  [database, empty] = await Promise.all([makeSoakDatabase(programsUnderTest()), makeSoakDatabase({ content: 'empty', ...programsUnderTest() })])
})
it.after(async () => {
  await Promise.all(started.map((server) => server.end('SIGKILL')))
  await Promise.all([database.remove(), empty.remove()])
})

async function start(of: SoakDatabase, login = 'audit_server', environment: Record<string, string> = {}): Promise<AuditServerProcess> {
  const server = await startAuditServer({ databaseUrl: of.url(login), dataFolder: of.folder, environment })
  started.push(server)
  return server
}

/** Milliseconds until /readyz is green. */
async function untilReady(server: AuditServerProcess): Promise<number> {
  const began = performance.now()
  while ((await server.fetch('/readyz')).status !== 200) {
    if (performance.now() - began > 20_000) throw new Error(`/readyz stays red: ${await (await server.fetch('/readyz')).text()}\n${server.printed()}`)
    await sleep(50)
  }
  return performance.now() - began
}

async function codeOf(response: Response): Promise<string> {
  const body: { error: { code: string } } = await response.json()
  return body.error.code
}

it('does not matter: the database first', async () => {
  const server = await start(database)
  assert.is((await server.fetch('/readyz')).status, 200)
  assert.equal((await server.end()).code, 0)
})

it('does not matter: the server first, which is alive, refuses with 503, and answers within five seconds of the database', async () => {
  await database.stop()
  const server = await start(database)
  assert.match(server.printed(), /The database cannot be reached: .*It is used as soon as it answers/)
  assert.is((await server.fetch('/livez')).status, 200)
  for (const response of [await server.fetch('/readyz'), await server.graphql('{ viewer { access } }'), await server.fetch('/export/events.csv')]) {
    assert.is(response.status, 503, response.url)
    assert.ok(response.headers.get('retry-after'), response.url)
    assert.is(await codeOf(response), 'DATABASE_UNAVAILABLE', response.url)
  }
  await database.start()
  assert.ok(await untilReady(server) < 5_000)
  assert.is((await server.graphql('{ viewer { access } }')).status, 200)
  assert.equal((await server.end()).code, 0)
})

it('does not matter either when the database comes and goes ten times before it stays', async () => {
  await database.stop()
  const server = await start(database)
  for (let times = 0; times < 10; times += 1) {
    await database.start()
    await sleep(times * 60)
    await database.stop()
  }
  assert.is((await server.fetch('/livez')).status, 200)
  await database.start()
  assert.ok(await untilReady(server) < 5_000)
  assert.equal((await server.end()).code, 0)
})

it('does not matter for a login or a database that is made later: /readyz says why, and no restart is needed', async () => {
  const wrong = new URL(database.url('audit_server'))
  wrong.pathname = '/consultant_of_tomorrow'
  const server = await startAuditServer({ databaseUrl: wrong.href, dataFolder: database.folder })
  started.push(server)
  assert.match(server.printed(), /The database cannot be reached: database "consultant_of_tomorrow" does not exist/)
  assert.is((await server.fetch('/livez')).status, 200)
  assert.is(await codeOf(await server.fetch('/readyz')), 'DATABASE_UNAVAILABLE')
  assert.not.match(server.printed(), new RegExp(wrong.password))
  await database.query('create database consultant_of_tomorrow')
  const there = new URL(database.url('postgres'))
  there.pathname = wrong.pathname
  await migrate({ connectionString: there.href, includeCurrent: true })
  assert.ok(await untilReady(server) < 5_000)
  assert.equal((await server.end()).code, 0)
  await database.query('drop database consultant_of_tomorrow with (force)')
})

it('is refused with one clear line where DATABASE_URL cannot be read, or lacks the password that is wanted', async () => {
  const secret = new URL(database.url('audit_server')).password
  for (const [change, says] of [
    [(url: URL) => { url.search = '?sslrootcert=/no/such/authority.pem' }, /It ended with 1 .*\nDATABASE_URL cannot be used: ENOENT.*\n/],
    [(url: URL) => { url.password = '' }, /It ended with 1 .*\nThe database wants a password, and DATABASE_URL has none\.\n.*\nWrite it as postgres:/],
  ] as const) {
    const url = new URL(database.url('audit_server'))
    change(url)
    await startAuditServer({ databaseUrl: url.href, dataFolder: database.folder, environment: { START_WITHOUT_DATABASE: 'true' } }).then((server) => {
      started.push(server)
      assert.unreachable(`it starts: ${server.printed()}`)
    }, (error: Error) => {
      assert.match(error.message, says)
      assert.not.match(error.message, new RegExp(`${secret}|^ {4}at `, 'm'))
    })
  }
})

for (const [what, environment, says] of [
  ['an address that is none of this machine', { LISTEN_ADDRESS: '203.0.113.1' }, /Nothing can listen at 203\.0\.113\.1: .*\nSet LISTEN_ADDRESS to an address of this machine/],
  ['a name that nobody knows', { LISTEN_ADDRESS: 'no-such-host.invalid' }, /Nothing can listen at no-such-host\.invalid: .*\nSet LISTEN_ADDRESS/],
  ['an address for the metrics that is none of this machine', { METRICS: 'address', METRICS_ADDRESS: '203.0.113.1:9464' }, /Nothing can listen at 203\.0\.113\.1: .*\nSet METRICS_ADDRESS/],
  ['a port that is none', { METRICS: 'address', METRICS_ADDRESS: '127.0.0.1:99999' }, /METRICS_ADDRESS=127\.0\.0\.1:99999: must have a port of at most 65535/],
  ['proxies that are no addresses', { TRUST_PROXY: '1.2.3' }, /TRUST_PROXY=1\.2\.3: must be addresses that exist/],
  ['a folder that cannot be made', { DATA_DIR: '/proc/nope' }, /DATA_DIR=\/proc\/nope cannot be used: .*\nSet DATA_DIR to a folder/],
  ['a file in the place of the folder', { DATA_DIR: import.meta.filename }, /DATA_DIR=.*start\.test\.ts cannot be used: it is no folder\.\nSet DATA_DIR/],
] as const) {
  it(`is refused with one clear line for ${what}`, async () => {
    const starting = startAuditServer({ databaseUrl: database.url('audit_server'), dataFolder: database.folder, environment })
    await starting.then((server) => {
      started.push(server)
      assert.unreachable(`it starts: ${server.printed()}`)
    }, (error: Error) => {
      assert.match(error.message, says)
      assert.match(error.message, /^It ended with 1 /)
      assert.not.match(error.message, /^ {4}at /m)
    })
  })
}

it('is refused with one clear line where the schema is missing or of another version [case 178]', async () => {
  await startAuditServer({ databaseUrl: empty.url('postgres'), dataFolder: empty.folder }).then((server) => {
    started.push(server)
    assert.unreachable(`it starts: ${server.printed()}`)
  }, (error: Error) => {
    assert.match(error.message, /It ended with 1 before it was ready:\nThe audit log is not installed in this database\.\nRun: npm run audit -- migrate\n$/)
  })
  await database.query(`insert into audit_migration.migrations (hash, filename) values ('sha1:of-a-later-release', '000099.sql')`)
  try {
    await startAuditServer({ databaseUrl: database.url('audit_server'), dataFolder: database.folder }).then((server) => {
      started.push(server)
      assert.unreachable(`it starts: ${server.printed()}`)
    }, (error: Error) => {
      assert.match(error.message, /migrated by a newer version of this program\.\nInstall the version that migrated it, or a later one\.\n$/)
    })
  } finally {
    await database.query(`delete from audit_migration.migrations where filename = '000099.sql'`)
  }
})

it('does not matter for a database without the audit log: it is used as soon as it is migrated', async () => {
  await empty.stop()
  const server = await start(empty, 'postgres')
  await empty.start()
  await sleep(600)
  assert.is(await codeOf(await server.fetch('/readyz')), 'NOT_INSTALLED')
  assert.is((await server.graphql('{ viewer { access } }')).status, 503)
  await migrate({ connectionString: empty.url('postgres'), includeCurrent: true })
  assert.ok(await untilReady(server) < 5_000)
  assert.equal((await server.end()).code, 0)
})

it('does not matter with DEMO=true: an empty database gets the log and the demonstration, and the next start keeps both', async () => {
  await empty.query('create database shown')
  const shown = new URL(empty.url('postgres'))
  shown.pathname = '/shown'
  for (const says of [/Schema audit is installed[^]*The demonstration company is loaded/, /^(?!.*installed)[^]*The database of DATABASE_URL has schema audit/]) {
    const server = await startAuditServer({ databaseUrl: shown.href, dataFolder: empty.folder, environment: { DEMO: 'true', HOST_APP_PORT: '0' } })
    started.push(server)
    assert.match(server.printed(), says)
    assert.is((await server.fetch('/readyz')).status, 200)
    assert.equal((await server.end()).code, 0)
  }
})

it('matters to whoever wants it so: START_WITHOUT_DATABASE=false ends with 1', async () => {
  await empty.stop()
  await startAuditServer({ databaseUrl: empty.url('postgres'), dataFolder: empty.folder, environment: { START_WITHOUT_DATABASE: 'false' } }).then((server) => {
    started.push(server)
    assert.unreachable(`it starts: ${server.printed()}`)
  }, (error: Error) => {
    assert.match(error.message, /It ended with 1 .*\nThe database cannot be reached/)
    assert.not.match(error.message, new RegExp(new URL(empty.url('postgres')).password))
  })
})

it.run()
