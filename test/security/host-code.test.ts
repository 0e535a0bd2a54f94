import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

/*
 * PostgreSQL runs code of a table's owner in whatever reads the table: the planner evaluates constant calls in the
 * expressions of its indexes, a view calls its functions. Here such code tries what the owner of the log could do.
 */
const test = suite('Code of the host that runs when the log reads its tables')
let db: TestDatabase

/** Tries everything and notes who it was and what worked, as far as it is let. */
const attack = `
  create schema mal;
  create table mal.tried (what text, as_role text);
  grant usage on schema mal to public; grant insert, select on mal.tried to public;
  create function mal.attempt() returns void language plpgsql volatile as $$
  declare
    statement text;
  begin
    if current_user not in ('audit_owner', 'audit_agent') then return; end if;
    foreach statement in array array[
      'update audit.event set actor_name = ''Innocent''', 'delete from audit.event', 'truncate audit.event',
      'alter table audit.event disable trigger guard_change', 'drop trigger guard_change on audit.event',
      'select inner_key from audit_private.context_key', 'select inner_key from audit_private.token_key',
      'select audit_private.context_signature(''x'')', 'update audit_private.tracked set mask = ''{}''',
      'create or replace function audit_private.clean_text(given text, most integer) returns text language sql return given',
      'create function audit_private.mine() returns int language sql return 1', 'set role audit_owner',
      'insert into audit_private.administrator values (''1'', ''mallory'', ''Mallory'', ''en'')',
      -- The agent owns the functions that it runs.
      'drop function audit_private.capture_app_cv() cascade', 'alter function audit_private.capture_app_cv() reset all', 'drop owned by audit_agent cascade',
      'alter function audit_private.administrator_row(text, text) set search_path = mal, pg_catalog', 'grant execute on function audit_private.administrator_row(text, text) to public',
      'comment on function audit_private.administrator_row(text, text) is ''mine''', 'create temp table mine (id int)', 'select object_label from audit.event',
      'insert into audit.event (actor_status, action, object_kind, source, db_user) values (''verified'', ''cv.deleted'', ''cv'', ''app'', ''consultant_app'')',
      'insert into audit.event (actor_status, action, object_kind, source, db_user, transaction_id) values (''verified'', ''cv.deleted'', ''cv'', ''app'', session_user, ''3'')'] loop
      begin
        execute statement;
        insert into mal.tried values (statement, current_user);
      exception when others then null;
      end;
    end loop;
    insert into mal.tried values ('ran', current_user);
  end $$;
  create function mal.constant(int) returns int language plpgsql immutable as $$ begin perform mal.attempt(); return $1; end $$;
  create function mal.name() returns text language plpgsql volatile as $$ begin perform mal.attempt(); return 'Mallory'; end $$;`

test.before.each(async () => {
  db = await makeTestDatabase()
  await db.superuser.query(attack)
})
test.after.each(() => db.drop())

const tried = async (): Promise<unknown[]> => (await db.superuser.query('select distinct what, as_role from mal.tried order by 1')).rows

test('cannot become the owner through an index of a table on a path', async () => {
  await db.superuser.query(`
    create table mal.parent (id int primary key, company_id int, name text);
    create table mal.child (id int primary key, parent_id int references mal.parent, name text);
    insert into mal.parent values (1, 1, 'P'); insert into mal.child values (1, 1, 'C');
    create index on mal.parent ((id + mal.constant(1)));
    select audit.track('mal.child', 'mal_child', '{name}', company => 'parent_id.company_id', owner => 'parent_id');
    truncate mal.tried;`)
  const login = await db.as('postgres')
  const entries = 'select count(*)::int as n from audit.event'
  const before = (await db.superuser.query<{ n: number }>(entries)).rows[0]?.n ?? 0
  await login.query('delete from mal.child')
  assert.is((await db.superuser.query<{ n: number }>(entries)).rows[0]?.n, before + 1)
  assert.equal(await tried(), [{ what: 'ran', as_role: 'audit_agent' }])
})

test('cannot become the owner through the view that says who may read', async () => {
  await db.superuser.query(`
    create view mal.administrator as select '1' as company_id, '1' as user_id, mal.name() as name, 'en' as locale;
    select audit.read_access_from('mal.administrator', 'app.company_access');
    truncate mal.tried;`)
  const [answer, after] = await db.inTransactionAs('audit_admin', { 'audit.company_id': '1', 'audit.viewer_id': '1' }, async (client) => [
    (await client.query('select (audit.viewer()).access')).rows,
    (await client.query('select distinct what, as_role from mal.tried')).rows,
  ])
  assert.equal(answer, [{ access: 'granted' }])
  assert.equal(after, [{ what: 'ran', as_role: 'audit_agent' }])
})

test.run()
