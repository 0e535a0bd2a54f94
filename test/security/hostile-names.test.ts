import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Client } from 'pg'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

/*
 * Whoever attaches tables gives them their names, and the log writes these names into functions and triggers with rights
 * that the owner of the tables does not have.
 */
const test = suite('Somebody who may attach tables, and gives them names that are code')
let db: TestDatabase
let installer: Client

test.before(async () => {
  db = await makeTestDatabase()
  await db.superuser.query(`
    do $$ begin create role hostile_installer nologin; exception when duplicate_object then null; end $$;
    grant audit_installer to hostile_installer;
    create schema hostile authorization hostile_installer;
    grant usage on schema hostile to public;
    create table hostile.ran (as_role text);
    grant insert on hostile.ran to public;
    create function hostile.run() returns void language sql as 'insert into hostile.ran values (current_user)';
    create function hostile.fire() returns trigger language plpgsql as 'begin return null; end';`)
  installer = await db.as('postgres')
  await installer.query('set session authorization hostile_installer; set check_function_bodies = off')
})

test.after(async () => db.drop())

const whoRan = async (): Promise<string[]> => (await db.superuser.query<{ as_role: string }>('select as_role from hostile.ran')).rows.map(({ as_role }) => as_role)

test('finds that a relation whose name ends a function is only a relation, for administrators', async () => {
  await installer.query(`
    create table hostile."$body$;select hostile.run();select $body$" (company_id text, user_id text, name text, locale text);
    create table hostile.companies (company_id text, name text, has_audit_log boolean, time_zone text, contact text);
    select audit.read_access_from('hostile."$body$;select hostile.run();select $body$"', 'hostile.companies')`)
  assert.equal(await whoRan(), [])
})

test('finds that a relation whose name ends a function is only a relation, for companies', async () => {
  await installer.query(`
    create table hostile."$body$;select hostile.run();" (company_id text, name text, has_audit_log boolean, time_zone text, contact text);
    create table hostile.administrators (company_id text, user_id text, name text, locale text);
    select audit.read_access_from('hostile.administrators', 'hostile."$body$;select hostile.run();"')`)
  assert.equal(await whoRan(), [])
})

test('finds that a column whose name is a template is only a column when triggers are made anew', async () => {
  const table = 'hostile." is null))execute function hostile.fire();select hostile.run();--"'
  await installer.query(`
    create table ${table} (id int primary key, d timestamptz, "chostile." int);
    select audit.track('${table}', 'hostile', '{id}', soft_delete => 'd');
    alter table ${table} rename d to "c%2$s"`)
  await db.superuser.query(`drop trigger audit_soft_delete on ${table}`)
  await db.superuser.query(`select audit_private.write_capture(target), audit_private.attach(target) from audit_private.tracked where kind = 'hostile'`)
  const { rows: [made] } = await db.superuser.query(`select pg_get_triggerdef(oid) as code from pg_trigger where tgname = 'audit_soft_delete' and tgrelid = '${table}'::regclass`)
  assert.match(made.code, /"c%2\$s"/)
  assert.equal(await whoRan(), [])
})

test('cannot drop what captures a part of the deletions from somebody else\'s table', async () => {
  const count = async () => (await db.superuser.query(`select count(*)::int as n from pg_trigger g join pg_proc p on p.oid = g.tgfoid where g.tgrelid = 'app.customer'::regclass and p.proname like 'capture%'`)).rows[0].n
  const before: number = await count()
  const { rows } = await db.superuser.query<{ name: string }>(`select p.proname as name from pg_trigger g join pg_proc p on p.oid = g.tgfoid where g.tgrelid = 'app.customer'::regclass and p.proname like 'capture%'`)
  for (const { name } of rows) await installer.query('select audit_private.drop_capture($1)', [name])
  assert.ok(before > 1)
  assert.is(await count(), before)
})

test('gives nobody the entries of a company without a name', async () => {
  await db.superuser.query(`
    create table app.nameless (id int primary key, title text, company text);
    select audit.track('app.nameless', 'nameless', '{title}', company => 'company');
    insert into app.nameless values (1, 'Secret plan', '');
    delete from app.nameless`)
  for (const kept of [false, true]) {
    if (kept) await db.superuser.query('select audit.keep(100000)')
    await db.inTransactionAs('audit_admin', {}, async (client) => {
      const { rows: [row] } = await client.query(`select (select count from audit.event_count('{}')) as count, (select count(*) from audit.event_facets('{"query": "Secret"}')) as facets,
        (select coalesce(sum(deletions + exports + others), 0) from audit.event_histogram('{}')) as histogram, (select count(*) from audit.find_events('{}')) as entries`)
      assert.equal(Object.values(row).map(Number), [0, 0, 0, 0])
    })
  }
})

test('finds that an act of another company is none, in lists, totals and exports alike', async () => {
  await db.superuser.query(`
    create table app.par (id int primary key, title text, company text);
    create table app.chi (id int primary key, title text, company text, par int references app.par on delete cascade);
    select audit.track('app.par', 'par', '{title}', company => 'company');
    select audit.track('app.chi', 'chi', '{title}', company => 'company');
    insert into app.par values (1, 'Parent', '2'); insert into app.chi values (1, 'Child', '1', 1);
    delete from app.par`)
  const { rows: [{ act }] } = await db.superuser.query(`select id::text as act from audit.event where action = 'par.deleted'`)
  await db.superuser.query(`select audit.read_access_from('app.company_administrator', 'app.company_access')`)
  const { rows: [viewer] } = await db.superuser.query<{ id: string }>(`select user_id::text as id from app.company_administrator where company_id = 1 limit 1`)
  await db.inTransactionAs('audit_admin', { 'audit.company_id': '1', 'audit.viewer_id': viewer?.id ?? '' }, async (client) => {
    const filter = JSON.stringify({ act })
    const { rows: [{ code }] } = await client.query('select audit.filter_code($1) as code', [filter])
    const { rows: [row] } = await client.query(`select (select count from audit.event_count($1)) as count, (select count(*) from audit.find_events($1)) as entries, (select count(*) from audit.event where ${code}) as exported, (select count from audit.event_count('{"objectKind": "chi"}')) as seen`, [filter])
    assert.equal(Object.values(row).map(Number), [0, 0, 0, 1])
  })
})

test.run()
