import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

const test = suite('The health of the log')
let db: TestDatabase

test.before.each(async () => { db = await makeTestDatabase() })
test.after.each(() => db.drop())

/** Expects that a statement of a superuser turns one check to that status, with a finding that matches. */
function found(name: string, statement: string, check: string, status: 'failed' | 'warning', finding: RegExp): void {
  test(name, async () => {
    const dba = await db.as('audit_reader')
    const question = { text: 'select status, coalesce(finding, \'\') as finding, what_to_do from audit.health where check_name = $1', values: [check] }
    const before = (await dba.query(question)).rows[0]
    assert.not.match(before.finding, finding)
    await db.superuser.query(statement)
    const after = (await dba.query(question)).rows[0]
    assert.is(after.status, status)
    assert.match(after.finding, finding)
    assert.is.not(after.what_to_do, 'Nothing.')
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
found('a capture function that was emptied is found [case 23]', `create or replace function audit_private.capture_app_cv() returns trigger language plpgsql as 'begin return null; end'`, 'triggers', 'failed', /app\.cv: function capture_app_cv was changed/)
found('a capture trigger with a condition is found [case 24]', `create or replace trigger audit_capture after delete on app.cv referencing old table as old_rows for each statement when (false) execute function audit_private.capture_app_cv(); alter table app.cv enable always trigger audit_capture`, 'triggers', 'failed', /app\.cv: trigger audit_capture has a condition/)
found('a table that goes along unseen is found', 'create table app.note (id int primary key, user_id bigint references app."user" on delete cascade)', 'foreign keys', 'warning', /takes rows of app\.note along/)
found('a trigger that calls something else is found', 'create or replace trigger audit_capture after delete on app.cv referencing old table as old_rows for each statement execute function audit_private.capture_app_role()', 'triggers', 'failed', /app\.cv: trigger audit_capture calls capture_app_role instead of capture_app_cv/)
found('a trigger that was dropped is found', 'drop trigger audit_capture on app.cv', 'triggers', 'failed', /app\.cv: trigger audit_capture is missing/)
found('a tracked table that went unseen is found', 'alter event trigger audit_record_drops disable; drop table app.cv', 'tables', 'failed', /of kind cv is gone/)
found('a column that the log may not read any more is found', 'revoke select on app.customer from audit_agent', 'columns', 'failed', /app\.contact: the log may not read column name of app\.customer/)
found('a function that somebody has marked leakproof is found', `create function public.f(text) returns boolean language sql immutable leakproof as 'select true'`, 'rights', 'warning', /Function public\.f\(text\) is marked leakproof/)

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
