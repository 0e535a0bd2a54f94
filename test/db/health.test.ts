import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

const test = suite('The health of the log')
let db: TestDatabase

test.before(async () => { db = await makeTestDatabase() })
test.after(() => db.drop())

/** Expects that a statement of a superuser turns one check to that status, with a finding that matches; and undoes it. */
function found(name: string, statement: string, check: string, status: 'failed' | 'warning', finding: RegExp): void {
  test(name, async () => {
    const ask = async (): Promise<{ status: string; finding: string; what_to_do: string }> => {
      await db.superuser.query('set local role audit_dba')
      const { rows: [row] } = await db.superuser.query(`select status, coalesce(finding, '') as finding, what_to_do from audit.health where check_name = $1`, [check])
      await db.superuser.query('reset role')
      return row
    }
    await db.superuser.query('begin')
    try {
      assert.not.match((await ask()).finding, finding)
      await db.superuser.query(statement)
      const after = await ask()
      assert.match(after.finding, finding)
      assert.is(after.status, status)
      assert.is.not(after.what_to_do, 'Nothing.')
    } finally {
      await db.superuser.query('rollback')
    }
  })
}

found('a rule that swallows entries is found [case 24]', 'create rule nothing as on insert to audit.event do instead nothing', 'definitions', 'failed', /rule nothing on audit\.event was added/)
found('a trigger that was added to the entries is found', 'create function public.f() returns trigger language plpgsql as $$begin return null; end$$; create trigger swallow before insert on audit.event for each row execute function public.f()', 'definitions', 'failed', /trigger swallow on audit\.event was added/)
found('a policy that was added is found', 'create policy everything on audit.event for select to public using (true)', 'definitions', 'failed', /policy everything on audit\.event was added/)
found('a guard that was disabled is found', 'alter table audit.event disable trigger guard_change', 'definitions', 'failed', /trigger guard_change on audit\.event was changed/)
found('row-level security that was switched off is found', 'alter table audit.event disable row level security', 'definitions', 'failed', /relation audit\.event was changed/)
found('entries that do not survive a crash are found [case 25]', 'alter table audit.event set unlogged', 'definitions', 'failed', /relation audit\.event was changed/)
found('a function that was emptied is found [case 23]', `create or replace function audit.act_as(actor_id text, actor_name text default null, source text default 'app', company_id text default null, request_id text default null, on_behalf_of text default null, reason text default null) returns void language plpgsql as 'begin end'`, 'definitions', 'failed', /function audit\.act_as.* was changed/)
found('a right that was granted is found', 'grant update on audit.event to consultant_app', 'definitions', 'failed', /relation audit\.event was changed/)
found('an index that is missing is found', 'drop index audit.event_company_id_occurred_at_id_idx', 'definitions', 'failed', /index audit\.event_company_id_occurred_at_id_idx is missing/)
found('a capture function that was emptied, and has its settings still, is found [case 23]', `do $do$ declare settings text; begin
  select string_agg(format('set %s to %s', split_part(c, '=', 1), replace(quote_literal(split_part(c, '=', 2)), ', ', ''', ''')), ' ') into settings from pg_proc, unnest(proconfig) c where proname = 'capture_app_cv';
  execute 'create or replace function audit_private.capture_app_cv() returns trigger language plpgsql security definer ' || settings || $body$ as 'begin return null; end'$body$; end $do$`, 'triggers', 'failed', /app\.cv: function capture_app_cv was changed/)
found('a capture function that was emptied is found [case 23]', `create or replace function audit_private.capture_app_cv() returns trigger language plpgsql as 'begin return null; end'`, 'triggers', 'failed', /app\.cv: function capture_app_cv was changed/)
found('a capture trigger with a condition is found [case 24]', `create or replace trigger audit_capture after delete on app.cv referencing old table as old_rows for each statement when (false) execute function audit_private.capture_app_cv(); alter table app.cv enable always trigger audit_capture`, 'triggers', 'failed', /app\.cv: trigger audit_capture has a condition/)
found('a table that goes along unseen is found', 'create table app.note (id int primary key, user_id bigint references app."user" on delete cascade)', 'foreign keys', 'warning', /takes rows of app\.note along/)
found('a trigger that calls something else is found', 'create or replace trigger audit_capture after delete on app.cv referencing old table as old_rows for each statement execute function audit_private.capture_app_role()', 'triggers', 'failed', /app\.cv: trigger audit_capture calls capture_app_role instead of capture_app_cv/)
found('a trigger that was dropped is found', 'drop trigger audit_capture on app.cv', 'triggers', 'failed', /app\.cv: trigger audit_capture is missing/)
found('a tracked table that went unseen is found', 'alter event trigger audit_record_drops disable; drop table app.cv', 'tables', 'failed', /of kind cv is gone/)
found('a column that the log may not read any more is found', 'revoke select on app.customer from audit_agent', 'columns', 'failed', /app\.contact: the log may not read column name of app\.customer/)
found('a function that somebody has marked leakproof is found', `create function public.f(text) returns boolean language sql immutable leakproof as 'select true'`, 'rights', 'warning', /Function public\.f\(text\) is marked leakproof/)

found('a guard trigger that was dropped is found', 'drop trigger guard_insert on audit.event', 'definitions', 'failed', /trigger guard_insert on audit\.event is missing/)
found('an event trigger that was disabled is found', 'alter event trigger audit_follow_changes disable', 'definitions', 'failed', /event trigger audit_follow_changes was changed/)
found('a policy with another condition is found', 'alter policy select_own_company on audit.event using (true)', 'definitions', 'failed', /policy select_own_company on audit\.event was changed/)
found('a function of one expression that was changed is found', `create or replace function audit_private.clean_text(given text, most integer) returns text language sql immutable parallel safe return given`, 'definitions', 'failed', /function audit_private\.clean_text\(text,integer\) was changed/)
found('a table that inherits from the entries is found', 'create table public.more () inherits (audit.event)', 'definitions', 'failed', /relation audit\.event was changed/)
found('a right on the private schema is found', 'grant usage on schema audit_private to consultant_app', 'definitions', 'failed', /schema audit_private was changed/)
found('a schema that the log may not look into any more is found', 'revoke usage on schema app from audit_agent', 'columns', 'failed', /app\.contact: the log may not look into schema app any more, where it reads app\.customer/)
found('a row-level security that the agent cannot see past is found', 'alter table app.customer enable row level security; alter role audit_agent nobypassrls', 'columns', 'failed', /row-level security hides app\.customer from the log/)
found('a company that was lost with a dropped table is found', 'drop table app.customer cascade', 'columns', 'failed', /app\.contact: its entries lack the company and the owner since the path led over app\.customer, which was dropped/)
found('a new partition without its trigger, where no event trigger gives it one, is found by name [case 60]', `
  create table app.line (id int, region text, primary key (id, region)) partition by list (region); select audit.track('app.line', 'line', '{id}'); alter event trigger audit_attach_parts disable;
  create table app.line_n partition of app.line for values in ('n')`, 'triggers', 'failed', /app\.line_n: trigger audit_truncate is missing/)
found('a row-level trigger that is off in one partition is found, also that of a soft delete [case 24]', `
  create table app.line (id int, region text, gone_at date, primary key (id, region)) partition by list (region); create table app.line_n partition of app.line for values in ('n');
  select audit.track('app.line', 'line', '{id}', soft_delete => 'gone_at'); alter table app.line_n disable trigger audit_soft_delete_move, disable trigger audit_restore`,
  'triggers', 'failed', /^app\.line_n: trigger audit_restore is disabled\. app\.line_n: trigger audit_soft_delete_move is disabled\.$/)
found('a table without a company beside others that have one is found', `create table app.note (id int primary key); select audit.track('app.note', 'note', '{id}')`,
  'companies', 'warning', /^app\.note was tracked without a company: its entries stand under company 'default', while those of app\.\w+ .*name theirs\.$/)
found('a tracked table that a crash would empty is found [case 25]', 'drop table app.api_key; alter table app.cv set unlogged', 'tables', 'warning', /app\.cv is unlogged/)
found('a rule that turns deletions into nothing is found', 'create rule keep as on delete to app.cv do instead nothing', 'tables', 'warning', /app\.cv: rule keep can turn a deletion into something else/)
found('a partition that was detached is found [case 60]', `
  create table app.line (id int, region text, primary key (id, region)) partition by list (region); create table app.line_n partition of app.line for values in ('n');
  select audit.track('app.line', 'line', '{id}'); alter table app.line detach partition app.line_n`, 'untracked', 'warning', /app\.line_n was part of a tracked table, but is no longer/)
found('a table that an application would delete from first is found', 'create table app.note (id int primary key, about bigint references app."user")', 'untracked', 'warning', /app\.note points to app\."user" and is not tracked/)
found('a table that points to a tracked one by its name only is found', 'create table app.timesheet (id int primary key, project_id bigint)', 'untracked', 'warning', /app\.timesheet has a column project_id like those of app\.project/)
found('a setting of the database that silences event triggers or foreign keys is found', `do $$ begin execute format('alter database %I set session_replication_role = replica', current_database()); end $$`, 'settings', 'warning', /session_replication_role=replica is set for database test_/)
found('a rule that deletions do not know is found [case 70]', `alter table audit_private.strict_company disable trigger all; insert into audit_private.strict_company (company_id) values ('1')`, 'settings', 'failed', /Deletions do not know the rules/)
found('a bound login that deletions do not know is found [case 70]', `alter table audit_private.bound_source disable trigger all; update audit_private.bound_source set source = 'sql' where login = 'consultant_job'`, 'settings', 'failed', /Deletions do not know the rules/)
found('a source that is bound to a login which is not there any more is found', `create role test_renamed login; select audit.bind_source('test_renamed', 'api'); alter role test_renamed rename to test_renamed_too`, 'settings', 'warning', /Source api is bound to login test_renamed, which is not there/)
found('a subscription that fills a tracked table is found', `
  create subscription from_elsewhere connection 'dbname=nowhere' publication p with (connect = false);
  insert into pg_subscription_rel (srsubid, srrelid, srsubstate) select oid, 'app.cv'::regclass, 'r' from pg_subscription where subname = 'from_elsewhere'`, 'replication', 'warning', /app\.cv is filled by subscription from_elsewhere/)
found('a subscription that writes entries is found', `
  create subscription from_elsewhere connection 'dbname=nowhere' publication p with (connect = false);
  insert into pg_subscription_rel (srsubid, srrelid, srsubstate) select oid, 'audit.event'::regclass, 'r' from pg_subscription where subname = 'from_elsewhere'`, 'replication', 'failed', /Subscription from_elsewhere writes to audit\.event/)

test('a server that does not wait for its disk is found', async () => {
  // As the one of the tests.
  const { rows: [row] } = await db.superuser.query(`select status, finding from audit.health where check_name = 'settings'`)
  assert.is(row.status, 'warning')
  assert.match(row.finding, /fsync is off/)
})

test('a login that forgets to say who acts is found, with how often', async () => {
  const app = await db.as('consultant_app')
  const remove = async (times: number): Promise<void> => {
    for (let n = 0; n < times; n += 1) await app.query('delete from app.cv where id = (select min(id) from app.cv)')
  }
  const finding = async (): Promise<unknown> => (await db.superuser.query(`select status, finding from audit.health where check_name = 'actors'`)).rows[0]
  await remove(4)
  await db.superuser.query('delete from app.cv where id in (select id from app.cv order by id limit 10)')
  assert.equal(await finding(), { status: 'ok', finding: null })
  await remove(1)
  assert.equal(await finding(), { status: 'warning', finding: 'Login consultant_app named nobody for 5 of its 5 latest deletions.' })
  await app.query(`begin; select audit.act_as('7'); delete from app.contact; commit`)
  assert.equal(await finding(), { status: 'ok', finding: null })
})

test('transactions of others that are open too long are found, prepared ones too [case 95]', async () => {
  const app = await db.as('consultant_app')
  await app.query(`set application_name = 'forgetful'; begin; select pg_current_xact_id()`)
  await db.superuser.query(`begin; delete from app.cv where id = (select min(id) from app.cv); prepare transaction 'forgotten_${db.name}'`)
  const dba = await db.as('postgres')
  await dba.query('set role audit_owner')
  const { rows } = await dba.query<{ finding: string }>(`select finding from audit_private.operation_findings('-1 second') where check_name = 'transactions'`)
  const findings = rows.map(({ finding }) => finding).join(' ')
  assert.match(findings, new RegExp(`of database ${db.name} \\(consultant_app\\) has had a transaction open for`))
  assert.match(findings, new RegExp(`Prepared transaction 'forgotten_${db.name}' of database ${db.name} has waited for`))
  await app.query('rollback')
  await db.superuser.query(`rollback prepared 'forgotten_${db.name}'`)
})

test('a session that quotes all names sees the same health, and attaches the same', async () => {
  const session = await db.as('postgres')
  await session.query('set quote_all_identifiers = on; set search_path = app, audit, audit_private')
  await session.query(`create table app.quoted (id int primary key, name text); select audit.track('app.quoted', 'quoted', '{name}'); alter table app.quoted add column more text`)
  const failed = `select check_name, finding from audit.health where status = 'failed'`
  assert.equal((await session.query(failed)).rows, [])
  assert.equal((await db.superuser.query(failed)).rows, [])
})

test('the state of a table says that the log may not read what it needs there, as long as that is so', async () => {
  const state = async (): Promise<unknown> => (await db.superuser.query(`select is_working, state from audit.tracked_table where kind = 'contact'`)).rows[0]
  const works = { is_working: true, state: 'Works.' }
  for (const [lost, back, name] of [
    ['revoke select on app.customer from audit_agent', 'grant select on app.customer to audit_agent', 'column company_id of app.customer'],
    ['revoke usage on schema app from audit_agent', 'grant usage on schema app to audit_agent', 'app.customer, as it may not look into its schema,'],
  ] as const) {
    assert.equal(await state(), works)
    await db.superuser.query(lost)
    const found = await state()
    await db.superuser.query(back)
    assert.equal(found, { is_working: false, state: `The log may not read ${name} any more.` })
  }
  assert.equal(await state(), works)
})

const majors = suite('An upgrade of PostgreSQL to another major version')
majors.before.each(async () => {
  db = await makeTestDatabase()
  // As pg_upgrade leaves it: the fingerprints of another major version, which words a view and a policy differently.
  await db.superuser.query(`update audit_private.released set server_major = server_major - 1, shown = case when object in ('relation audit.act', 'policy select_own_company on audit.event') then 'other words' else shown end`)
})
majors.after.each(() => db.drop())
const definitions = async (): Promise<{ status: string; finding: string | null }> => (await db.superuser.query(`select status, finding from audit.health where check_name = 'definitions'`)).rows[0]

majors('is a warning that says what to do, not a failure', async () => {
  const { status, finding } = await definitions()
  assert.is(status, 'warning')
  assert.match(finding ?? '', /The fingerprints are of PostgreSQL \d+, and this is \d+, .*\(now: policy select_own_company on audit\.event, relation audit\.act\).*audit\.renew_fingerprints\(\)/)
})

majors('does not hide what somebody has changed besides', async () => {
  await db.superuser.query('alter table audit.event disable trigger guard_change; drop index audit.event_company_id_occurred_at_id_idx; create policy everything on audit.event using (true)')
  const { status, finding } = await definitions()
  assert.is(status, 'failed')
  for (const words of ['trigger guard_change on audit.event was changed', 'index audit.event_company_id_occurred_at_id_idx is missing', 'policy everything on audit.event was added']) assert.match(finding ?? '', words)
  await db.superuser.query('select audit.renew_fingerprints()')
  assert.is((await definitions()).status, 'failed')
})

majors('ends when a superuser renews the fingerprints, which is an entry; once, and nobody else may', async () => {
  for (const login of ['consultant_app', 'audit_reader', 'consultant_owner']) {
    const code = await db.inTransactionAs(login, {}, (client) => client.query('select audit.renew_fingerprints()').then(() => 'allowed', (error: { code: string }) => error.code))
    assert.is(code, '42501', login)
  }
  assert.equal((await db.superuser.query('select audit.renew_fingerprints() as n')).rows, [{ n: 2 }])
  assert.equal(await definitions(), { status: 'ok', finding: null })
  const { rows: [entry] } = await db.superuser.query(`select company_id, details, audit.sentence(e) as said from audit.event e where action = 'log.fingerprints_renewed'`)
  assert.is(entry.company_id, null)
  assert.equal(entry.details.reworded, ['policy select_own_company on audit.event', 'relation audit.act'])
  assert.is(entry.said, 'Database login postgres: renewed the fingerprints of the audit log after an upgrade of the server')
  const code = await db.superuser.query('select audit.renew_fingerprints()').then(() => 'allowed', (error: { code: string }) => error.code)
  assert.is(code, 'AU002')
})

test('a member of audit_owner, a login with BYPASSRLS and the right to set session_replication_role are found [case 20]', async () => {
  const name = `weak_${process.pid}`
  await db.superuser.query(`create role ${name} login bypassrls; grant audit_owner to ${name}; grant set on parameter session_replication_role to ${name}`)
  try {
    const { rows } = await db.superuser.query(`select status, finding from audit.health where check_name = 'rights'`)
    assert.is(rows[0].status, 'warning')
    for (const words of ['is a member of audit_owner', 'has BYPASSRLS', 'may set session_replication_role']) assert.match(rows[0].finding, `${name} ${words}`)
  } finally {
    await db.superuser.query(`revoke all on parameter session_replication_role from ${name}; drop role ${name}`)
  }
})

test('a login that reads as an administrator without being asked is found', async () => {
  const name = `reading_${process.pid}`
  await db.superuser.query(`create role ${name} login in role audit_admin`)
  try {
    const { rows } = await db.superuser.query(`select status, finding from audit.health where check_name = 'audit_admin'`)
    assert.is(rows[0].status, 'warning')
    assert.match(rows[0].finding, `${name} inherits audit_admin`)
  } finally {
    await db.superuser.query(`drop role ${name}`)
  }
})

test('nobody but a DBA may ask', async () => {
  for (const login of ['consultant_app', 'audit_server']) {
    const client = await db.as(login)
    const refusal = await client.query('select * from audit.health').then(() => 'allowed', (error: { code: string }) => error.code)
    assert.is(refusal, '42501')
  }
})

test.run()
majors.run()
