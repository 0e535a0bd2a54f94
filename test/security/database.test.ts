import { createHmac } from 'node:crypto'
import type pg from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { refused } from '../harness/refused.ts'

/** Somebody with an own schema and the right to attach tables, who means harm: `mallory` of this test only. */
type Context = { database: TestDatabase; mallory: string }
const it = suite<Context>('Attacks from within the database', Object.create(null))

it.before(async (context) => {
  const database = await makeTestDatabase()
  const mallory = `mallory_${database.name}`
  Object.assign(context, { database, mallory })
  await database.superuser.query(`
    create role ${mallory}; grant audit_installer, audit_app to ${mallory};
    create schema app_cv authorization ${mallory}; create schema mal authorization ${mallory}`)
})
it.after(async ({ database, mallory }) => {
  await database.superuser.query(`drop owned by ${mallory} cascade; drop role ${mallory}`)
  await database.drop()
})

/** Runs statements as a login, all in one transaction. */
async function as(database: TestDatabase, login: string, statements: string): Promise<void> {
  await database.superuser.query(`set session authorization ${login}`)
  try {
    await database.superuser.query(statements)
  } finally {
    await database.superuser.query('reset session authorization')
  }
}
async function rows(client: pg.Client, query: string, values: readonly unknown[] = []): Promise<unknown[]> {
  return (await client.query<Record<string, unknown>>(query, [...values])).rows
}
const finding = async (client: pg.Client, check: string): Promise<string> =>
  (await client.query<{ finding: string | null }>('select finding from audit.health where check_name = $1', [check])).rows[0]?.finding ?? ''

/** Runs something in a transaction that is undone. */
async function undone(client: pg.Client, work: () => Promise<void>): Promise<void> {
  await client.query('begin')
  try {
    await work()
  } finally {
    await client.query('rollback')
  }
}

it('keeps the capture function of a table apart from those of a table with a similar name', async ({ database, mallory }) => {
  const sourceOf = `select prosrc from pg_proc where proname = 'capture_app_cv__truncate'`
  const before = await rows(database.superuser, sourceOf)
  await as(database, mallory, `create table app_cv._truncate (id int primary key, name text); select audit.track('app_cv._truncate', 'mine', '{name}')`)
  assert.equal(await rows(database.superuser, sourceOf), before)
  assert.is(await finding(database.superuser, 'triggers'), '')
  await undone(database.superuser, async () => {
    await database.superuser.query('truncate app.cv')
    assert.is((await rows(database.superuser, `select from audit.event where details ->> 'statement' = 'truncate' and action = 'cv.deleted' limit 1`)).length, 1)
  })
})

it('records a deletion from a partition though the login makes it look like a move to another one [case 58]', async ({ database }) => {
  await database.superuser.query(`
    create table mal.slot (id int primary key, name text) partition by hash (id);
    create table mal.slot_0 partition of mal.slot for values with (modulus 2, remainder 0); create table mal.slot_1 partition of mal.slot for values with (modulus 2, remainder 1);
    create table mal.invoice (number int, year int, name text, primary key (number, year)) partition by list (year);
    create table mal.invoice_25 partition of mal.invoice for values in (2025); create table mal.invoice_26 partition of mal.invoice for values in (2026);
    insert into mal.slot select n, 'slot ' || n from generate_series(1, 9) n;
    insert into mal.invoice select n, y, 'invoice' from generate_series(1, 3) n, (values (2025), (2026)) v (y);
    select audit.track('mal.slot', 'slot', '{name}'), audit.track('mal.invoice', 'invoice', '{name}');
    grant usage on schema mal to consultant_app; grant select, insert, update, delete on all tables in schema mal to consultant_app`)
  const app = await database.as('consultant_app')
  // An update that fails has begun, but never ends; the transaction goes on in the same statement.
  await app.query(`do $$ begin
    begin update mal.slot set name = name where 1 / (id - id) = 0; exception when others then null; end;
    perform set_config('audit.moving', format(' %s ', 'mal.slot'::regclass::oid), true);
    delete from mal.slot where id = 5;
  end $$`)
  // A deletion in the middle of an update that moves nothing.
  await app.query('with gone as (delete from mal.slot where id = 6 returning id) update mal.slot s set name = s.name from gone where s.id = -gone.id')
  // As many rows as one likes are put elsewhere in the same command, or before it: all of them look like the one that goes.
  await app.query(`do $$ begin
    update mal.slot set name = name where id = 1;
    insert into mal.slot select n, 'decoy' from generate_series(1001, 1009) n;
    begin update mal.slot set name = name where 1 / (id - id) = 0; exception when others then null; end;
    perform set_config('audit.moving', format(' %s ', 'mal.slot'::regclass::oid), true);
    delete from mal.slot where id = 1;
  end $$`)
  await app.query(`with decoy as (insert into mal.slot select n, 'decoy' from generate_series(2001, 2009) n returning id), gone as (delete from mal.slot where id = 2 returning id)
    update mal.slot s set name = s.name from gone, decoy where s.id = -gone.id - decoy.id`)
  await app.query(`with decoy as (insert into mal.slot select n, 'decoy' from generate_series(3001, 3009) n returning id), gone as (delete from mal.slot where id = 3 returning id),
    moved as (update mal.slot s set name = s.name from gone where s.id = -gone.id returning s.id) select from gone, decoy, moved`)
  await app.query(`create function pg_temp.remove(int) returns boolean language plpgsql as 'begin delete from mal.slot where id = 4 and $1 > 0; return false; end'`)
  await app.query(`with decoy as (insert into mal.slot select n, 'decoy' from generate_series(4001, 4009) n returning id) update mal.slot s set name = s.name where pg_temp.remove(s.id)`)
  await app.query(`merge into mal.slot s using (values (8, 108), (9, null)) v (id, new_id) on s.id = v.id when matched and v.new_id is null then delete when matched then update set id = v.new_id`)
  // The same, where another invoice has the same number.
  await app.query('with gone as (delete from mal.invoice where number = 1 and year = 2026 returning number) update mal.invoice i set name = i.name from gone where i.number = -gone.number')
  assert.equal(await rows(database.superuser, `select object_kind, object_id from audit.event where object_kind in ('slot', 'invoice') and action like '%.deleted' order by id`),
    // Where one command moves rows and deletes others, both are recorded: rather one entry too many.
    [...['5', '6', '1', '2', '3', '4', '8', '9'].map((object_id) => ({ object_kind: 'slot', object_id })), { object_kind: 'invoice', object_id: '[1, 2026]'.replace(/[12]\d*/g, (n) => `"${n}"`) }])
  await database.superuser.query('update mal.invoice set year = 2026 where number = 1; update mal.slot set id = 100 where id = 7; update mal.slot set id = 101 where id = 108')
  assert.is((await rows(database.superuser, `select from audit.event where object_kind in ('slot', 'invoice') and action like '%.deleted'`)).length, 9, 'moves are no deletions')
})

it('records a deletion though the same statement moves rows and names other tables, by whatever way it comes [case 58]', async ({ database }) => {
  await database.superuser.query(`
    create table mal.many (id int primary key, name text) partition by hash (id);
    create table mal.many_0 partition of mal.many for values with (modulus 2, remainder 0); create table mal.many_1 partition of mal.many for values with (modulus 2, remainder 1);
    create table mal.other (id int primary key, name text) partition by hash (id); create table mal.other_0 partition of mal.other for values with (modulus 1, remainder 0);
    insert into mal.many select n, 'many ' || n from generate_series(1, 60) n;
    create table mal.top (id int primary key, name text); create table mal.mid (id int primary key, top_id int, name text);
    create table mal.low (id int, top_id int references mal.top on delete cascade, mid_id int references mal.mid on delete cascade, name text, primary key (id)) partition by hash (id);
    create table mal.low_0 partition of mal.low for values with (modulus 2, remainder 0); create table mal.low_1 partition of mal.low for values with (modulus 2, remainder 1);
    alter table mal.mid add foreign key (top_id) references mal.top on delete cascade;
    insert into mal.top values (1, 'top'); insert into mal.mid values (1, 1, 'mid'); insert into mal.low select n, case when n > 8 then 1 end, case when n <= 8 then 1 end, 'low ' || n from generate_series(1, 12) n;
    select audit.track('mal.many', 'many', '{name}'), audit.track('mal.other', 'other', '{name}'), audit.track('mal.top', 'top', '{name}'), audit.track('mal.mid', 'mid', '{name}'), audit.track('mal.low', 'low', '{name}');
    grant select, insert, update, delete on all tables in schema mal to consultant_app`)
  const app = await database.as('consultant_app')
  const counted = async (kind: string): Promise<unknown> => (await rows(database.superuser, `select count(*)::int from audit.event where action = '${kind}.deleted'`))[0]
  await app.query(`with u as (update mal.many set id = id + 100 where id in (19, 20) returning id), d as (delete from mal.many where id <= 10 returning id), q as (delete from mal.other where false returning id)
    select (select count(*) from d), (select count(*) from u), (select count(*) from q)`)
  assert.equal(await rows(database.superuser, `select count(*)::int from audit.event where action = 'many.deleted' and object_id::int <= 10`), [{ count: 10 }])
  // Cascades come in waves, of which only the first has PostgreSQL fire the triggers before a statement.
  await app.query(`do $$ begin
    update mal.low set name = name; insert into mal.low select n, null, null, 'decoy' from generate_series(101, 109) n;
    begin update mal.low set id = 1 / (id - id); exception when others then null; end;
    perform set_config('audit.moving', format(' %s ', 'mal.low'::regclass::oid), true);
    delete from mal.top where id = 1;
  end $$`)
  assert.equal(await counted('low'), { count: 12 })
  // Code of a trigger moves rows, while those that the cascade has taken wait for their entries.
  await database.superuser.query(`
    insert into mal.top values (2, 'top'); insert into mal.low select n, 2, null, 'low ' || n from generate_series(201, 212) n;
    create function mal.meanwhile() returns trigger language plpgsql as 'begin update mal.low set id = id + 1000 where id between 101 and 109; return null; end';
    create trigger a_meanwhile after delete on mal.low for each row execute function mal.meanwhile()`)
  // Of rows that the same transaction has written, the command that takes them away cannot be seen.
  await app.query('begin'); await app.query('update mal.low set name = name where id between 201 and 212'); await app.query('delete from mal.top where id = 2'); await app.query('commit')
  assert.equal(await rows(database.superuser, `select count(*)::int from audit.event where action = 'low.deleted' and object_id::int between 201 and 212`), [{ count: 12 }])
  await app.query(`do $$ begin perform 1; delete from mal.low where id between 1101 and 1102; end $$`)
  // What a session notes is forgotten, or noted in other words, in the middle of the command.
  for (const [first, meanwhile] of [[21, 'discard sequences'], [31, `set timezone = 'Asia/Tokyo'`], [41, `set datestyle = 'German'`]] as const) {
    await app.query(`create or replace function pg_temp.meanwhile(int) returns boolean language plpgsql as $f$ begin
      execute $e$ ${meanwhile} $e$; update mal.many set name = name where false; return true; end $f$`)
    await app.query(`with u as (update mal.many set id = id + 100 where id between ${first + 2} and ${first + 9} returning id), d as (delete from mal.many where id in (${first}, ${first + 1}) and pg_temp.meanwhile(id) returning id) select (select count(*) from d), (select count(*) from u)`)
    assert.equal(await rows(database.superuser, `select count(*)::int from audit.event where action = 'many.deleted' and object_id in ('${first}', '${first + 1}')`), [{ count: 2 }], meanwhile)
  }
  await app.query('reset all')
})

it('records no deletion of rows that only move, though others are deleted elsewhere or before [case 58]', async ({ database }) => {
  await database.superuser.query(`
    create table mal.p (id int primary key, name text) partition by hash (id); create table mal.p_0 partition of mal.p for values with (modulus 2, remainder 0); create table mal.p_1 partition of mal.p for values with (modulus 2, remainder 1);
    create table mal.q (id int primary key, name text) partition by hash (id); create table mal.q_0 partition of mal.q for values with (modulus 2, remainder 0); create table mal.q_1 partition of mal.q for values with (modulus 2, remainder 1);
    insert into mal.p select n, 'p' from generate_series(1, 40) n; insert into mal.q select n, 'q' from generate_series(1, 40) n;
    select audit.track('mal.p', 'p', '{name}'), audit.track('mal.q', 'q', '{name}'); grant select, insert, update, delete on all tables in schema mal to consultant_app`)
  const app = await database.as('consultant_app')
  await app.query('with p as (update mal.p set id = id + 100 where id <= 10 returning id), q as (update mal.q set id = id + 100 where id <= 10 returning id) select (select count(*) from p), (select count(*) from q)')
  await app.query('begin'); await app.query('delete from mal.p where id = 40'); await app.query('update mal.p set id = id + 200 where id between 11 and 20'); await app.query('discard sequences')
  await app.query('commit'); await app.query('update mal.p set id = id + 300 where id between 21 and 25')
  await app.query(`do $$ begin delete from mal.q where id = 40; update mal.p set id = id + 400 where id between 26 and 30; end $$`)
  // A batch of one message, and code that deletes first.
  await app.query('delete from mal.p where id = 39; update mal.p set id = id + 600 where id in (36, 37, 38)')
  await app.query(`do $$ begin
    delete from mal.q where id = 39;
    update mal.q set id = id + 100 where id between 20 and 30 and name = name;
  end $$`)
  await app.query('merge into mal.p using (select n, n + 500 as m from generate_series(31, 35) n) v on p.id = v.n when matched then update set id = v.m')
  assert.equal(await rows(database.superuser, `select object_kind, object_id from audit.event where object_kind in ('p', 'q') and action like '%.deleted' order by id`), [['p', '40'], ['q', '40'], ['p', '39'], ['q', '39']].map(([object_kind, object_id]) => ({ object_kind, object_id })))
})

for (const [what, definition, told] of [
  ['fires at another moment', 'after insert on mal.doc referencing new table as old_rows for each statement', /does not fire when ours does/],
  ['fires for some columns only', 'after update of name on mal.doc for each row', /does not fire when ours does/],
  ['has a condition', 'after delete on mal.doc referencing old table as old_rows for each statement when (pg_trigger_depth() > 9)', /condition that is not ours/],
] as const) {
  it(`finds a trigger of the log that its owner has replaced by one that ${what} [case 24]`, async ({ database, mallory }) => {
    await undone(database.superuser, async () => {
      await database.superuser.query(`
        create table mal.doc (id int primary key, name text); alter table mal.doc owner to ${mallory}; set local session authorization ${mallory};
        select audit.track('mal.doc', 'doc', '{name}')`)
      assert.is(await findingAs(database), '')
      await database.superuser.query(`set local session authorization ${mallory}; create or replace trigger audit_capture ${definition} execute function audit_private.capture_mal_doc(); alter table mal.doc enable always trigger audit_capture`)
      assert.match(await findingAs(database), told)
    })
  })
}
const findingAs = async (database: TestDatabase): Promise<string> => {
  await database.superuser.query('reset session authorization')
  return finding(database.superuser, 'triggers')
}

it('finds a soft-delete trigger whose condition was changed [case 24]', async ({ database }) => {
  await undone(database.superuser, async () => {
    await database.superuser.query(`
      create table mal.note (id int primary key, name text, "Gone At" timestamptz, is_gone boolean);
      select audit.track('mal.note', 'note', '{name}', soft_delete => 'Gone At')`)
    assert.is(await finding(database.superuser, 'triggers'), '')
    await database.superuser.query(`
      create or replace trigger audit_soft_delete after update on mal.note for each row when (false) execute function audit_private.capture_mal_note__soft_delete();
      alter table mal.note enable always trigger audit_soft_delete`)
    assert.match(await finding(database.superuser, 'triggers'), /audit_soft_delete has a condition that is not ours/)
    await database.superuser.query(`select audit.track('mal.note', 'note', '{name}', soft_delete => 'is_gone')`)
    assert.is(await finding(database.superuser, 'triggers'), '')
  })
})

for (const [what, statement, check, told] of [
  ['a table that puts its rows among the entries', 'create table mal.forged () inherits (audit.event)', 'definitions', /relation audit.event was changed/],
  ['who may read, answered by somebody else', `create or replace function audit_private.administrator_row(company_id text, user_id text) returns audit_private.administrator language sql stable as $$ select $1, $2, 'x', 'en' $$`, 'definitions', /administrator_row.* was changed/],
  ['a constraint that is gone', 'alter table audit_private.bound_source drop constraint bound_source_source_check', 'definitions', /bound_source_source_check on audit_private.bound_source is missing/],
  ['a right to create in the schemas of the log', 'grant create on schema audit_private to consultant_app', 'definitions', /schema audit_private was changed/],
  ['an event trigger that is off', 'alter event trigger audit_record_drops disable', 'definitions', /event trigger audit_record_drops was changed/],
  ['an owner that may log in', 'alter role audit_owner login', 'rights', /audit_owner may log in/],
] as const) {
  it(`finds ${what} [case 23, 24]`, async ({ database }) => {
    assert.is(await finding(database.superuser, check), '')
    await undone(database.superuser, async () => {
      await database.superuser.query(statement)
      assert.match(await finding(database.superuser, check), told)
    })
  })
}

it('takes tables that audit.read_access_from names for its own from then on, also from an installer', async ({ database, mallory }) => {
  await undone(database.superuser, async () => {
    await database.superuser.query(`
      set local session authorization ${mallory};
      create table mal.administrators (company_id text, user_id text, name text, locale text); create table mal.companies (company_id text, name text, has_audit_log boolean, time_zone text, contact text);
      select audit.read_access_from('mal.administrators', 'mal.companies'); reset session authorization`)
    assert.is(await finding(database.superuser, 'definitions'), '')
  })
})

it('keeps an export that a verified person reports in the company of the token [case 150]', async ({ database }) => {
  const secret = 'a secret of the host application, 32 bytes and more'
  await database.superuser.query(`select audit.add_token_key('security', $1)`, [secret])
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const said = `${part({ alg: 'HS256', kid: 'security' })}.${part({ sub: '20', name: 'Jessica', company: '1', exp: Math.floor(Date.now() / 1000) + 60 })}`
  const app = await database.as('consultant_app')
  await undone(app, async () => {
    await app.query('select audit.act_as_token($1)', [`${said}.${createHmac('sha256', secret).update(said).digest('base64url')}`])
    await app.query(`select audit.record_export('customers', 1, company_id => '2')`)
    await app.query('commit')
  })
  assert.equal(await rows(database.superuser, `select company_id, actor_status, details from audit.event where action = 'customers.exported'`),
    [{ company_id: '1', actor_status: 'verified', details: { row_count: 1, company_asked_for: '2' } }])
})

it('keeps no constant of a statement that changes a tracked table [case 235]', async ({ database }) => {
  await undone(database.superuser, async () => {
    await database.superuser.query(`alter role consultant_job connection limit 5; create table mal.old (id int primary key, name text); select audit.track('mal.old', 'old', '{name}')`)
    await database.superuser.query(`drop table mal.old; comment on schema mal is 'canary-7f3a'`)
    assert.equal(await rows(database.superuser, `select details ->> 'statement' as statement from audit.event where action = 'table.dropped'`),
      [{ statement: 'drop table mal.old; comment on schema mal is …' }])
  })
})

for (const [role, reads] of [['pg_read_all_data', 'reads'], ['pg_write_all_data', 'writes']] as const) {
  it(`gives ${role} neither a key, nor an entry, nor a row of its own [case 23]`, async ({ database }) => {
    const { superuser } = database
    await superuser.query(`select audit.add_token_key('key ' || n, repeat('secret', 9) || n) from generate_series(1, 5) n; analyze audit_private.token_key`)
    await undone(superuser, async () => {
      await superuser.query(`create role everything_${reads}; grant ${role} to everything_${reads}; set local role everything_${reads}`)
      if (reads === 'reads') {
        for (const table of ['audit.event', 'audit.reading', 'audit.saved_view', 'audit_private.token_key', 'audit_private.context_key', 'audit_private.kept_event', 'audit_private.administrator']) {
          assert.equal(await rows(superuser, `select from ${table} limit 1`), [], table)
        }
        // What ANALYZE keeps of the columns is read past all policies.
        assert.equal(await rows(superuser, `
          select a.attname from pg_statistic s join pg_attribute a on a.attrelid = s.starelid and a.attnum = s.staattnum
           where s.starelid in ('audit_private.token_key'::regclass, 'audit_private.context_key'::regclass) and a.attname ~ '_key$'`), [])
      } else {
        for (const statement of [
          `insert into audit.event (actor_status, action, object_kind, source) values ('verified', 'cv.deleted', 'cv', 'app')`, `insert into audit_private.strict_company (company_id) values ('1')`,
          `insert into audit_private.administrator values ('1', 'mallory', 'Mallory', 'en')`, `insert into audit_private.context_key values ('\\x00', '\\x00')`,
        ]) {
          await superuser.query('savepoint before')
          await superuser.query(statement).then(() => assert.unreachable(statement), () => undefined)
          await superuser.query('rollback to before')
        }
        assert.is((await superuser.query(`update audit_private.token_key set issuer = 'mallory'`)).rowCount, 0)
        assert.is((await superuser.query(`delete from audit_private.tracked`)).rowCount, 0)
      }
    })
  })
}

it('takes a context that names nobody for none, also where a company wants an actor', async ({ database }) => {
  await undone(database.superuser, async () => {
    await database.superuser.query(`select audit.require_actor('1'); set local session authorization consultant_app`)
    for (const name of ['', '  ']) {
      await database.superuser.query(`savepoint before; select set_config('audit.context', concat_ws(e'\\x1f', pg_backend_pid() || '.' || (extract(epoch from transaction_timestamp()) * 1000000)::bigint,
        'asserted', '${name}', '${name}', 'app', '', '', '', '', '', '', ''), true)`)
      await refused(database.superuser.query('delete from app.cv where id = (select min(id) from app.cv)'), 'AU003', /somebody being named/)
      await database.superuser.query('rollback to before')
    }
  })
})

it('finds a login that may replicate [case 23]', async ({ database }) => {
  await undone(database.superuser, async () => {
    await database.superuser.query('alter role consultant_job replication')
    assert.match(await finding(database.superuser, 'rights'), /consultant_job has REPLICATION/)
  })
})

it('shows nobody in entries what they may not read themselves', async ({ database, mallory }) => {
  await undone(database.superuser, async () => {
    await database.superuser.query(`
      create table mal.paper (id int primary key, person int); alter table mal.paper owner to ${mallory};
      grant usage on schema app to ${mallory}; grant references on app."user" to ${mallory}; set local session authorization ${mallory}`)
    await refused(database.superuser.query(`select audit.track('mal.paper', 'paper', '{id}', owner => 'person->app.user')`), 'AU002', /may not read column/)
  })
})

it.run()
