import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, testCluster, type TestDatabase } from '../harness/database.ts'
import { audit, json } from './audit.ts'

const it = suite('npm run audit -- track')
const example = fileURLToPath(new URL('../../docs/tracking.example.json', import.meta.url))
let db: TestDatabase
let folder = ''

it.before(() => { folder = mkdtempSync(join(tmpdir(), 'audit-log-tracking-')) })
it.after(() => rmSync(folder, { recursive: true }))
it.before.each(async () => { db = await makeTestDatabase() })
it.after.each(() => db.drop())

it('finds nothing to change where the example file and host-app/attach.sql agree', () => {
  const { status, stdout } = track(example, '--dry-run')
  assert.is(stdout, 'The database is as the file says; nothing was changed.\n')
  assert.is(status, 0)
})

it('attaches the tables of the example file, and a second run takes no lock on them', async () => {
  await untrackAll()
  const { status, stdout } = track(example)
  assert.is(status, 0, stdout)
  assert.match(stdout, /^added     app\.contact$/m)
  assert.match(stdout, '    label: {first_name} {last_name}')
  assert.is((await db.superuser.query('select from audit.tracked_table where is_working')).rowCount, 6)
  await db.superuser.query('begin; lock table app.cv in access share mode; lock table app.customer in row exclusive mode')
  assert.is(track(example).stdout, 'The database is as the file says; nothing was changed.\n')
  await db.superuser.query('rollback')
})

it('says on a dry run what would change, from what to what, ends with 1, and changes nothing', async () => {
  const file = edited((content) => {
    content.tables[5] = { table: 'app.cv', kind: 'cv', label: '{title} ({language})', company: 'user_id.company_id', owner: 'user_id', mask: ['summary'] }
    content.tables.splice(3, 1)
    delete content.bind_source['consultant_job']
    content.bind_source['consultant_api'] = 'system'
  })
  const before = await settings()
  const { status, stdout } = track(file, '--dry-run')
  assert.is(status, 1)
  assert.is(stdout, `not in the file: app.role
changed   app.cv
    label: {title} → {title} ({language})
    mask: none → summary
changed   bind_source consultant_api
    source: api → system
not in the file: bind_source consultant_job
What is not in the file stays as it is; --untrack detaches it.
Nothing was changed: this was a dry run.
`)
  assert.equal(await settings(), before)
  assert.is(track(file).status, 0)
  assert.equal((await settings()).map(({ table_name }) => table_name).length, 6)
  assert.is(track(file, '--untrack').status, 0)
  assert.equal((await settings()).find(({ table_name }) => table_name === 'app.cv'), { table_name: 'app.cv', label: '{title} ({language})', mask: ['summary'] })
  assert.equal((await settings()).length, 5)
  assert.equal(track(file, '--dry-run', '--json').status, 0)
})

it('needs no superuser, only audit_installer and the tables', async () => {
  const login = `installer_${db.name}`
  await db.superuser.query(`create role ${login} login password '${(await testCluster()).password(login)}' in role audit_installer, consultant_owner`)
  try {
    assert.is(audit(['track', '--file', example, '--dry-run'], db.url(login)).status, 0)
    const file = edited((content) => { content.tables[5] = { ...content.tables[5], label: '{title} ({language})' } })
    const { status, stdout } = audit(['track', '--file', file], db.url(login))
    assert.is(stdout, 'changed   app.cv\n    label: {title} → {title} ({language})\n')
    assert.is(status, 0)
  } finally {
    await db.superuser.query(`drop role ${login}`)
  }
})

it('sets up a table again whose trigger somebody has disabled', async () => {
  await db.superuser.query('alter table app.cv disable trigger audit_capture')
  assert.equal(json(track(example, '--dry-run', '--json')), {
    is_dry_run: true, changes: [{ what: 'app.cv', change: 'changed', settings: [{ setting: 'is_working', old: false, new: true }] }],
  })
  assert.is(track(example).status, 0)
  assert.is((await db.superuser.query('select from audit.tracked_table where is_working')).rowCount, 6)
})

it('changes nothing at all when the database refuses one table, and says what, the values and what to do', async () => {
  await untrackAll()
  const { status, stdout } = track(edited((content) => { content.tables[4] = { table: 'app.user', kind: 'user', label: '{surname}', company: 'company_id' } }))
  assert.is(status, 1)
  const [message, detail, hint] = stdout.split('\n')
  assert.match(message ?? '', /audit\.track: .*surname/)
  assert.ok(detail)
  assert.ok(hint)
  assert.equal(await settings(), [])
})

it('takes no table twice, whichever way it is spelled', async () => {
  const before = await settings()
  for (const spelled of ['APP.CV', 'app."cv"', ' app . cv ']) {
    const { status, stdout } = track(edited((content) => { content.tables.push({ table: spelled, kind: 'cv', label: '{title}' }) }))
    assert.is(status, 1, spelled)
    assert.equal(stdout.split('\n').slice(0, 2), ['The tracking file must not name a table twice.', `app.cv: app.cv, ${spelled}`])
  }
  assert.equal(await settings(), before)
})

it('calls what can be the name of no table not there, and names all of them', async () => {
  const names = ['a.b.c.d', 'other.app.cv', 'app."cv', 'app.', 'no.such']
  const { status, stdout } = track(edited((content) => { for (const table of names) content.tables.push({ table, kind: 'x', label: '{id}' }) }))
  assert.is(status, 1)
  assert.equal(stdout.split('\n').slice(0, names.length + 1), ['The tracking file names tables that are not there.', ...names])
  assert.match(stdout, 'Write each as schema.table')
})

it('names every table of the file that is not there, and what to do', async () => {
  await untrackAll()
  const { status, stdout } = track(edited((content) => {
    content.tables[3] = { table: 'nowhere.role', kind: 'role', label: '{title}' }
    content.tables[4] = { table: 'app.users', kind: 'user', label: '{last_name}' }
  }))
  assert.is(status, 1)
  const [message, ...lines] = stdout.trim().split('\n')
  assert.is(message, 'The tracking file names tables that are not there.')
  assert.equal(lines.slice(0, 2), ['nowhere.role', 'app.users'])
  assert.match(lines[2] ?? '', `see that ${db.name} is the database that is meant`)
  assert.equal(await settings(), [])
})

it('refuses a file that is not as it must be, with every place', () => {
  const wrong = join(folder, 'wrong.json')
  writeFileSync(wrong, JSON.stringify({ tables: [{ table: 'cv', kind: 'cv', label: '{title}', compnay: 'company_id' }], bind_source: { x: 'web' } }))
  const { status, stdout } = track(wrong)
  assert.is(status, 1)
  assert.match(stdout, 'tables.0.table: must name the schema too, such as public.cv')
  assert.match(stdout, 'compnay')
  assert.match(stdout, 'bind_source.x')
  assert.match(track(join(folder, 'none.json')).stdout, 'cannot be read')
  assert.match(track(edited((content) => { content.tables.push(content.tables[0] ?? {}) })).stdout, 'tables: must not name a table twice')
})

it('gives up in good order when a table is in use all the time, and its writers do not wait', async () => {
  await untrackAll()
  // The second table of the file: the first one is attached each time, and rolled back.
  await db.superuser.query('begin; delete from app.contact where id = (select min(id) from app.contact)')
  const { status, stdout } = track(example)
  await db.superuser.query('rollback')
  assert.is(status, 1)
  assert.match(stdout, /^A table is in use by long transactions; nothing was changed\./)
  assert.equal(await settings(), [])
})

it('needs a log that is installed', async () => {
  const empty = await makeTestDatabase('empty')
  try {
    const { status, stdout } = audit(['track', '--file', example], empty.url('postgres'))
    assert.is(status, 1)
    assert.match(stdout, 'The audit log is not installed in this database.')
  } finally {
    await empty.drop()
  }
})

it.run()

type Content = { tables: Record<string, unknown>[]; bind_source: Record<string, string> }

function track(file: string, ...options: string[]) {
  return audit(['track', '--file', file, ...options], db.url('postgres'))
}

/** The example file with a change. */
function edited(change: (content: Content) => void): string {
  const content: Content = JSON.parse(readFileSync(example, 'utf8'))
  change(content)
  const path = join(folder, 'edited.json')
  writeFileSync(path, JSON.stringify(content))
  return path
}

async function settings(): Promise<{ table_name: string; label: string; mask: string[] }[]> {
  return (await db.superuser.query<{ table_name: string; label: string; mask: string[] }>('select table_name, label, mask from audit.tracked_table order by 1')).rows
}

async function untrackAll(): Promise<void> {
  await db.superuser.query('select audit.untrack(table_name::regclass) from audit.tracked_table')
}
