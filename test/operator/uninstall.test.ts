import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { migrate } from '../../db/migrate.ts'
import { makeTestDatabase, testCluster, type TestDatabase } from '../harness/database.ts'
import { refused } from '../harness/refused.ts'
import { audit } from './audit.ts'

const it = suite('npm run audit -- uninstall')
let db: TestDatabase

it.before.each(async () => {
  db = await makeTestDatabase()
  await db.superuser.query(`begin; select audit.act_as('17', 'Fredrik Isaksson'); delete from app.cv where id in (select id from app.cv order by id limit 3); commit`)
})
it.after.each(() => db.drop())

it('says what it would do, and does it only when told --yes', async () => {
  const { status, stdout } = audit(['uninstall'], db.url('postgres'))
  assert.is(status, 1)
  assert.match(stdout, `Deletions from app."user", app.contact, app.customer, app.cv, app.project, app.role are no longer recorded`)
  assert.match(stdout, /The \d+ entries stay as ordinary table audit_kept\.event/)
  assert.match(stdout, 'Nothing was done. To do it, add --yes.')
  assert.is((await db.superuser.query('select from audit.tracked_table where is_working')).rowCount, 6)
})

it('leaves the entries, readable for a DBA, and nothing else [case 233]', async () => {
  const { rows: before } = await db.superuser.query('select to_jsonb(e) as event from audit.event e order by id')
  const { status, stdout } = audit(['uninstall', '--yes'], db.url('postgres'))
  assert.is(status, 0, stdout)
  const reader = await db.as('audit_reader')
  assert.equal((await reader.query('select to_jsonb(e) as event from audit_kept.event e order by id')).rows, before)
  assert.equal(await traces(), [])
  await db.superuser.query('delete from app.customer where id = (select min(id) from app.customer)')
  await db.inTransactionAs('consultant_app', {}, (client) => refused(client.query('select from audit_kept.event'), '42501'))
})

it('lets the log be installed again, and keeps the entries of both', async () => {
  for (let round = 1; round <= 2; round += 1) {
    const { status, stdout } = audit(['uninstall', '--yes'], db.url('postgres'))
    assert.is(status, 0, stdout)
    await migrate({ connectionString: db.url('postgres'), includeCurrent: true })
  }
  const { rows } = await db.superuser.query<{ name: string }>(`select relnamespace::regnamespace::text as name from pg_class where relname = 'event' and relkind = 'r' order by 1`)
  assert.match(rows.map(({ name }) => name).join(' '), /^audit audit_kept audit_kept_\d{8}_\d{6}$/)
})

it('destroys the entries too when told so', async () => {
  const { status, stdout } = audit(['uninstall', '--yes', '--with-data'], db.url('postgres'))
  assert.is(status, 0, stdout)
  assert.match(stdout, /The \d+ entries are destroyed\. This cannot be undone\./)
  assert.equal(await traces(), [])
  assert.equal((await db.superuser.query(`select nspname from pg_namespace where nspname like 'audit%'`)).rows, [])
})

it('can be done by the role that installed it, without a superuser, and leaves it no right that it had not', async () => {
  const empty = await makeTestDatabase('empty')
  const login = `installer_${empty.name}`
  const { rows: [server] } = await empty.superuser.query<{ version: number }>(`select current_setting('server_version_num')::int as version`)
  await empty.superuser.query(`
    create role ${login} login createrole password '${(await testCluster()).password(login)}';
    grant create on database ${empty.name} to ${login};
    grant audit_agent, audit_admin, audit_dba, audit_app, audit_installer, audit_keeper to ${login} with admin option;
    grant audit_owner to ${login} with ${Number(server?.version) >= 160000 ? 'admin true, inherit false, set false' : 'admin option'}`)
  try {
    await migrate({ connectionString: empty.url(login), includeCurrent: true })
    const memberships = `select to_jsonb(m) - 'oid' as membership from pg_auth_members m where member = '${login}'::regrole order by roleid, grantor`
    const { rows: before } = await empty.superuser.query(memberships)
    const { status, stdout } = audit(['uninstall', '--yes', '--with-data'], empty.url(login))
    assert.is(status, 0, stdout)
    assert.equal((await empty.superuser.query(memberships)).rows, before)
    assert.equal((await empty.superuser.query(`select nspname from pg_namespace where nspname like 'audit%'`)).rows, [])
  } finally {
    await empty.superuser.query(`drop owned by ${login}; drop role ${login}`)
    await empty.drop()
  }
})

it('is nothing for a login that is not a superuser and did not install it', async () => {
  const { status, stdout } = audit(['uninstall', '--yes', '--with-data'], db.url('consultant_app'))
  assert.is(status, 1)
  assert.match(stdout, 'permission denied')
  assert.is((await db.superuser.query('select from audit.tracked_table where is_working')).rowCount, 6)
})

it.run()

/** What is still there of the log in this database, other than the entries and the roles. */
async function traces(): Promise<unknown[]> {
  const { rows } = await db.superuser.query(`
    select 'schema ' || nspname as trace from pg_namespace where nspname like 'audit%' and nspname <> 'audit_kept'
    union all select 'trigger ' || tgname from pg_trigger where tgname like 'audit%' or tgrelid in (select oid from pg_class where relnamespace = to_regnamespace('audit_kept'))
    union all select 'event trigger ' || evtname from pg_event_trigger
    union all select 'function ' || oid::regprocedure from pg_proc where proname like 'capture%'
    union all select 'policy ' || polname from pg_policy
    union all select 'owned ' || c.oid::regclass from pg_class c where c.relowner = 'audit_owner'::regrole
    union all select 'right on ' || c.oid::regclass from pg_class c where c.relnamespace = 'app'::regnamespace and c.relacl::text like '%audit_%'
    union all select 'right on column of ' || attrelid::regclass from pg_attribute where attacl::text like '%audit_%'
    union all select 'right on schema ' || nspname from pg_namespace where nspname = 'app' and nspacl::text like '%audit_%'
    union all select 'default rights' from pg_default_acl where defaclrole = 'audit_owner'::regrole`)
  return rows
}
