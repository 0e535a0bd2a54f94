import { readFileSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { audit, json } from './audit.ts'

const it = suite<{ database: TestDatabase; empty: TestDatabase }>('npm run audit', { database: Object.create(null), empty: Object.create(null) })
const committed = readdirSync(new URL('../../db/migrations/committed/', import.meta.url)).filter((file) => file.endsWith('.sql')).sort()

it.before(async (context) => {
  context.database = await makeTestDatabase()
  context.empty = await makeTestDatabase('empty')
})
it.after(async ({ database, empty }) => {
  await database.drop()
  await empty.drop()
})

it('lists its commands', () => {
  for (const args of [[], ['--help'], ['-h'], ['help']]) {
    const { status, stdout } = audit(args)
    assert.is(status, 0)
    for (const command of ['migrate', 'status', 'keep', 'track', 'generate', 'check-export', 'grant-administrator', 'revoke-administrator', 'companies', 'doctor', 'uninstall']) assert.match(stdout, new RegExp(`^  ${command} `, 'm'))
  }
})

it('says of one command what it does, with its options and no others', () => {
  const { status, stdout } = audit(['keep', '--help'])
  assert.is(status, 0)
  assert.match(stdout, /^npm run audit -- keep \[options\]\n\n  keep /)
  assert.match(stdout, '--batch <entries>')
  assert.not.match(stdout, '  migrate ')
  assert.equal([audit(['keep', '-h']).status, audit(['keep', '-h']).stdout, audit(['track', '-h']).status], [0, stdout, 0])
  assert.match(audit(['keep', '--bach', '5']).stderr, /^Unknown option '--bach'[^]*--batch <entries>/)
})

it('ends with 2 for a command or an option that it does not know', () => {
  assert.is(audit(['migrat']).status, 2)
  assert.match(audit(['migrat']).stderr, 'There is no command migrat.')
  assert.is(audit(['status', '--plan']).status, 2)
  assert.match(audit(['status', '--plan']).stderr, `Unknown option '--plan'`)
})

it('ends with 2 when an option that a command needs is missing', () => {
  assert.is(audit(['track']).status, 2)
  assert.match(audit(['track']).stderr, 'track needs --file.')
  assert.is(audit(['track', '--file']).status, 2)
  assert.match(audit(['revoke-administrator']).stderr, 'revoke-administrator needs --company and --user.')
})

it('ends with 2 for a value of an option that cannot be used, before anything is opened', () => {
  const away = 'postgres://nobody:secret@127.0.0.1:1/nothing'
  for (const [args, says] of [
    [['keep', '--batch', 'x', '--once'], '--batch is x.\nGive a number from 1 to 1000000.'],
    [['generate', '--events', 'x'], '--events is not a whole number from 1 to 1000000000.'],
    [['generate', '--until', '2026-02-30'], '--until is not a day such as 2026-11-01.'],
    [['require-actor', '--company', '1', '--all'], 'Give --company or --all, not both.'],
    [['require-actor', '--off'], '--off needs to know where.'],
  ] as const) {
    const { status, stdout, stderr } = audit(args, away)
    assert.equal([status, stdout], [2, ''], args.join(' '))
    assert.ok(stderr.startsWith(says), stderr)
    assert.match(stderr, `\n\nnpm run audit -- ${args[0]} [options]\n`)
  }
})

it('says what is wrong with a command line as JSON to who wants JSON', () => {
  for (const [args, message] of [
    [['migrat', '--json'], 'There is no command migrat.'], [['status', '--json', '--plan'], `Unknown option '--plan'`], [['track', '--json'], 'track needs --file.'],
    [['check-export', '--json'], 'check-export needs one file.'], [['keep', '--json', '--batch', '0'], '--batch is 0.'],
  ] as const) {
    const outcome = audit(args)
    const { error } = z.object({ error: z.object({ code: z.literal('OPTIONS'), message: z.string() }) }).parse(json(outcome))
    assert.equal([outcome.status, outcome.stderr], [2, ''])
    assert.ok(error.message.startsWith(message), error.message)
  }
})

it('tells its version', () => {
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')))
  for (const args of [['--version'], ['keep', '--version']]) assert.equal([audit(args).status, audit(args).stdout], [0, `${version}\n`])
})

it('says what is wrong in one line and what to do in the next, and ends with 1', () => {
  const { status, stdout, stderr } = audit(['status'], 'postgres://nobody:secret@127.0.0.1:1/nothing')
  assert.is(status, 1)
  assert.match(stdout, /^The database cannot be reached: .*\nhost 127\.0\.0\.1, port 1, database nothing, user nobody\nCheck DATABASE_URL/)
  assert.not.match(stdout + stderr, 'secret')
  for (const command of ['migrate', 'keep', 'doctor', 'companies', 'require-actor', 'uninstall']) {
    const away = audit([command], 'postgres://nobody:secret@127.0.0.1:1/nothing')
    assert.is(away.status, 1)
    assert.match(away.stdout, /^The database cannot be reached: [^]*Check DATABASE_URL/, command)
    assert.not.match(away.stdout + away.stderr, /secret|at .*:\d+:\d+/)
  }
  assert.match(audit(['status'], 'host=db dbname=crm').stdout, /^DATABASE_URL is not the address of a PostgreSQL\.\n.*\nWrite it as postgres:\/\//)
})

it('says that there is no database before anything was started', () => {
  const { status, stdout } = audit(['status'], '', join(tmpdir(), 'audit-log-no-such-folder'))
  assert.is(status, 1)
  assert.match(stdout, 'There is no database yet.')
})

it('plans, installs, and finds nothing to do the second time', ({ empty }) => {
  const url = empty.url('postgres')
  const plan = z.object({ state: z.string(), applied: z.array(z.string()), pending: z.array(z.string()), rehearsal: z.object({ milliseconds: z.number(), locks: z.array(z.unknown()) }), problem: z.null() })
    .parse(json(audit(['migrate', '--plan', '--json'], url)))
  assert.equal([plan.state, plan.applied, plan.pending, plan.rehearsal.locks], ['not_migrated', [], committed, []])
  assert.match(audit(['migrate', '--plan'], url).stdout, /^These would run, each in one transaction: .*\nTried and rolled back: it took \d+\.\d s\.\nIt takes no lock that anybody/)
  assert.is(audit(['status'], url).status, 1)
  assert.equal(json(audit(['migrate', '--json'], url)), { applied: committed, missing_event_triggers: [] })
  assert.equal(json(audit(['migrate', '--json'], url)), { applied: [], missing_event_triggers: [] })
})

it('refuses a schema audit that is not ours, as JSON too', async () => {
  const other = await makeTestDatabase('empty')
  try {
    await other.superuser.query('create schema audit')
    const { status, stdout } = audit(['migrate', '--json'], other.url('postgres'))
    assert.is(status, 1)
    assert.match(stdout, /"code": "FOREIGN_SCHEMA"/)
    assert.is(audit(['migrate', '--plan'], other.url('postgres')).status, 1)
  } finally {
    await other.drop()
  }
})

it('says that an installed log is up to date and what its health is', ({ database }) => {
  const { status, stdout } = audit(['status'], database.url('postgres'))
  assert.match(stdout, /^PostgreSQL 1\d\.\d+, database test_\w+, Node 24\.[^]*\nMigrations: up to date/)
  assert.is(status, 0, stdout)
})

it.run()
