import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { codeBlocks } from '../recipes/code-blocks.ts'

const it = suite('What docs/app-developer.md shows, typed as it stands there')
const login = `my_application_login_${process.pid}`
let page: string
let database: TestDatabase

/** The only block of SQL that holds a text. */
function sql(holding: string): string {
  const blocks = codeBlocks(page).filter(({ language, code }) => language === 'sql' && code.includes(holding))
  assert.is(blocks.length, 1, holding)
  return (blocks[0]?.code ?? '').replaceAll('my_application_login', login)
}

const tables = `
  create table public.customers (id bigint primary key, company_id bigint, name text);
  create table public.contacts (id bigint primary key, customer_id bigint references public.customers on delete cascade, first_name text, last_name text);
  create table public.notes (id bigint primary key, owner_type text, owner_id bigint, title text);
  insert into public.customers values (1, 42, 'Nordljus'), (2, 42, 'Fjord');
  insert into public.contacts values (1, 1, 'Kim', 'Ek');
  insert into public.notes values (1, 'Customer', 2, 'A call'), (2, 'Project', 2, 'A meeting');`

it.before(async () => {
  page = await readFile(new URL('../../docs/app-developer.md', import.meta.url), 'utf8')
  database = await makeTestDatabase('migrated')
  await database.superuser.query(`create role ${login} login; ${tables}`)
})
it.after(async () => {
  await database.superuser.query(`drop owned by ${login}; drop role ${login}`)
  await database.drop()
})

const latest = async (count: number) => (await database.superuser.query(`select action, company_id, actor_name, owner_label, request_id from audit.event order by id desc limit ${count}`)).rows.reverse()

it('attaches tables, says who acts and for which company, and reports an export there', async () => {
  await database.superuser.query(sql(`audit.track('public.contacts'`))
  await database.superuser.query(sql('grant audit_app to'))
  await database.superuser.query(`grant select, delete on all tables in schema public to ${login}; set session authorization ${login}`)
  try {
    await database.superuser.query('begin')
    await database.superuser.query(sql('request_id => $3, company_id => $4'), ['7', 'Kim Ek', 'request-1', '42'])
    await database.superuser.query('delete from public.customers where id = 1')
    const { rows: [exported] } = await database.superuser.query(sql('audit.record_export('))
    await database.superuser.query(sql('audit.record_export_end('), [Object.values(exported)[0]])
    await database.superuser.query('commit')
    // Where act_as has said the company, the report may leave it out.
    await database.superuser.query(`begin; select audit.act_as('7', 'Kim Ek', company_id => '99'); select audit.record_export('customers'); commit`)
    await database.superuser.query(sql('audit.record_export('))
    await database.superuser.query(`select audit.record_export('customers')`)
  } finally {
    await database.superuser.query('rollback; reset session authorization')
  }
  const by = { actor_name: 'Kim Ek', owner_label: null, request_id: 'request-1' }
  const byNobody = { actor_name: null, owner_label: null, request_id: null }
  assert.equal(await latest(7), [
    { action: 'customer.deleted', company_id: '42', ...by }, { action: 'contact.deleted', company_id: '42', ...by, owner_label: 'Nordljus' },
    { action: 'customers.exported', company_id: '42', ...by }, { action: 'customers.export_ended', company_id: '42', ...by },
    { action: 'customers.exported', company_id: '99', ...by, request_id: null },
    { action: 'customers.exported', company_id: '42', ...byNobody }, { action: 'customers.exported', company_id: 'default', ...byNobody },
  ])
})

it('follows an owner in two columns by a generated one; rows of other types have the company that is said, and no owner', async () => {
  await database.superuser.query(sql('customer_owner_id'))
  await database.superuser.query(`begin; select audit.act_as('7', 'Kim Ek', company_id => '99'); delete from public.notes where id = 1; delete from public.notes where id = 2; commit`)
  const of = { action: 'note.deleted', actor_name: 'Kim Ek', request_id: null }
  assert.equal(await latest(2), [{ ...of, company_id: '42', owner_label: 'Fjord' }, { ...of, company_id: '99', owner_label: null }])
})

it('has one kind for a table: the second audit.track replaces the first', async () => {
  await database.superuser.query(`select audit.track('public.notes', 'remark', '{title}')`)
  const { rows } = await database.superuser.query(`select kind from audit.tracked_table where kind in ('note', 'remark')`)
  assert.equal(rows, [{ kind: 'remark' }])
})

it('compares a table that is named by its primary key', async () => {
  await database.superuser.query(`
    create table public.people (id bigint primary key, name text);
    create table public.crm_profile (id bigint primary key, user_id bigint, company_id bigint);
    create table public.badges (id bigint primary key, profile_id bigint, title text);
    insert into public.crm_profile values (5, 1, 42), (1, 9, 13);
    insert into public.badges values (1, 5, 'First aid')`)
  await database.superuser.query(`select audit.track('public.badges', 'badge', '{title}', company => 'profile_id->public.crm_profile.company_id')`)
  await database.superuser.query('delete from public.badges')
  assert.is((await latest(1))[0]?.company_id, '42')
})

it('tells rows that were marked as deleted before', async () => {
  await database.superuser.query(`alter table public.customers add column deleted_at timestamptz; select audit.track('public.customers', 'customer', '{name}', company => 'company_id', soft_delete => 'deleted_at')`)
  await database.superuser.query(`insert into public.customers values (3, 42, 'Sund'), (4, 42, 'Vik'); update public.customers set deleted_at = now() where id = 3`)
  await database.superuser.query('delete from public.customers where id in (3, 4)')
  const { rows } = await database.superuser.query(`select object_id, details @> '{"was_soft_deleted": true}' as was from audit.event where action = 'customer.deleted' and object_id in ('3', '4') order by id`)
  assert.equal(rows.map(({ object_id, was }) => [object_id, was === true]), [['3', false], ['3', true], ['4', false]])
})

it('attaches in a migration where the log is, and passes where it is not', async () => {
  const guarded = sql('to_regnamespace')
  await database.superuser.query(guarded)
  const { rows } = await database.superuser.query(`select soft_delete from audit.tracked_table where kind = 'customer'`)
  assert.equal(rows, [{ soft_delete: null }])
  const without = await makeTestDatabase('empty')
  try {
    await without.superuser.query(tables)
    await without.superuser.query(guarded)
  } finally {
    await without.drop()
  }
})

/** The programs of PostgreSQL that a machine has may be older than the server, whose dumps they cannot make. */
const { stdout: version = '' } = spawnSync('pg_dump', ['--version'], { encoding: 'utf8' })
it('takes the triggers out of a structure.sql, so that it loads where the log is not', async () => {
  const { rows: [server] } = await database.superuser.query(`select current_setting('server_version_num')::int / 10000 as major`)
  if (Number(/(\d+)\.\d+/.exec(version)?.[1] ?? 0) < server.major) return
  await database.superuser.query(`select audit.track('public.customers', 'customer', '{name}', company => 'company_id', soft_delete => 'deleted_at', truncate => 'refuse')`)
  // What Rails calls for db:schema:dump.
  const dumped = spawnSync('pg_dump', ['--schema-only', '--no-privileges', '--no-owner', '--schema=public', database.url('postgres')], { encoding: 'utf8' })
  assert.is(dumped.status, 0, dumped.stderr)
  assert.match(dumped.stdout, 'audit_private.')
  const [, script = ''] = /`sed -i\.bak '([^']+)' db\/structure\.sql`/.exec(page) ?? []
  const cleaned = spawnSync('sed', [script], { encoding: 'utf8', input: dumped.stdout })
  assert.not.match(cleaned.stdout, 'audit_private')
  const without = await makeTestDatabase('empty')
  try {
    const loaded = spawnSync('psql', ['--set=ON_ERROR_STOP=1', '--quiet', '--no-psqlrc', without.url('postgres')], { encoding: 'utf8', input: cleaned.stdout.replace('CREATE SCHEMA public;', '') })
    assert.is(loaded.status, 0, loaded.stderr)
    const { rows } = await without.superuser.query(`select (select count(*)::int from pg_tables where schemaname = 'public') as tables, (select count(*)::int from pg_trigger where not tgisinternal) as triggers`)
    assert.equal(rows, [{ tables: 6, triggers: 0 }])
  } finally {
    await without.drop()
  }
})

it.run()
