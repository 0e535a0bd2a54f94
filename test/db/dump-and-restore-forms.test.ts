import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { migrate } from '../../db/migrate.ts'
import { auditRoles } from '../../db/migration-rights.ts'
import { makeTestDatabase, testCluster, type TestDatabase } from '../harness/database.ts'
import { refused } from '../harness/refused.ts'

/*
 * Dumps as frameworks and hosters make them, without data, owners or rights, and the way out of each that docs/dba.md has, as it stands there.
 * They need pg_dump on the PATH, of the version of the server or later: npm run test:postgres -- 15 on a machine with that of 15.
 */

type Context = { source: TestDatabase; target: TestDatabase; folder: string; login: string }
const it = suite<Context>('A dump without data, owners or rights', { source: Object.create(null), target: Object.create(null), folder: '', login: '' })
const root = fileURLToPath(new URL('../..', import.meta.url))

const { stdout: version, error: missing } = spawnSync('pg_dump', ['--version'], { encoding: 'utf8' })
const empty = await makeTestDatabase('empty')
const server = Number((await empty.superuser.query(`select current_setting('server_version_num')::int / 10000 as major`)).rows[0].major)
await empty.drop()
const test = missing === undefined && Number(/(\d+)\.\d+/.exec(version)?.[1]) >= server ? it : it.skip

it.before.each(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'audit-log-dump-'))
  context.source = await makeTestDatabase()
  await context.source.superuser.query('delete from app.cv where id = (select min(id) from app.cv)')
  context.target = await makeTestDatabase('empty')
  context.login = `owner_${context.target.name}`
  await context.target.superuser.query(`create role ${context.login} login password '${(await testCluster()).password(context.login)}'; alter database ${context.target.name} owner to ${context.login}`)
})
it.after.each(async ({ source, target, folder, login }) => {
  await source.drop()
  await target.drop()
  rmSync(folder, { recursive: true, force: true })
  const client = new pg.Client({ connectionString: (await testCluster()).url('postgres', 'postgres') })
  await client.connect()
  await client.query(`drop owned by ${login}; drop role ${login}`)
  await client.end()
})

/** What docs/dba.md says after a heading in a comment, for the database of this test. */
function wayOut(heading: string, folder: string): string {
  const document = readFileSync(join(root, 'docs/dba.md'), 'utf8')
  const commands = new RegExp(`<!-- ${heading} -->\n\`\`\`sh\n([^\`]+)\`\`\``).exec(document)?.[1]
  assert.ok(commands !== undefined, heading)
  return commands.replaceAll('tracking.json', 'docs/tracking.example.json').replaceAll(/\b(structure\.sql|rights\.sql|app\.dump)\b/g, (file) => join(folder, file))
}

/** @returns what it printed */
function sh(commands: string, environment: Record<string, string>): string {
  const { status, stdout, stderr } = spawnSync('bash', ['-e', '-o', 'pipefail', '-c', commands], { encoding: 'utf8', cwd: root, env: { ...process.env, ...environment }, maxBuffer: 2 ** 28 })
  assert.is(status, 0, `${commands}\n${stdout}\n${stderr}`)
  return `${stdout}${stderr}`
}

async function works({ superuser }: TestDatabase): Promise<void> {
  const { rows: [before] } = await superuser.query('select coalesce(max(id), 0) as id from audit.event')
  await superuser.query(`insert into app.company (id, name, has_audit_log) overriding system value select 1000000, 'Konsult', true where not exists (select from app.company)`)
  await superuser.query(`insert into app.customer (company_id, name) select min(id), 'Kund' from app.company`)
  await superuser.query('delete from app.customer where id = (select max(id) from app.customer)')
  assert.equal((await superuser.query(`select object_label from audit.event where id > $1 and action = 'customer.deleted'`, [before.id])).rows, [{ object_label: 'Kund' }])
  await refused(superuser.query('delete from audit.event'), 'AU001')
  assert.equal((await superuser.query(`select check_name, finding from audit.health where status = 'failed'`)).rows, [])
}

it('that holds a log without its record of migrations is said to be one, and gives way to a new log', async ({ source, folder }) => {
  await source.superuser.query('truncate audit_migration.migrations, audit_migration.current')
  const found: unknown = await migrate({ connectionString: source.url('postgres') }).then(() => null, (error: unknown) => error)
  assert.is(Reflect.get(Object(found), 'code'), 'LEDGER_MISSING')
  const [drop = '', , track = ''] = wayOut('schema only', folder).split('\n')
  await source.superuser.query(/'(.*)'/.exec(drop)?.[1] ?? '')
  assert.equal((await source.superuser.query(`select tgname::text as name from pg_trigger where tgname like 'audit%' union all select evtname from pg_event_trigger`)).rows, [])
  await migrate({ connectionString: source.url('postgres'), includeCurrent: true })
  sh(track, { DATABASE_URL: source.url('postgres') })
  await works(source)
})

const schemaForms = [['--schema-only', 'superuser'], ['--schema-only --no-owner --no-privileges', 'superuser'], ['--schema-only --no-owner --no-privileges', 'owner of the database']] as const
for (const [form, who] of schemaForms) {
  test(`of the schema, ${form}, restored by the ${who}, gives way to a new log`, async ({ source, target, folder, login }) => {
    const url = target.url(who === 'superuser' ? 'postgres' : login)
    // An owner who is no superuser gets errors, as of event triggers and of owners that it may not name.
    sh(`pg_dump ${form} "$SOURCE" | psql --quiet "$DATABASE_URL"`, { SOURCE: source.url('postgres'), DATABASE_URL: url })
    const { stdout, stderr } = spawnSync('npm', ['run', '--silent', 'audit', '--', 'migrate'], { encoding: 'utf8', cwd: root, env: { ...process.env, DATABASE_URL: url } })
    assert.match(stdout + stderr, /without its data[^]*drop schema if exists audit, audit_private, audit_migration cascade;/)
    // What migrate asks of a DBA for a role that is none.
    await target.superuser.query(`grant ${auditRoles.join(', ')} to ${login} with admin option`)
    if (who === 'superuser') sh(wayOut('schema only', folder), { DATABASE_URL: url })
    else {
      const [drop = '', migrate = '', track = ''] = wayOut('schema only', folder).split('\n')
      sh(`${drop}\n${migrate}`, { DATABASE_URL: url })
      // Names logins of the demonstration, which belong to no owner of a database.
      sh(track, { DATABASE_URL: target.url('postgres') })
    }
    await works(target)
  })
}

test('of the schema without the log, as a database for tests is made of it, gets a log of its own', async ({ source, target, folder }) => {
  sh(wayOut('for tests', folder), { SOURCE: source.url('postgres'), DATABASE_URL: target.url('postgres') })
  assert.not.match(readFileSync(join(folder, 'structure.sql'), 'utf8').replaceAll(/^--.*$/gm, ''), /audit_(private|capture|truncate|migration|follow)/)
  await works(target)
})

test('of the schema without the log is restored by an owner who is no superuser without an error', async ({ source, target, folder, login }) => {
  const [dump = '', strip = '', restore = ''] = wayOut('for tests', folder).split('\n')
  sh([dump, strip, restore].join('\n'), { SOURCE: source.url('postgres'), DATABASE_URL: target.url(login) })
  assert.equal((await target.superuser.query(`select to_regclass('app.customer') is not null as is_there`)).rows, [{ is_there: true }])
})

for (const form of ['--no-owner', '--no-privileges', '--no-owner --no-privileges']) {
  test(`with its data, restored with ${form}, gets owners and rights back from the dump`, async ({ source, target, folder }) => {
    const environment = { SOURCE: source.url('postgres'), DATABASE_URL: target.url('postgres') }
    const content = `select count(*)::int, md5(string_agg(e::text, e'\\n' order by e.id)) from audit.event e`
    sh(`pg_dump --format=custom --file=${folder}/app.dump "$SOURCE"; pg_restore --exit-on-error ${form} --dbname="$DATABASE_URL" ${folder}/app.dump`, environment)
    await refused(target.run('delete from app.cv'), form === '--no-privileges' ? '42501' : 'AU001')
    sh(wayOut('no owners', folder), environment)
    assert.equal((await target.superuser.query(content)).rows, (await source.superuser.query(content)).rows)
    await works(target)
    const rights = `select jsonb_agg(to_jsonb(f) order by f.object) as all from audit_private.fingerprints() f`
    assert.equal((await target.superuser.query(rights)).rows, (await source.superuser.query(rights)).rows)
  })
}

it.run()
