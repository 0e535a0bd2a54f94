import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { refused } from '../harness/refused.ts'

const it = suite('One act, one tree')
let database: TestDatabase

/** The tables of one test stand in the schemas `linked` (foreign keys, cascades) and `loose` (the same without any). */
it.before(async () => {
  database = await makeTestDatabase()
  await run(`set lock_timeout = '10s'`)
  for (const schema of ['linked', 'loose']) {
    const link = (table: string, then = 'cascade'): string => (schema === 'linked' ? `references linked.${table} on delete ${then}` : '')
    const path = (column: string, table: string): string => (schema === 'linked' ? column : `${column}->loose.${table}`)
    await run(`
      create schema ${schema};
      create table ${schema}.customer (id int primary key, name text, company text);
      create table ${schema}.contact (id int primary key, customer_id int ${link('customer')}, name text);
      create table ${schema}.project (id int primary key, customer_id int ${link('customer')}, name text, lead_id int ${link('contact', 'set null')});
      create table ${schema}.role (id int primary key, project_id int ${link('project')}, name text);
      create table ${schema}.shift (id int primary key, role_id int ${link('role')}, name text);
      create index on ${schema}.contact (customer_id); create index on ${schema}.project (customer_id); create index on ${schema}.role (project_id); create index on ${schema}.shift (role_id);
      select audit.track('${schema}.customer', '${schema}_customer', '{name}', company => 'company');
      select audit.track('${schema}.contact', '${schema}_contact', '{name}', company => '${path('customer_id', 'customer')}.company', owner => '${path('customer_id', 'customer')}');
      select audit.track('${schema}.project', '${schema}_project', '{name}', company => '${path('customer_id', 'customer')}.company', owner => '${path('customer_id', 'customer')}');
      select audit.track('${schema}.role', '${schema}_role', '{name}', company => '${path('project_id', 'project')}.${path('customer_id', 'customer')}.company', owner => '${path('project_id', 'project')}');
      select audit.track('${schema}.shift', '${schema}_shift', '{name}', company => '${path('role_id', 'role')}.${path('project_id', 'project')}.${path('customer_id', 'customer')}.company', owner => '${path('role_id', 'role')}')`)
  }
})
it.before.each(async () => {
  for (const schema of ['linked', 'loose']) {
    await run(`
      set session_replication_role = replica;
      delete from ${schema}.shift; delete from ${schema}.role; delete from ${schema}.project; delete from ${schema}.contact; delete from ${schema}.customer;
      reset session_replication_role;
      insert into ${schema}.customer values (1, 'Acme', 'a'), (2, 'Bolag', 'b');
      insert into ${schema}.contact values (1, 1, 'Ann'), (2, 1, 'Bo'), (3, 2, 'Cid');
      insert into ${schema}.project values (1, 1, 'Web', 1), (2, 1, 'App', 3), (3, 2, 'Lab', 3);
      insert into ${schema}.role values (1, 1, 'Dev'), (2, 1, 'Ops'), (3, 2, 'Dev'), (4, 3, 'Dev');
      insert into ${schema}.shift values (1, 1, 'Day'), (2, 4, 'Night')`)
  }
  since = (await rowsOf<{ id: string }>('select coalesce(max(id), 0) as id from audit.event'))[0]?.id ?? '0'
})
it.after(() => database.drop())

let since = '0'
const run = (statements: string): Promise<void> => database.run(statements)
async function rowsOf<Row extends object>(query: string, values: readonly unknown[] = []): Promise<Row[]> {
  return (await database.superuser.query<Row>(query, [...values])).rows
}
/** What was recorded since the test began: `kind label (owner) < cause < root, company`, without the schema in the kind. */
const tree = (): Promise<string[]> => treeBy('e.caused_by', 'e.root_id')
/** The same as it is read: with the children that were deleted first joined to what they belonged to. */
const joinedTree = (): Promise<string[]> => treeBy('audit.cause_of(e)', 'audit.root_of(e)')
const treeBy = async (cause: string, root: string): Promise<string[]> => (await rowsOf<{ line: string }>(`
  select format('%s %s%s%s%s [%s]', regexp_replace(e.object_kind, '^(linked|loose)_', ''), e.object_label, ' (' || e.owner_label || ')', ' < ' || c.object_label, ' << ' || r.object_label, e.company_id) as line
    from audit.event e left join audit.event c on c.id = ${cause} left join audit.event r on r.id = ${root}
   where e.id > $1 and e.object_kind <> 'table'`, [since])).map(({ line }) => line).sort()
const acts = async (): Promise<unknown[]> => rowsOf(`select object_label, went_along, went_along_count from audit.act where id > $1 order by id`, [since])

const whole = [
  'contact Ann (Acme) < Acme << Acme [a]', 'contact Bo (Acme) < Acme << Acme [a]', 'customer Acme [a]',
  'project App (Acme) < Acme << Acme [a]', 'project Web (Acme) < Acme << Acme [a]',
  'role Dev (App) < App << Acme [a]', 'role Dev (Web) < Web << Acme [a]', 'role Ops (Web) < Web << Acme [a]', 'shift Day (Dev) < Dev << Acme [a]',
]

it('records a cascade three deep over several branches with the names that everything had [case 53]', async () => {
  await run('delete from linked.customer where id = 1')
  assert.equal(await tree(), whole)
  assert.equal(await acts(), [{ object_label: 'Acme', went_along: { linked_contact: 2, linked_project: 2, linked_role: 3, linked_shift: 1 }, went_along_count: 8 }])
})

it('records the same tree where an application deletes the parents first, without any foreign key', async () => {
  await run(`begin; delete from loose.customer where id = 1; delete from loose.contact where customer_id = 1; delete from loose.project where customer_id = 1;
    delete from loose.role where project_id in (1, 2); delete from loose.shift where role_id in (1, 2, 3); commit`)
  assert.equal(await tree(), whole)
})

it('shows the same act and tree where an ORM deletes the children first, one statement each', async () => {
  await run(`begin; delete from loose.shift where role_id = 1; delete from loose.role where id = 1; delete from loose.role where project_id in (1, 2);
    delete from loose.project where id = 1; delete from loose.project where id = 2; delete from loose.contact where customer_id = 1; delete from loose.customer where id = 1; commit`)
  assert.equal(await joinedTree(), whole)
  assert.equal(await acts(), [{ object_label: 'Acme', went_along: { loose_contact: 2, loose_project: 2, loose_role: 3, loose_shift: 1 }, went_along_count: 8 }])
  const { rows } = await database.superuser.query(`select count(*)::int as n from audit.event top cross join lateral audit.entries_of_act(top.id) where top.id = (select max(id) from audit.event)`)
  assert.equal(rows, [{ n: 9 }])
})

it('joins a mixture of cascades and children that were deleted first', async () => {
  await run('begin; delete from linked.project where id = 1; delete from linked.contact where id = 2; delete from linked.customer where id = 1; commit')
  assert.equal(await joinedTree(), whole)
  assert.equal((await acts()).length, 1)
})

it('joins by what a row pointed to besides its owner, as its snapshot says', async () => {
  await run(`do $$ declare person bigint := (select max(user_id) from app.role); begin
    delete from app.role where user_id = person; delete from app.cv where user_id = person; delete from app."user" where id = person; end $$`)
  const { rows } = await database.superuser.query(`select object_kind, went_along ? 'role' as has_roles, went_along ? 'cv' as has_cvs from audit.act order by id desc limit 1`)
  assert.equal(rows, [{ object_kind: 'user', has_roles: true, has_cvs: true }])
})

it('keeps every name and company where the children are deleted first', async () => {
  await run(`begin; delete from loose.shift where role_id = 1; delete from loose.role where project_id in (1, 2);
    delete from loose.project where customer_id = 1; delete from loose.contact where customer_id = 1; delete from loose.customer where id = 1; commit`)
  assert.equal(await tree(), [
    'contact Ann (Acme) [a]', 'contact Bo (Acme) [a]', 'customer Acme [a]', 'project App (Acme) [a]', 'project Web (Acme) [a]',
    'role Dev (App) [a]', 'role Dev (Web) [a]', 'role Ops (Web) [a]', 'shift Day (Dev) [a]',
  ])
})

it('tells a direct delete from a cascaded one in the same transaction [case 54]', async () => {
  await run('begin; delete from linked.contact where id = 2; delete from linked.customer where id = 1; commit')
  assert.equal(await tree(), ['contact Bo (Acme) [a]', ...whole.filter((line) => !line.startsWith('contact Bo'))].sort())
  assert.equal(await joinedTree(), whole)
})

it('keeps two independent deletions in one transaction two acts', async () => {
  await run('begin; delete from linked.customer where id = 2; delete from linked.project where id = 1; commit')
  assert.equal(await acts(), [
    { object_label: 'Bolag', went_along: { linked_contact: 1, linked_project: 1, linked_role: 1, linked_shift: 1 }, went_along_count: 4 },
    { object_label: 'Web', went_along: { linked_role: 2, linked_shift: 1 }, went_along_count: 3 },
  ])
})

it('gives each row of one statement its own act and its own children', async () => {
  await run('delete from linked.customer')
  assert.equal((await tree()).filter((line) => !whole.includes(line)),
    ['contact Cid (Bolag) < Bolag << Bolag [b]', 'customer Bolag [b]', 'project Lab (Bolag) < Bolag << Bolag [b]', 'role Dev (Lab) < Lab << Bolag [b]', 'shift Night (Dev) < Dev << Bolag [b]'])
})

it('records only the parent where the foreign key sets null or a default [case 55]', async () => {
  await run(`alter table linked.project alter lead_id set default 3`)
  await run('delete from linked.contact where id = 1')
  await run(`alter table linked.project drop constraint project_lead_id_fkey, add constraint project_lead_id_fkey foreign key (lead_id) references linked.contact on delete set default`)
  await run('delete from linked.contact where id = 2')
  await run(`alter table linked.project drop constraint project_lead_id_fkey, add constraint project_lead_id_fkey foreign key (lead_id) references linked.contact on delete set null`)
  assert.equal(await tree(), ['contact Ann (Acme) [a]', 'contact Bo (Acme) [a]'])
})

it('keeps the children of a customer that is deleted twice in one transaction apart', async () => {
  await run(`begin; delete from linked.customer where id = 2; insert into linked.customer values (2, 'Again', 'z'); insert into linked.contact values (4, 2, 'Dan'); delete from linked.customer where id = 2; commit`)
  assert.equal((await tree()).filter((line) => /^c/.test(line)),
    ['contact Cid (Bolag) < Bolag << Bolag [b]', 'contact Dan (Again) < Again << Again [z]', 'customer Again [z]', 'customer Bolag [b]'])
})

it('finds the cause over other acts of the transaction', async () => {
  await run('begin; delete from loose.customer where id = 1; delete from loose.customer where id = 2; delete from loose.contact; commit')
  assert.equal(await tree(), ['contact Ann (Acme) < Acme << Acme [a]', 'contact Bo (Acme) < Acme << Acme [a]', 'contact Cid (Bolag) < Bolag << Bolag [b]', 'customer Acme [a]', 'customer Bolag [b]'])
})

it('makes no cause of an entry of another transaction', async () => {
  await run('delete from loose.customer where id = 1')
  await run('delete from loose.contact where customer_id = 1')
  assert.equal(await tree(), ['contact Ann (#1) [default]', 'contact Bo (#1) [default]', 'customer Acme [a]'])
})

it('records a tree of one table, a row that is its own parent, and rows in a circle', async () => {
  await run(`
    create table public.unit (id int primary key, parent_id int references public.unit on delete cascade deferrable initially deferred, name text);
    select audit.track('public.unit', 'unit', '{name}', owner => 'parent_id');
    insert into public.unit values (1, null, 'Top'), (2, 1, 'Left'), (3, 1, 'Right'), (4, 2, 'Leaf'), (5, 5, 'Self'), (6, 7, 'Ring'), (7, 6, 'Gnir');
    delete from public.unit where id = 1; delete from public.unit where id = 5; delete from public.unit where id = 6`)
  assert.equal(await tree(), [
    'unit Gnir (Ring) [default]', 'unit Leaf (Left) < Left << Top [default]', 'unit Left (Top) < Top << Top [default]', 'unit Right (Top) < Top << Top [default]',
    'unit Ring (Gnir) [default]', 'unit Self (Self) [default]', 'unit Top [default]',
  ])
})

// Ann is gone when the trigger of the team runs, and has no entry yet: the team keeps only her key.
it('records a circle of two tables that point at each other', async () => {
  await run(`
    create table public.team (id int primary key, boss_id int, name text);
    create table public.member (id int primary key, team_id int references public.team on delete cascade, name text);
    alter table public.team add foreign key (boss_id) references public.member on delete cascade;
    select audit.track('public.team', 'team', '{name}', owner => 'boss_id'), audit.track('public.member', 'member', '{name}', owner => 'team_id');
    insert into public.team values (1, null, 'Red'), (2, null, 'Blue'); insert into public.member values (1, 1, 'Ann'), (2, 1, 'Bo'); update public.team set boss_id = 1 where id = 1; update public.team set boss_id = 2 where id = 2;
    delete from public.team where id = 1`)
  assert.equal(await tree(), ['member Ann (Red) < Red << Red [default]', 'member Bo (Red) < Red << Red [default]', 'team Blue (Bo) < Bo << Red [default]', 'team Red (#1) [default]'])
})

it('names one cause where two parents of a row go in one act', async () => {
  await run(`
    create table public.both (id int primary key, contact_id int references linked.contact on delete cascade, project_id int references linked.project on delete cascade, name text);
    select audit.track('public.both', 'both', '{name}', owner => 'contact_id');
    insert into public.both values (1, 1, 1, 'B'), (2, 2, 3, 'C'); delete from linked.customer where id = 1`)
  assert.equal((await tree()).filter((line) => line.startsWith('both')).map((line) => line.replace(/< (Ann|Web) <</, '< either <<')),
    ['both B (Ann) < either << Acme [a]', 'both C (Bo) < Bo << Acme [a]'])
  await run(`select audit.untrack('public.both'); drop table public.both`)
})

it('records a cascade of two thousand customers right', async () => {
  await run(`
    insert into linked.customer select n, 'K' || n, 'k' from generate_series(1001, 3000) n; insert into linked.contact select n, n / 3 + 1000, 'C' || n from generate_series(100, 3000) n where n / 3 + 1000 between 1001 and 3000;
    insert into linked.project select n, n, 'P' || n from generate_series(1001, 3000) n; insert into linked.role select n, n, 'R' || n from generate_series(1001, 3000) n;
    delete from linked.customer where id > 1000`)
  assert.equal(await rowsOf(`
    select e.object_kind, count(*)::int, count(*) filter (where c.object_id = (e.snapshot ->> case e.object_kind when 'linked_role' then 'project_id' else 'customer_id' end))::int as right_cause,
           count(*) filter (where r.object_kind = 'linked_customer' and r.caused_by is null)::int as right_root, count(*) filter (where e.owner_label = c.object_label)::int as right_owner
      from audit.event e left join audit.event c on c.id = e.caused_by left join audit.event r on r.id = e.root_id where e.id > $1 group by 1 order by 1`, [since]), [
    { object_kind: 'linked_contact', count: 2901, right_cause: 2901, right_root: 2901, right_owner: 2901 },
    { object_kind: 'linked_customer', count: 2000, right_cause: 0, right_root: 0, right_owner: 0 },
    { object_kind: 'linked_project', count: 2000, right_cause: 2000, right_root: 2000, right_owner: 2000 },
    { object_kind: 'linked_role', count: 2000, right_cause: 2000, right_root: 2000, right_owner: 2000 },
  ])
})

it('records nothing of a rolled-back transaction [case 48]', async () => {
  await run('begin; delete from linked.customer; rollback')
  assert.equal(await tree(), [])
})

it('records only what survives savepoints and exception blocks, and finds no cause in what did not [case 49]', async () => {
  await run(`
    begin; delete from linked.customer where id = 2; savepoint s; delete from linked.customer where id = 1; rollback to s; delete from linked.contact where id = 1; release s; commit;
    do $$ begin begin delete from linked.contact where id = 2; raise exception 'no'; exception when others then null; end; delete from linked.shift where id = 1; end $$`)
  assert.equal(await tree(), [
    'contact Ann (Acme) [a]', 'contact Cid (Bolag) < Bolag << Bolag [b]', 'customer Bolag [b]', 'project Lab (Bolag) < Bolag << Bolag [b]', 'role Dev (Lab) < Lab << Bolag [b]',
    'shift Day (Dev) [a]', 'shift Night (Dev) < Dev << Bolag [b]',
  ])
})

it('records nothing when a deferred constraint fails at commit [case 50]', async () => {
  await run(`create table public.strict (id int primary key, contact_id int references linked.contact deferrable initially deferred); insert into public.strict values (1, 1)`)
  await refused(run('begin; delete from linked.contact where id = 1; commit'), '23503')
  assert.equal(await tree(), [])
  await run('drop table public.strict')
})

it('records a prepared transaction once it is committed, and never if it is rolled back [case 69]', async () => {
  const other = await database.as('postgres')
  await run(`begin; select audit.act_as('u1', 'Una'); delete from linked.customer where id = 2; prepare transaction 'test_commit_${database.name}'`)
  const meanwhile = await tree()
  await other.query(`commit prepared 'test_commit_${database.name}'`)
  assert.equal(meanwhile, [])
  assert.is((await tree()).length, 5)
  assert.equal(await rowsOf('select distinct actor_name, actor_status from audit.event where id > $1', [since]), [{ actor_name: 'Una', actor_status: 'asserted' }])
  await run(`begin; delete from linked.customer where id = 1; prepare transaction 'test_rollback_${database.name}'`)
  await other.query(`rollback prepared 'test_rollback_${database.name}'`)
  assert.is((await tree()).length, 5)
})

it('keeps the entry of a row that is replaced in one transaction [case 65]', async () => {
  await run(`begin; delete from linked.contact where id = 1; insert into linked.contact values (1, 1, 'Ann'); commit; insert into linked.contact values (1, 1, 'New') on conflict (id) do update set name = 'New'`)
  assert.equal(await tree(), ['contact Ann (Acme) [a]'])
})

it('records nothing when a key is changed, or two rows swap it [case 64]', async () => {
  await run(`update linked.shift set id = 77 where id = 1; update linked.shift set id = 1 where id = 77;
    alter table linked.shift drop constraint shift_pkey, add constraint shift_pkey primary key (id) deferrable; update linked.shift set id = 3 - id`)
  assert.equal(await tree(), [])
})

it('records nothing that a trigger of the application vetoes, and what it deletes itself', async () => {
  await run(`
    create function public.veto() returns trigger language plpgsql as $$ begin if old.name = 'Ann' then return null; end if; delete from linked.shift where id = 2; return old; end $$;
    create trigger veto before delete on linked.contact for each row execute function public.veto();
    delete from linked.contact where customer_id = 1; drop trigger veto on linked.contact`)
  assert.equal(await tree(), ['contact Bo (Acme) [a]', 'shift Night (Dev) [b]'])
})

it('leaves all or nothing when a delete is cancelled or fails [case 68]', async () => {
  await run(`create function public.slow() returns trigger language plpgsql as 'begin perform pg_sleep(5); return null; end'; create trigger slow after delete on linked.shift for each row execute function public.slow()`)
  await refused(run(`set statement_timeout = '200ms'; delete from linked.customer where id = 1`), '57014')
  await run('reset statement_timeout; drop trigger slow on linked.shift')
  assert.equal(await tree(), [])
  assert.is((await rowsOf('select from linked.customer')).length, 2)
})

it('records the same under repeatable read and serializable', async () => {
  for (const [n, level] of ['repeatable read', 'serializable'].entries()) {
    await run(`begin isolation level ${level}; delete from linked.customer where id = ${n + 1}; commit`)
  }
  assert.is((await tree()).length, 14)
})

it('adds no serialization failure to concurrent cascades, and reads no table of the application as a whole', async () => {
  await run(`
    create schema big; create table big.parent (id int primary key, name text); create table big.child (id int primary key, parent_id int references big.parent on delete cascade, name text); create index on big.child (parent_id);
    insert into big.parent select n, 'P' || n from generate_series(1, 20000) n; insert into big.child select n, n / 3, 'C' || n from generate_series(3, 60000) n where n / 3 <= 20000; analyze big.parent; analyze big.child;
    select audit.track('big.parent', 'big_parent', '{name}'), audit.track('big.child', 'big_child', '{name}', owner => 'parent_id')`)
  const other = await database.as('postgres')
  for (let n = 1; n <= 20; n += 1) {
    for (const client of [database.superuser, other]) await client.query('begin isolation level serializable')
    await database.superuser.query('delete from big.parent where id = $1', [n * 100])
    await other.query('delete from big.parent where id = $1', [10_000 + n * 100])
    for (const client of [database.superuser, other]) await client.query('commit')
  }
  // Otherwise the scans that made the index, and are not reported yet, count for this transaction too.
  await run('select pg_stat_force_next_flush()')
  await run('begin; delete from big.parent where id = 5; delete from big.child where parent_id = 6')
  const scans = await rowsOf(`select c.relname::text as name from pg_class c where c.relnamespace = 'big'::regnamespace and c.relkind = 'r' and pg_stat_get_xact_numscans(c.oid) > 0`)
  await run('rollback')
  assert.equal(scans, [])
  assert.is((await rowsOf(`select from audit.event where object_kind = 'big_parent'`)).length, 40)
})

it('takes no lock on the log that another delete could wait for [case 108]', async () => {
  await run('begin; delete from linked.customer where id = 1')
  const locks = await rowsOf(`
    select distinct l.relation::regclass::text as relation, l.mode from pg_locks l join pg_class c on c.oid = l.relation
     where l.pid = pg_backend_pid() and c.relnamespace in ('audit'::regnamespace, 'audit_private'::regnamespace) and l.mode not in ('AccessShareLock', 'RowExclusiveLock')`)
  await run('rollback')
  assert.equal(locks, [])
})

it('gives no cause to a row whose parent is there again', async () => {
  await run(`begin; delete from loose.contact where customer_id = 2; delete from loose.customer where id = 2; insert into loose.customer values (2, 'Bolag again', 'b');
    insert into loose.contact values (4, 2, 'Dan'); delete from loose.contact where id = 4; commit`)
  assert.equal((await tree()).filter((line) => line.startsWith('contact Dan')), ['contact Dan (Bolag again) [b]'])
})

it('takes no deletion of another transaction for the cause', async () => {
  const other = await database.as('postgres')
  await run('begin; delete from loose.shift where id = 2')
  await other.query('delete from loose.customer where id = 2')
  await run('delete from loose.contact where customer_id = 2; commit')
  const { rows } = await database.superuser.query(`select caused_by, root_id from audit.event where object_label = 'Cid' order by id desc limit 1`)
  assert.equal(rows, [{ caused_by: null, root_id: null }])
})

it('a foreign key that leads to the company and the key, as in databases of many companies, is one act too, both ways', async () => {
  await run(`create schema tenant; create table tenant.customer (id int primary key, name text, company_id int not null, unique (company_id, id));
    create table tenant.project (id int primary key, name text, company_id int not null, customer_id int, unique (company_id, id), foreign key (company_id, customer_id) references tenant.customer (company_id, id) on delete cascade);
    create table tenant.role (id int primary key, name text, company_id int, project_id int, foreign key (company_id, project_id) references tenant.project (company_id, id) on delete cascade);
    select audit.track('tenant.customer', 't_customer', '{name}', company => 'company_id'), audit.track('tenant.project', 't_project', '{name}', company => 'company_id', owner => 'customer_id'),
           audit.track('tenant.role', 't_role', '{name}', company => 'project_id.company_id', owner => 'project_id');
    insert into tenant.customer values (1, 'Acme', 7), (2, 'Bolag', 7); insert into tenant.project values (1, 'Web', 7, 1), (2, 'App', 7, 2); insert into tenant.role values (1, 'Dev', 7, 1), (2, 'Ops', 7, 2)`)
  await run('delete from tenant.customer where id = 1; begin; delete from tenant.role; delete from tenant.project; delete from tenant.customer; commit')
  assert.equal(await rowsOf(`select sentence, company_id from audit.act where object_kind = 't_customer' order by id`), [
    { sentence: 'Database login postgres: deleted t_customer Acme, and with it 1 t_project and 1 t_role', company_id: '7' }, { sentence: 'Database login postgres: deleted t_customer Bolag, and with it 1 t_project and 1 t_role', company_id: '7' }])
  assert.equal(await rowsOf(`select object_label, owner_label, owner_id, company_id from audit.event where object_kind in ('t_project', 't_role') order by object_kind, object_id`), [
    { object_label: 'Web', owner_label: 'Acme', owner_id: '1', company_id: '7' }, { object_label: 'App', owner_label: 'Bolag', owner_id: '2', company_id: '7' },
    { object_label: 'Dev', owner_label: 'Web', owner_id: '1', company_id: '7' }, { object_label: 'Ops', owner_label: 'App', owner_id: '2', company_id: '7' }])
})

it.run()
