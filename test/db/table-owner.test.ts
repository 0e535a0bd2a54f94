import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { refused } from '../harness/refused.ts'

let database: TestDatabase

const run = (statements: string): Promise<void> => database.run(statements)
const rowsOf = async (query: string, values: readonly unknown[] = []): Promise<unknown[]> => (await database.superuser.query(query, [...values])).rows

const installers = suite('A table owner who may attach')
installers.before(async () => {
  database = await makeTestDatabase()
  await database.superuser.query(`
    do $$ begin create role test_installer login; exception when duplicate_object or unique_violation then null; end $$;
    grant audit_installer to test_installer;
    create schema own authorization test_installer; create schema foreign_schema; grant usage on schema foreign_schema, app to test_installer;
    create table foreign_schema.theirs (id int primary key); create table foreign_schema.mine (id int primary key); alter table foreign_schema.mine owner to test_installer`)
})
installers.after(() => database.drop())

/** Runs something as the installer on a connection of the superuser, as a login of its own would. */
const asInstaller = (statements: string): Promise<void> => run(`set session authorization test_installer; ${statements}; reset session authorization`)

installers('tracks and untracks its own tables', async () => {
  await asInstaller(`
    create table own.parent (id int primary key, company int, name text); create table own.child (id int primary key, parent_id int references own.parent on delete cascade, gone boolean);
    create table own.part (id int primary key) partition by hash (id); create table own.part_0 partition of own.part for values with (modulus 1, remainder 0);
    select audit.track('own.parent', 'own_parent', '{name}', company => 'company');
    select audit.track('own.child', 'own_child', '{id}', company => 'parent_id.company', owner => 'parent_id', soft_delete => 'gone');
    select audit.track('own.part', 'own_part', '{id}');
    insert into own.parent values (1, 7, 'P'), (2, 7, 'Q'); insert into own.child values (1, 1), (2, 1); insert into own.part values (1);
    delete from own.parent where id = 1; delete from own.part; select audit.untrack('own.child')`)
  assert.equal(await rowsOf(`select object_kind, object_id, company_id, owner_label, db_user from audit.event where object_kind like 'own%' order by object_kind, object_id`), [
    { object_kind: 'own_child', object_id: '1', company_id: '7', owner_label: 'P', db_user: 'test_installer' },
    { object_kind: 'own_child', object_id: '2', company_id: '7', owner_label: 'P', db_user: 'test_installer' },
    { object_kind: 'own_parent', object_id: '1', company_id: '7', owner_label: null, db_user: 'test_installer' },
    { object_kind: 'own_part', object_id: '1', company_id: 'default', owner_label: null, db_user: 'test_installer' },
  ])
})

installers('cannot touch tables of others, neither by the functions nor behind them', async () => {
  for (const statement of [
    `select audit.track('app.cv', 'cv2', '{title}')`, `select audit.untrack('app.cv')`, `select audit_private.unregister('app.cv')`,
    `select audit_private.register_own('app."user"', 'user', '{email}', null, null, null, '{}', null)`,
  ]) await refused(asInstaller(statement), 'AU002', /belongs to another role/)
  for (const statement of [
    `select audit_private.register('app."user"', 'user', '{email}', null, null, null, '{}', null)`, `select * from audit_private.token_key`, `select * from audit.event`,
    `insert into audit.event (actor_status, action, object_kind, source, db_user) values ('verified', 'cv.deleted', 'cv', 'app', 'x')`,
    `create trigger audit_capture after delete on own.parent referencing old table as old_rows for each statement execute function audit_private.capture_app_cv()`,
  ]) await refused(asInstaller(statement), '42501')
  await asInstaller(`select audit_private.drop_capture('capture_app_cv')`)
  assert.is((await rowsOf(`select from pg_proc where proname = 'capture_app_cv'`)).length, 1)
})

installers('is told, before anything fails, when the log cannot read its schema or the table of another', async () => {
  const error = await refused(asInstaller(`select audit.track('foreign_schema.mine', 'mine', '{id}')`), 'AU002', /cannot be given the right to read/)
  assert.match(error.hint ?? '', /grant usage on schema foreign_schema to audit_agent/)
  assert.equal(await rowsOf(`select kind from audit.tracked_table where kind = 'mine'`), [])
})

installers('cannot make the log run its code: no view in the place of a table, no policy, no cast [case 10]', async () => {
  await asInstaller(`
    create function own.evil() returns int language plpgsql as $$ begin raise exception 'evil runs as %', current_user; end $$;
    create type own.mood as enum ('sad');
    create function own.mood_text(own.mood) returns text language plpgsql as $$ begin raise exception 'cast runs as %', current_user; end $$;
    create function own.mood_json(own.mood) returns json language plpgsql as $$ begin raise exception 'cast runs as %', current_user; end $$;
    create cast (own.mood as text) with function own.mood_text(own.mood) as implicit; create cast (own.mood as json) with function own.mood_json(own.mood);
    create table own.state (mood own.mood primary key, company own.mood, name text); create table own.person (id int primary key, mood own.mood, name text);
    select audit.track('own.state', 'state', '{mood}', company => 'company'), audit.track('own.person', 'person', '{mood}', company => 'mood->own.state.company', owner => 'mood->own.state');
    insert into own.state values ('sad', 'sad', 'n'); insert into own.person values (1, 'sad', 'x'), (2, 'sad', 'y'), (3, 'sad', 'z');
    delete from own.person where id = 1;
    alter table own.state enable row level security; create policy evil on own.state as restrictive using (own.evil() = 1); delete from own.person where id = 2;
    drop policy evil on own.state; alter table own.state disable row level security`)
  assert.equal(await rowsOf(`select object_label, owner_label, company_id from audit.event where object_kind = 'person' order by id`),
    [1, 2].map(() => ({ object_label: 'sad', owner_label: 'sad', company_id: 'sad' })))
  await run('alter event trigger audit_follow_changes disable')
  await refused(asInstaller(`
    alter table own.state rename to state_now; create view own.state as select mood, company, name from own.state_now where own.evil() = 1; grant select on own.state to audit_agent;
    delete from own.person where id = 3`), '55000', /view "state" is restricted/)
  await run('alter event trigger audit_follow_changes enable always')
})

installers.run()
