import { rmSync, mkdtempSync, readdirSync, cpSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { migrate } from '../../db/migrate.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { audit, json } from './audit.ts'

const it = suite('npm run audit, where the database is not as it should be')
const ours = fileURLToPath(new URL('../../db/migrations', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'audit-log-older-release-'))
/** Each command, as it is called on a database. */
const onDatabase = [['status'], ['migrate'], ['migrate', '--plan'], ['keep', '--once'], ['track', '--file', 'docs/tracking.example.json'], ['companies'], ['require-actor'], ['partition'], ['doctor'], ['generate', '--events', '5'], ['uninstall'],
  ['grant-administrator', '--company', '1', '--user', '1', '--name', 'Kim'], ['revoke-administrator', '--company', '1', '--user', '1']] as const

let db: TestDatabase
let empty: TestDatabase
it.before(async () => {
  [db, empty] = await Promise.all([makeTestDatabase(), makeTestDatabase('empty')])
})
it.after(async () => {
  await Promise.all([db.drop(), empty.drop()])
  rmSync(folder, { recursive: true })
})

/** The connection string with something else in it, and always the password `hunter2-canary`. */
function changed(change: (url: URL) => void): string {
  const url = new URL(db.url('postgres'))
  url.password = 'hunter2-canary'
  change(url)
  return url.href
}

it('says in words why it is not let in, and what to do, for every wrong DATABASE_URL, without the password', () => {
  const right = new URL(db.url('postgres')).password
  const wrong: readonly (readonly [string, RegExp])[] = [
    [changed(() => undefined), /^The database cannot be reached: password authentication failed for user "postgres"\nhost 127\.0\.0\.1, port \d+, database test_\w+, user postgres\nCheck DATABASE_URL/],
    [changed((url) => { url.password = right; url.pathname = '/no_such_database' }), /^The database cannot be reached: database "no_such_database" does not exist\n/],
    [changed((url) => { url.search = '?sslmode=verify-full' }), /^The database cannot be reached: The server does not support SSL connections\n/],
    [changed((url) => { url.search = '?sslrootcert=/no/such/authority.pem' }), /^DATABASE_URL cannot be used: ENOENT: .*authority\.pem'\nThe address cannot be read, or a file that it names\.\n/],
    [changed((url) => { url.hostname = 'nowhere.invalid' }), /^The database cannot be reached: getaddrinfo \w+ nowhere\.invalid\n/],
    [changed(() => undefined).replace(/:\d+\//, ':99999/'), /^DATABASE_URL cannot be used: Invalid URL\nThe address cannot be read/],
    [changed((url) => { url.password = '' }), /^The database wants a password, and DATABASE_URL has none\.\nhost .*\nWrite it as postgres:\/\//],
  ]
  for (const [url, says] of wrong) {
    const began = performance.now()
    const { status, stdout, stderr } = audit(['status'], url)
    assert.is(status, 1, url)
    assert.match(stdout, says)
    assert.not.match(stdout + stderr, new RegExp(`hunter2-canary|${right}|node:internal|^ {4}at `, 'm'))
    assert.ok(performance.now() - began < 30_000, url)
  }
})

it('says so of each of its commands, as one JSON document too', () => {
  for (const command of onDatabase) {
    const { status, stdout, stderr } = audit([...command, '--json'], changed((one) => { one.search = '?sslmode=verify-full' }))
    assert.is(status, 1, command.join(' '))
    assert.match(stdout, '"code": "DATABASE_UNREACHABLE"', command.join(' '))
    assert.not.match(stdout + stderr, /hunter2-canary|^ {4}at /m, command.join(' '))
  }
})

it('says of each of its commands what it needs, where the log is not installed', () => {
  for (const command of onDatabase.filter(([name]) => ['keep', 'doctor', 'uninstall', 'track'].includes(name))) {
    const answer = audit([...command, '--json'], empty.url('postgres'))
    assert.is(answer.status, 1, command.join(' '))
    assert.match(JSON.stringify(json(answer)), /"code":"NOT_INSTALLED".*"hint":"Run npm run audit -- migrate first/, command.join(' '))
  }
})

it('says that the log is older, where an older one lacks what a command needs, and only there', async () => {
  const older = await makeTestDatabase('empty')
  try {
    mkdirSync(join(folder, 'committed'))
    const [first = ''] = readdirSync(join(ours, 'committed')).sort()
    cpSync(join(ours, 'committed', first), join(folder, 'committed', first))
    await migrate({ connectionString: older.url('postgres'), migrationsFolder: folder })
    const refused = audit(['keep', '--once', '--json'], older.url('postgres'))
    assert.is(refused.status, 1)
    assert.match(JSON.stringify(json(refused)), /"code":"OTHER_VERSION","message":"The audit log of this database is older than this program\.".*"hint":"Run npm run audit -- migrate first\."/)
    assert.match(audit(['require-actor'], older.url('postgres')).stdout, /is older than this program\.\n.*audit_private\.strict_companies\(\) does not exist\.\nRun npm run audit -- migrate first\./)
    // What an older one has too goes on.
    assert.is(audit(['companies'], older.url('postgres')).stdout, 'There is no company yet: npm run audit -- grant-administrator.\n')
    assert.match(audit(['status'], older.url('postgres')).stdout, /Migrations: behind this program: npm run audit -- migrate/)
    assert.is(audit(['doctor'], older.url('postgres')).status, 1)
  } finally {
    await older.drop()
  }
})

it.run()
