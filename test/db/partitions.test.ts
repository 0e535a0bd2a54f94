import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { refused } from '../harness/refused.ts'

const it = suite('Attaching a table of several parts')
let database: TestDatabase

it.before(async () => {
  database = await makeTestDatabase()
})
it.after(() => database.drop())

const run = (statements: string): Promise<void> => database.run(statements)
const rowsOf = async (query: string, values: readonly unknown[] = []): Promise<unknown[]> => (await database.superuser.query(query, [...values])).rows
/** The entries of a kind, oldest first, each as `key label`. */
const namesOf = async (kind: string): Promise<unknown> =>
  (await rowsOf(`select coalesce(array_agg(concat_ws(' ', object_id, object_label) order by id), '{}') as names from audit.event where object_kind = $1`, [kind]))[0]

it('records rows of inheriting tables, whichever table is named [case 60]', async () => {
  await run(`
    create table public.animal (id int primary key, name text);
    create table public.dog (bark text, primary key (id)) inherits (public.animal);
    select audit.track('public.animal', 'animal', '{name}');
    insert into public.animal values (1, 'Animal'), (2, 'Other'); insert into public.dog values (3, 'Rex', 'wuff'), (4, 'Fido', 'vov'), (5, 'Lassie', 'voff');
    delete from public.animal where id in (1, 3);
    delete from only public.animal where id = 2;
    delete from public.dog where id = 4;
    truncate public.animal`)
  assert.equal(await namesOf('animal'), { names: ['1 Animal', '3 Rex', '2 Other', '4 Fido', '5 Lassie'] })
})

const partitioned = `
  create schema part;
  create table part.order_line (id int, region text, day date, name text, primary key (id, region, day)) partition by list (region);
  create table part.line_north partition of part.order_line for values in ('n');
  create table part.line_south partition of part.order_line for values in ('s') partition by range (day);
  create table part.line_south_25 partition of part.line_south for values from ('2025-01-01') to ('2026-01-01');
  create table part.line_south_26 partition of part.line_south for values from ('2026-01-01') to ('2027-01-01');
  select audit.track('part.order_line', 'line', '{name}', company => 'region')`

it('records direct and indirect deletes and truncates of partitions and sub-partitions [case 59]', async () => {
  await run(partitioned)
  await run(`
    insert into part.order_line values (1, 'n', '2025-05-05', 'a'), (2, 's', '2025-05-05', 'b'), (3, 's', '2026-05-05', 'c'), (4, 'n', '2025-05-05', 'd'), (5, 's', '2025-05-05', 'e'), (6, 's', '2026-05-05', 'f'), (7, 'n', '2026-05-05', 'g');
    delete from part.order_line where id = 1; delete from part.line_south where id = 2; delete from part.line_south_26 where id = 3; delete from part.line_north where id = 4;
    truncate part.line_south_25; truncate part.order_line`)
  assert.equal(await rowsOf(`select object_label, company_id, details ->> 'statement' as by from audit.event where object_kind = 'line' order by object_label`), [
    ...[['a', 'n'], ['b', 's'], ['c', 's'], ['d', 'n']].map(([object_label, company_id]) => ({ object_label, company_id, by: null })),
    ...[['e', 's'], ['f', 's'], ['g', 'n']].map(([object_label, company_id]) => ({ object_label, company_id, by: 'truncate' })),
  ])
})

it('records no deletion when a row moves to another partition, also where the partition key is part of the key [case 58]', async () => {
  await run(`
    insert into part.order_line values (10, 'n', '2025-05-05', 'mover'), (11, 's', '2025-05-05', 'mover too');
    update part.order_line set region = 's' where id = 10;
    update part.order_line set day = '2026-05-05' where id = 11;
    update part.line_south set day = '2025-06-06' where id = 11;
    merge into part.order_line t using (values (11)) v (id) on t.id = v.id when matched then update set region = 'n'`)
  assert.is((await rowsOf(`select from audit.event where object_label like 'mover%'`)).length, 0)
  await run(`delete from part.order_line`)
  assert.is((await rowsOf(`select from audit.event where object_label like 'mover%'`)).length, 2)
})

it('records no deletion when a row moves whose whole key decides the partition [case 58]', async () => {
  await run(`
    create table part.slot (day date primary key, name text) partition by range (day);
    create table part.slot_25 partition of part.slot for values from ('2025-01-01') to ('2026-01-01');
    create table part.slot_26 partition of part.slot for values from ('2026-01-01') to ('2027-01-01');
    select audit.track('part.slot', 'slot', '{name}');
    insert into part.slot values ('2025-05-05', 'mover'), ('2025-06-06', 'stays');
    update part.slot set day = '2026-05-05' where day = '2025-05-05'`)
  assert.equal(await namesOf('slot'), { names: [] })
  await run(`begin; update part.slot set day = '2025-07-07' where name = 'mover'; delete from part.slot where name = 'mover'; commit`)
  assert.equal(await namesOf('slot'), { names: ['2025-07-07 mover'] })
})

it('records the deletion of a partitioned row though its login says that rows are being moved', async () => {
  const client = await database.as('consultant_app')
  await run(`grant usage on schema part to consultant_app; grant all on part.slot to consultant_app; insert into part.slot values ('2025-08-08', 'hidden'), ('2025-08-09', 'hidden too')`)
  await client.query(`begin; select set_config('audit.moving', format(' %s ', 'part.slot'::regclass::oid), true); delete from part.slot where name = 'hidden'; commit`)
  await client.query(`
    begin; update part.slot set name = name where set_config('app.seen', current_setting('audit.moving', true), true) is not null;
    delete from part.slot where name = 'hidden too' and set_config('audit.moving', current_setting('app.seen'), true) is not null; commit`)
  assert.is((await rowsOf(`select from audit.event where object_label like 'hidden%'`)).length, 2)
})

it('can be untracked after a partition was detached, and leaves nothing on that one either', async () => {
  await run(`
    create table public.wall (id int, land text, primary key (id, land)) partition by list (land);
    create table public.wall_a partition of public.wall for values in ('a'); create table public.wall_b partition of public.wall for values in ('b');
    select audit.track('public.wall', 'wall', '{id}'); alter table public.wall detach partition public.wall_a; select audit.untrack('public.wall')`)
  assert.equal(await rowsOf(`select tgname from pg_trigger where tgrelid::regclass::text like 'wall%' or tgrelid::regclass::text like 'public.wall%'`), [])
  assert.equal(await rowsOf(`select proname from pg_proc where proname like 'capture_public_wall%'`), [])
})

it('covers a new and an attached partition, and no longer a detached one [case 60]', async () => {
  await run(`
    create table part.line_east partition of part.order_line for values in ('e');
    create table part.line_west (like part.order_line including all); alter table part.order_line attach partition part.line_west for values in ('w');
    insert into part.order_line values (20, 'e', '2026-01-01', 'new'), (21, 'w', '2026-01-01', 'attached'), (22, 'e', '2026-01-01', 'new directly');
    set session_replication_role = replica; delete from part.line_east where id = 22; reset session_replication_role;
    delete from part.order_line where id in (20, 21);
    insert into part.line_west values (23, 'w', '2026-01-01', 'left'); alter table part.order_line detach partition part.line_west; delete from part.line_west`)
  assert.equal(await rowsOf(`select object_label from audit.event where object_kind = 'line' and object_id ~ '^."2[0-9]"' order by id`),
    [{ object_label: 'new directly' }, { object_label: 'new' }, { object_label: 'attached' }])
})

it('lets a partition be attached only through its table', async () => {
  await refused(run(`select audit.track('part.line_north', 'north', '{name}')`), 'AU002')
})

it.run()
