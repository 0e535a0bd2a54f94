import { chmodSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startEmbedded } from '../../db/embedded.ts'
import { migrate } from '../../db/migrate.ts'
import { programsUnderTest } from '../harness/cluster.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

/*
 * What a superuser, or whoever may grant roles, does beside the log and around it: told by audit.health, and told no
 * more once it is undone. All of it is rolled back: roles and parameters belong to the whole cluster.
 */

const it = suite('What leads around the log')
let db: TestDatabase
let version = 0

it.before(async () => {
  db = await makeTestDatabase()
  version = Number((await db.superuser.query<{ major: string }>(`select current_setting('server_version_num')::integer / 10000 as major`)).rows[0]?.major)
})
it.after(() => db.drop())

type Row = { status: string; finding: string; what_to_do: string }
async function ask(check: string, client: pg.Client = db.superuser): Promise<Row> {
  const { rows: [row] } = await client.query<Row>(`select status, coalesce(finding, '') as finding, what_to_do from audit.health where check_name = $1`, [check])
  assert.ok(row, check)
  return row
}

/** As the text of a statement that names the database of the test. */
const inDatabase = (statement: string): string => `do $$ begin execute format(${pg.escapeLiteral(statement)}, current_database()); end $$`

type Told = { does: string; undo: string; check: string; status: 'failed' | 'warning'; finding: RegExp; from?: number }
/** Expects that a statement of a superuser is found, and that it is found no longer once it is undone. */
function told(name: string, { does, undo, check, status, finding, from = 15 }: Told): void {
  it(name, async () => {
    if (version < from) return
    await db.superuser.query('begin')
    try {
      const before = await ask(check)
      assert.not.match(before.finding, finding)
      await db.superuser.query(does)
      const after = await ask(check)
      assert.match(after.finding, finding)
      assert.is(after.status, status)
      assert.is.not(after.what_to_do, 'Nothing.')
      await db.superuser.query(undo)
      assert.equal(await ask(check), before)
    } finally {
      await db.superuser.query('rollback')
    }
  })
}

const up = 'create table public.up (like audit.event); alter table audit.event inherit public.up; grant select, update, delete on public.up to public'
told('a table above the entries is told, by which everybody could read and change them', { does: up, undo: 'alter table audit.event no inherit public.up', check: 'definitions', status: 'failed',
  finding: /audit\.event is a part of public\.up: .*alter table audit\.event no inherit public\.up\./ })
told('a table above the entries is a change of their definition too', { does: up, undo: 'alter table audit.event no inherit public.up', check: 'definitions', status: 'failed', finding: /relation audit\.event was changed/ })
told('row-level security that is forced upon the owner is told', { does: 'alter table audit.event force row level security', undo: 'alter table audit.event no force row level security', check: 'definitions', status: 'failed', finding: /relation audit\.event was changed/ })
const exportCall = 'audit.record_export(text, bigint, text, jsonb, text, text)'
told('a function that answers nothing for NULL is told', { does: `alter function ${exportCall} strict`, undo: `alter function ${exportCall} called on null input`, check: 'definitions', status: 'failed', finding: /function audit\.record_export.* was changed/ })
told('a function that is marked leakproof is told as changed', { does: `alter function ${exportCall} leakproof`, undo: `alter function ${exportCall} not leakproof`, check: 'definitions', status: 'failed', finding: /function audit\.record_export.* was changed/ })
told('a function that may run in parallel is told', { does: `alter function ${exportCall} parallel safe`, undo: `alter function ${exportCall} parallel unsafe`, check: 'definitions', status: 'failed', finding: /function audit\.record_export.* was changed/ })
const withDefault = (of: string, is: string): string => `do $$ declare code text := pg_get_functiondef('audit.act_as(text, text, text, text, text, text, text)'::regprocedure); begin
  assert code like '%source text DEFAULT ''${of}''%'; execute replace(code, 'source text DEFAULT ''${of}''', 'source text DEFAULT ''${is}'''); end $$`
told('an argument that is something else when it is left out is told', { does: withDefault('app', 'job'), undo: withDefault('job', 'app'), check: 'definitions', status: 'failed', finding: /function audit\.act_as.* was changed/ })
told('a type of the log that was given another part is told', { does: 'alter type audit_private.context add attribute z int', undo: 'alter type audit_private.context drop attribute z', check: 'definitions', status: 'failed', finding: /type audit_private\.context was changed/ })
told('a type that was added is told', { does: `create type audit_private.mood as enum ('good')`, undo: 'drop type audit_private.mood', check: 'definitions', status: 'failed', finding: /type audit_private\.mood was added/ })

for (const member of ['audit_admin', 'audit_app', 'audit_keeper', 'audit_installer']) {
  told(`a membership among the log's own roles is told: audit_dba for ${member}`, { does: `grant audit_dba to ${member}`, undo: `revoke audit_dba from ${member}`, check: 'rights', status: 'failed', finding: new RegExp(`${member} is a member of audit_dba, .*revoke audit_dba from ${member}\\.`) })
}
told('a membership among them that leads over another role is told', { does: 'create role go_between in role audit_dba; grant go_between to audit_app', undo: 'revoke go_between from audit_app', check: 'rights', status: 'failed', finding: /audit_app is a member of audit_dba, by itself or over another role/ })
told('the owner as a role of the application is told once, as a failure', { does: 'grant audit_owner to audit_app', undo: 'revoke audit_owner from audit_app', check: 'rights', status: 'failed', finding: /^(?!.*may act as it).*audit_app is a member of audit_owner, / })
for (const [role, attribute] of [['audit_admin', 'superuser'], ['audit_admin', 'createrole'], ['audit_admin', 'login'], ['audit_app', 'bypassrls'], ['audit_dba', 'replication'], ['audit_installer', 'superuser'], ['audit_keeper', 'login'], ['audit_owner', 'login'], ['audit_agent', 'createrole']] as const) {
  told(`an attribute that no release gives is told: ${role} ${attribute}`, { does: `alter role ${role} ${attribute}`, undo: `alter role ${role} no${attribute}`, check: 'rights', status: 'failed',
    finding: new RegExp(`${role} has ${attribute.toUpperCase()}, which no release gives it\\. alter role ${role} no${attribute}\\.`) })
}
told('an owner that may not act as the agent any more is told, with what gives it back', { does: 'revoke audit_agent from audit_owner cascade', undo: 'do $$ begin execute \'grant audit_agent to audit_owner\' || case when current_setting(\'server_version_num\')::integer >= 160000 then \' with inherit true, set true\' else \'\' end; end $$',
  check: 'rights', status: 'failed', finding: /audit_owner may not act as audit_agent: .*As a superuser: grant audit_agent to audit_owner( with inherit true, set true)?\./ })
told('an owner that inherits from the agent, but may not become it, is told', { does: 'revoke audit_agent from audit_owner cascade; do $$ begin execute \'grant audit_agent to audit_owner with inherit true, set false\'; end $$', undo: 'do $$ begin execute \'grant audit_agent to audit_owner with set true\'; end $$',
  check: 'rights', status: 'failed', finding: /audit_owner may not act as audit_agent/, from: 16 })
for (const role of ['pg_execute_server_program', 'pg_write_server_files', 'pg_read_server_files']) {
  told(`a membership that amounts to a superuser is told: ${role}`, { does: `grant ${role} to consultant_app`, undo: `revoke ${role} from consultant_app`, check: 'rights', status: 'warning', finding: new RegExp(`consultant_app is a member of ${role}, which amounts to a superuser`) })
}
told('the right to switch event triggers off is told', { does: 'grant set on parameter event_triggers to consultant_app', undo: 'revoke set on parameter event_triggers from consultant_app', check: 'rights', status: 'warning', finding: /consultant_app may set event_triggers\./, from: 17 })
told('what the owner makes from now on, given to everybody, is told', { does: 'alter default privileges for role audit_owner grant execute on functions to public', undo: 'alter default privileges for role audit_owner revoke execute on functions from public', check: 'rights', status: 'failed',
  finding: /What audit_owner makes from now on is given to everybody: alter default privileges for role audit_owner revoke execute on functions from public\./ })
told('what the owner makes from now on in a schema, given to a login, is told', { does: 'alter default privileges for role audit_owner in schema audit grant select on tables to consultant_app', undo: 'alter default privileges for role audit_owner in schema audit revoke select on tables from consultant_app', check: 'rights', status: 'failed',
  finding: /What audit_owner makes from now on in schema audit is given to consultant_app: alter default privileges for role audit_owner in schema audit revoke select on tables from consultant_app\./ })
told('a generated function that everybody may use is told', { does: 'grant execute on function audit_private.capture_app_cv() to public', undo: 'revoke execute on function audit_private.capture_app_cv() from public', check: 'rights', status: 'failed',
  finding: /Everybody may use function audit_private\.capture_app_cv\(\) in triggers of its own\. revoke execute on function audit_private\.capture_app_cv\(\) from public\./ })
told('a generated function that another than the owner of its table may use is told', { does: 'grant execute on function audit_private.capture_app_cv__truncate() to consultant_app', undo: 'revoke execute on function audit_private.capture_app_cv__truncate() from consultant_app', check: 'rights', status: 'warning',
  finding: /consultant_app may use function audit_private\.capture_app_cv__truncate\(\) in triggers of its own, and does not own app\.cv/ })

told('a login of an application that may become audit_admin is told, also where it does not inherit it', { does: 'alter role consultant_app noinherit; grant audit_admin to consultant_app', undo: 'revoke audit_admin from consultant_app', check: 'audit_admin', status: 'warning',
  finding: /consultant_app may become audit_admin, and may write to app\.\S+: an application reads any company by it\. revoke audit_admin from consultant_app/ })
told('an owner of tracked tables that may become audit_admin over another role is told', { does: 'create role readers noinherit in role audit_admin; alter role consultant_owner login; grant readers to consultant_owner', undo: 'revoke readers from consultant_owner', check: 'audit_admin', status: 'warning',
  finding: /consultant_owner may become audit_admin, and owns app\./ })
it('the login of the server is not told, nor one that installs the log', async () => {
  await db.superuser.query('begin')
  try {
    await db.superuser.query(`create role other_server login noinherit in role audit_admin, audit_app, audit_keeper; alter role consultant_owner login; alter role consultant_owner noinherit; grant audit_admin, audit_installer to consultant_owner`)
    const { finding } = await ask('audit_admin')
    assert.not.match(finding, /audit_server|other_server|consultant_owner/)
  } finally {
    await db.superuser.query('rollback')
  }
})
told('a login that inherits audit_admin is told, whatever the role has become since', { does: 'create role hasty login inherit; grant audit_admin to hasty; alter role hasty noinherit', undo: 'revoke audit_admin from hasty', check: 'audit_admin', status: 'warning', finding: /hasty inherits audit_admin/, from: 16 })

told('a view over the entries that others may read is told', { does: 'create view public.leak as select * from audit.event; grant select on public.leak to public', undo: 'revoke select on public.leak from public', check: 'rights', status: 'warning',
  finding: /View public\.leak reads audit\.event with the rights of postgres, and is given to everybody/ })
told('a view over a view over the entries is told, and one of its columns', { does: 'create view public.inner_one as select * from audit.act; create view public.leak as select id, sentence from public.inner_one; grant select (sentence) on public.leak to consultant_app', undo: 'drop view public.leak', check: 'rights', status: 'warning',
  finding: /View public\.leak reads audit\.act with the rights of postgres, and is given to consultant_app/ })
told('a materialized view over keys is told', { does: 'create materialized view public.leak as select * from audit_private.token_key; grant select on public.leak to consultant_app', undo: 'drop materialized view public.leak', check: 'rights', status: 'warning', finding: /Materialized view public\.leak reads audit_private\.token_key with the rights of postgres, and is given to consultant_app/ })
told('a rule that reads entries is told', { does: 'create table public.door (id bigint); create rule leak as on insert to public.door do also select * from audit.event; grant insert on public.door to consultant_app', undo: 'drop table public.door', check: 'rights', status: 'warning',
  finding: /Rule leak on public\.door reads audit\.event with the rights of postgres, and is given to consultant_app/ })
told('a function that reads entries with the rights of its owner is told', { does: 'create function public.leak() returns bigint language sql security definer begin atomic select max(id) from audit.event; end', undo: 'revoke execute on function public.leak() from public', check: 'rights', status: 'warning',
  finding: /Function public\.leak\(\) reads audit\.event with the rights of postgres, and is given to everybody/ })
it('views that DBAs make for themselves, or that ask with the rights of their reader, are not told', async () => {
  await db.superuser.query('begin')
  try {
    const before = await ask('rights')
    await db.superuser.query(`
      create view public.mine as select * from audit.event; grant select on public.mine to audit_reader, audit_dba;
      create view public.asking with (security_invoker = on) as select * from audit.event; grant select on public.asking to public;
      create function public.asking() returns bigint language sql begin atomic select max(id) from audit.event; end;
      grant create on schema public to consultant_app; grant usage on schema audit to consultant_app; grant select on audit.event to consultant_app; set local role consultant_app;
      create view public.theirs as select * from audit.event; grant select on public.theirs to public; reset role; revoke select on audit.event from consultant_app`)
    assert.equal(await ask('rights'), before)
  } finally {
    await db.superuser.query('rollback')
  }
})

told('a publication of entries and keys is told', { does: 'create publication leak for table audit.event, audit_private.token_key', undo: 'alter publication leak drop table audit.event, audit_private.token_key', check: 'replication', status: 'warning',
  finding: /Publication leak takes audit\.event, audit_private\.token_key out of the database, with the keys by which contexts are believed/ })
told('a publication of entries alone is told, without alarm about keys', { does: 'create publication central for table audit.event', undo: 'drop publication central', check: 'replication', status: 'warning', finding: /^Publication central takes audit\.event out of the database\. / })
told('a publication of all tables is told', { does: 'create publication leak for all tables', undo: 'drop publication leak', check: 'replication', status: 'warning', finding: /Publication leak takes all tables, those of the log too, out of the database, with the keys/ })
told('a publication of a schema of the log is told', { does: 'create publication leak for tables in schema audit_private', undo: 'drop publication leak', check: 'replication', status: 'warning', finding: /Publication leak takes .*audit_private\.token_key.* out of the database, with the keys/ })
it('a publication of the tables of an application is not told', async () => {
  await db.superuser.query('begin')
  await db.superuser.query('create publication theirs for tables in schema app')
  assert.equal(await ask('replication').finally(() => db.superuser.query('rollback')), { status: 'ok', finding: '', what_to_do: 'Nothing.' })
})

told('a table whose settings were taken away is told as failed, by the entry that says it was tracked', {
  does: `delete from audit_private.tracked where kind = 'cv'; alter event trigger audit_follow_changes disable; drop function audit_private.capture_app_cv() cascade; drop function audit_private.capture_app_cv__truncate() cascade`,
  undo: `alter event trigger audit_follow_changes enable always; select audit.track('app.cv', 'cv', '{title}', company => 'user_id.company_id', owner => 'user_id')`,
  check: 'tables', status: 'failed', finding: /app\.cv was tracked \(entry \d+\), and was not untracked: / })
it('a table that was untracked, or dropped and made again, is not told; nor one that is another', async () => {
  await db.superuser.query('begin')
  try {
    await db.superuser.query(`select audit.untrack('app.cv'); drop table app.role cascade; create table app.role (id int primary key, title text);
      create table app.first (id int primary key); select audit.track('app.first', 'first', '{id}'); alter table app.first rename to second; select audit.untrack('app.second')`)
    // As after a restore: a number of then is another table's now.
    await db.superuser.query(`create table app.other (id int primary key); alter table audit.event disable trigger all;
      insert into audit.event (actor_status, action, object_kind, object_id, object_label, source, db_user) values ('missing', 'table.tracked', 'table', 'app.other'::regclass::oid::text, 'app.elsewhere', 'sql', 'postgres')`)
    assert.equal(await ask('tables'), { status: 'ok', finding: '', what_to_do: 'Nothing.' })
  } finally {
    await db.superuser.query('rollback')
  }
})

for (const [setting, words] of [['no', 'no'], ['0', '0'], ['OFF', 'OFF'], ['f', 'f'], ['False', 'False']] as const) {
  told(`event triggers that are off are told, written ${setting}`, { does: inDatabase(`alter database %I set event_triggers = '${setting}'`), undo: inDatabase('alter database %I reset event_triggers'), check: 'settings', status: 'warning',
    finding: new RegExp(`event_triggers=${words} is set for database test_\\w+: changes of tracked tables are not followed`), from: 17 })
}
told('a login in replica mode is told, however it is written', { does: `alter role consultant_app set "Session_Replication_Role" = 'Replica'`, undo: `alter role consultant_app reset session_replication_role`, check: 'settings', status: 'warning', finding: /session_replication_role=Replica is set for consultant_app: foreign keys do not cascade/ })
told('row-level security that answers with errors is told', { does: inDatabase('alter database %I set row_security = off'), undo: inDatabase('alter database %I reset row_security'), check: 'settings', status: 'warning', finding: /row_security=off is set for database test_\w+: who reads under row-level security/ })
it('what is set to on, or weakens nobody, is not told', async () => {
  await db.superuser.query('begin')
  try {
    const before = await ask('settings')
    await db.superuser.query(`${inDatabase('alter database %I set row_security = on')}; ${inDatabase('alter database %I set session_replication_role = origin')}; create role dumper bypassrls; alter role dumper set row_security = off`)
    assert.equal(await ask('settings'), before)
  } finally {
    await db.superuser.query('rollback')
  }
})

told('a collation of the database that has another version now is told, with what to do [case 229]', {
  does: `update pg_database set datcollversion = '0.9' where datname = current_database() and pg_database_collation_actual_version(oid) is not null`, undo: inDatabase('alter database %I refresh collation version'), check: 'indexes', status: 'failed',
  finding: /Database test_\w+ sorts text as version 0\.9 of its collation, .*reindex database test_\w+; alter database test_\w+ refresh collation version;/, from: 17 })
told('a collation of an index that has another version now is told', {
  does: `create collation public.sorted (provider = icu, locale = 'sv'); create index by_label on audit.event (object_label collate public.sorted); update pg_collation set collversion = '0.9' where collname = 'sorted'`, undo: 'alter collation public.sorted refresh version', check: 'indexes', status: 'failed',
  finding: /Index audit\.by_label sorts text as version 0\.9 of collation public\.sorted, .*reindex index audit\.by_label; alter collation public\.sorted refresh version;/ })

const gone = 'alter event trigger audit_record_drops disable; drop table app.cv'
told('a table that is gone is told as gone', { does: gone, undo: 'delete from audit_private.tracked where not exists (select from pg_class where oid = target)', check: 'tables', status: 'failed', finding: /^Table \d+ of kind cv is gone, but was not untracked\.$/ })
it('a table that is gone is told once, not for each of its columns', async () => {
  await db.superuser.query('begin')
  try {
    await db.superuser.query(gone)
    assert.equal(await ask('columns'), { status: 'ok', finding: '', what_to_do: 'Nothing.' })
  } finally {
    await db.superuser.query('rollback')
  }
})

it('exports without a company are told, while tables name theirs', async () => {
  const app = await db.as('consultant_app')
  await app.query(`begin; select audit.act_as('7'); select audit.record_export('customers', 3); select audit.record_export('contacts', 3, company_id => '1'); commit`)
  const { status, finding } = await ask('companies')
  assert.is(status, 'warning')
  assert.is(finding, '1 of the 1 latest entries customers.exported have no company: no administrator sees them, while app.customer names its own. Say it: audit.record_export(..., company_id => ...), or audit.act_as(..., company_id => ...).')
  // As of an application that knows no companies, beside one that does.
  await db.superuser.query('begin')
  try {
    await db.superuser.query(`select audit.track('app.customer', 'customer', '{name}')`)
    assert.not.match((await ask('companies')).finding, /exported/)
  } finally {
    await db.superuser.query('rollback')
  }
})

it('says nothing that a client in LATIN1 cannot show', async () => {
  const client = await db.as('postgres')
  await client.query(`set client_encoding = 'LATIN1'`)
  await db.superuser.query('alter table app.cv disable trigger audit_capture')
  try {
    const { rows } = await client.query('select * from audit.health')
    assert.ok(rows.length > 15)
    const { rows: [all] } = await db.superuser.query<{ code: string }>(`select string_agg(pg_get_functiondef(p.oid), '') as code from pg_proc p where p.oid in ('audit_private.health_rows()'::regprocedure) or p.pronamespace = 'audit_private'::regnamespace and p.proname ~ '_findings$'`)
    assert.equal([...(all?.code ?? '').matchAll(/[^\x00-\x7F]/g)].map(([sign]) => sign), [])
  } finally {
    await db.superuser.query('alter table app.cv enable always trigger audit_capture')
  }
})

it.run()

const whole = suite('A setting of the whole server')
whole('is told while it is in effect, in whatever spelling, and not once it is reset', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'audit-log-settings-'))
  chmodSync(folder, 0o755)
  const server = await startEmbedded({ folder, temporary: true, ...programsUnderTest() })
  const client = new pg.Client({ connectionString: server.url('postgres', 'postgres') })
  try {
    await migrate({ connectionString: server.url('postgres', 'postgres'), includeCurrent: true })
    await client.connect()
    const before = await ask('settings', client)
    assert.not.match(before.finding, /is set/)
    const major = Number((await client.query(`select current_setting('server_version_num')::integer / 10000 as major`)).rows[0].major)
    for (const [setting, value] of [['session_replication_role', 'Replica'], ['row_security', 'no'], ...(major >= 17 ? [['event_triggers', 'f']] : [])] as const) {
      const until = async (expected: RegExp | null): Promise<void> => {
        for (let tries = 0; ; tries += 1) {
          const now = await ask('settings', client)
          if (expected === null ? now.finding === before.finding : expected.test(now.finding)) return
          assert.ok(tries < 50, now.finding)
          await sleep(100)
        }
      }
      await client.query(`alter system set ${setting} = '${value}'`)
      await client.query('select pg_reload_conf()')
      await until(new RegExp(`${setting}=\\w+ is set for the server: `))
      await client.query(`alter system reset ${setting}`)
      await client.query('select pg_reload_conf()')
      await until(null)
    }
    // What a session has for itself is its own.
    await client.query('set session_replication_role = replica; set row_security = off')
    assert.equal(await ask('settings', client), before)
  } finally {
    await client.end()
    await server.stop()
  }
})

whole.run()
