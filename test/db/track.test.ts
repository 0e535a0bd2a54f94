import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { refused } from '../harness/refused.ts'

const it = suite('Attaching a table')
let database: TestDatabase

it.before(async () => {
  database = await makeTestDatabase()
})
it.after(() => database.drop())

const run = (statements: string): Promise<void> => database.run(statements)
const rowsOf = async (query: string, values: readonly unknown[] = []): Promise<unknown[]> => (await database.superuser.query(query, [...values])).rows
/** The entries of a kind, oldest first, in the columns that name things. */
const entriesOf = (kind: string): Promise<unknown[]> =>
  rowsOf('select action, object_id, object_label, owner_kind, owner_id, owner_label, company_id from audit.event where object_kind = $1 order by id', [kind])
/** The same, each as `key label`. */
const namesOf = async (kind: string): Promise<unknown> =>
  (await rowsOf(`select coalesce(array_agg(concat_ws(' ', object_id, object_label) order by id), '{}') as names from audit.event where object_kind = $1`, [kind]))[0]

const keys = [
  ['smallint', '7', '7'],
  ['integer', '-2147483648', '-2147483648'],
  ['bigint', '9007199254740993', '9007199254740993'],
  ['numeric', '12.50', '12.50'],
  ['uuid', `'0190A5C2-7C6F-7B1A-9B1E-3B2F0E6F9C11'`, '0190a5c2-7c6f-7b1a-9b1e-3b2f0e6f9c11'],
  ['text', `E'Åsa''s "key"; --\\n😀'`, `Åsa's "key"; --\n😀`],
  ['char(5)', `'ab'`, 'ab'],
  ['date', `'0044-03-15 BC'`, '0044-03-15 BC'],
  ['timestamptz', `'2026-03-29 02:30:00+05:30'`, '2026-03-28 21:00:00+00'],
  ['bytea', `'\\xdeadbeef'`, '\\xdeadbeef'],
  ['boolean', 'true', 'true'],
  ['inet', `'2001:db8::1'`, '2001:db8::1/128'],
] as const
keys.forEach(([type, value, text], n) => {
  it(`names a row by its ${type} key`, async () => {
    await run(`
      create table public.key_${n} (id ${type} primary key, name text);
      select audit.track('public.key_${n}', 'key_${n}', '{name}');
      insert into public.key_${n} values (${value}, 'Anna');
      delete from public.key_${n}`)
    assert.equal(await entriesOf(`key_${n}`), [
      { action: `key_${n}.deleted`, object_id: text, object_label: 'Anna', owner_kind: null, owner_id: null, owner_label: null, company_id: 'default' },
    ])
  })
})

it('names a row by all columns of a composite key, in the order of the key', async () => {
  await run(`
    create table public.pair (b text, a int, name text, primary key (a, b));
    select audit.track('public.pair', 'pair', '{name}');
    insert into public.pair values ('x"y', 2, 'Two'); delete from public.pair`)
  assert.equal(await namesOf('pair'), { names: ['["2", "x\\"y"] Two'] })
})

it('names a row by a unique constraint where there is no primary key, also when it is null', async () => {
  await run(`
    create table public.unique_only (code text unique, name text);
    select audit.track('public.unique_only', 'unique_only', '{name}');
    insert into public.unique_only values ('a', 'A'), (null, 'B'); delete from public.unique_only`)
  assert.equal(await rowsOf(`select object_id, object_label from audit.event where object_kind = 'unique_only' order by object_label`),
    [{ object_id: 'a', object_label: 'A' }, { object_id: null, object_label: 'B' }])
})

for (const [n, names] of [
  ['quoted', { schema: 'My "Schema"', table: 'Order.Item', id: 'Id', label: 'Full Name' }],
  ['keyword', { schema: 'select', table: 'table', id: 'order', label: 'group' }],
  ['emoji', { schema: '😀', table: '🚀 é', id: '🆔', label: 'שם' }],
  ['long', { schema: 's'.repeat(63), table: 't'.repeat(63), id: 'i'.repeat(63), label: 'l'.repeat(63) }],
  ['hostile', { schema: `a'b`, table: `x%I$f$; drop table app.cv; --`, id: `{0}\\`, label: `%s'` }],
] as const) {
  it(`records from a table with ${n} names, truncated and deleted`, async () => {
    const q = (name: string): string => `"${name.replaceAll('"', '""')}"`
    const table = `${q(names.schema)}.${q(names.table)}`
    const client = database.superuser
    await client.query(`create schema ${q(names.schema)}; create table ${table} (${q(names.id)} int primary key, ${q(names.label)} text, ${q(`${names.id.slice(0, 40)}_up`)} int)`)
    const label = names.id.includes('{') ? `{${names.label}}` : `{${names.label}} {${names.id}}`
    await client.query('select audit.track($1::text::regclass, $2, $3, company => $4, soft_delete => $5)', [table, `name_${n}`, label, q(names.label), `${names.id.slice(0, 40)}_up`])
    await client.query(`insert into ${table} values (1, 'A'), (2, 'B'), (3, 'C')`)
    await client.query(`delete from ${table} where ${q(names.id)} = 1`)
    await client.query(`update ${table} set ${q(`${names.id.slice(0, 40)}_up`)} = 1 where ${q(names.id)} = 2`)
    await client.query(`truncate ${table}`)
    assert.equal(await rowsOf('select object_id, company_id, action from audit.event where object_kind = $1 order by id', [`name_${n}`]), [
      { object_id: '1', company_id: 'A', action: `name_${n}.deleted` },
      { object_id: '2', company_id: 'B', action: `name_${n}.deleted` },
      { object_id: '3', company_id: 'C', action: `name_${n}.deleted` },
      { object_id: '2', company_id: 'B', action: `name_${n}.deleted` },
    ])
    await client.query('select audit.untrack($1::text::regclass)', [table])
  })
}

for (const [type, value, text] of [['integer', '7', '7'], ['bigint', '70000000000', '70000000000'], ['uuid', `'0190a5c2-7c6f-7b1a-9b1e-3b2f0e6f9c11'`, '0190a5c2-7c6f-7b1a-9b1e-3b2f0e6f9c11'], ['text', `'bolag å'`, 'bolag å']] as const) {
  it(`finds the company in a ${type} column, over a foreign key and over a named table`, async () => {
    await run(`
      create schema of_${type};
      create table of_${type}.top (id ${type} primary key, tenant ${type}, name text);
      create table of_${type}.middle (id int primary key, top_id ${type} references of_${type}.top);
      create table of_${type}.low (id int primary key, middle_id int, name text);
      insert into of_${type}.top values (${value}, ${value}, 'Top'); insert into of_${type}.middle values (1, ${value}); insert into of_${type}.low values (1, 1, 'Low');
      select audit.track('of_${type}.top', 'top_${type}', '{name}', company => 'tenant');
      select audit.track('of_${type}.middle', 'middle_${type}', '{id}', company => 'top_id.tenant', owner => 'top_id');
      select audit.track('of_${type}.low', 'low_${type}', '{name}', company => 'middle_id->of_${type}.middle.top_id.tenant', owner => 'middle_id->of_${type}.middle.top_id');
      delete from of_${type}.low; delete from of_${type}.middle; delete from of_${type}.top`)
    const owner = { owner_kind: `top_${type}`, owner_id: text, owner_label: 'Top', company_id: text }
    assert.equal(await entriesOf(`low_${type}`), [{ action: `low_${type}.deleted`, object_id: '1', object_label: 'Low', ...owner }])
    assert.equal(await entriesOf(`middle_${type}`), [{ action: `middle_${type}.deleted`, object_id: '1', object_label: '1', ...owner }])
    assert.equal(await entriesOf(`top_${type}`),
      [{ action: `top_${type}.deleted`, object_id: text, object_label: 'Top', owner_kind: null, owner_id: null, owner_label: null, company_id: text }])
  })
}

it('takes the company that the application named where a table has none', async () => {
  await run(`create table public.plain (id int primary key); select audit.track('public.plain', 'plain', 'Nr {id}'); insert into public.plain values (1), (2)`)
  await run(`begin; select audit.act_as('u', company_id => '42'); delete from public.plain where id = 1; commit; delete from public.plain`)
  assert.equal(await rowsOf(`select object_label, company_id from audit.event where object_kind = 'plain' order by id`),
    [{ object_label: 'Nr 1', company_id: '42' }, { object_label: 'Nr 2', company_id: 'default' }])
})

it('names an owner whose table is not tracked by what looks like its name, and one whose row is missing by its key', async () => {
  await run(`
    create table public.shelf (id int primary key, title text);
    create table public.book (id int primary key, shelf_id int, name text);
    insert into public.shelf values (1, 'Poetry'); insert into public.book values (1, 1, 'A'), (2, 9, 'B'), (3, null, 'C');
    select audit.track('public.book', 'book', '{name}', owner => 'shelf_id->public.shelf');
    delete from public.book`)
  const book = (id: string, label: string, owner_id: string | null, owner_label: string | null): object =>
    ({ action: 'book.deleted', object_id: id, object_label: label, owner_kind: owner_id === null ? null : 'shelf', owner_id, owner_label, company_id: 'default' })
  assert.equal(await entriesOf('book'), [book('1', 'A', '1', 'Poetry'), book('2', 'B', '9', '#9'), book('3', 'C', null, null)])
})

it('follows a path over a foreign key of several columns', async () => {
  await run(`
    create table public.building (land text, nr int, name text, primary key (land, nr));
    create table public.room (id int primary key, building_nr int, building_land text, name text, foreign key (building_land, building_nr) references public.building on delete cascade);
    insert into public.building values ('se', 1, 'House'); insert into public.room values (1, 1, 'se', 'Hall'), (2, 1, 'se', 'Attic');
    select audit.track('public.building', 'building', '{name}', company => 'land');
    select audit.track('public.room', 'room', '{name}', company => 'building_land.land', owner => 'building_nr');
    delete from public.room where id = 1; delete from public.building`)
  const owner = { owner_kind: 'building', owner_id: '["se", "1"]', owner_label: 'House', company_id: 'se' }
  assert.equal(await entriesOf('room'), [
    { action: 'room.deleted', object_id: '1', object_label: 'Hall', ...owner },
    { action: 'room.deleted', object_id: '2', object_label: 'Attic', ...owner },
  ])
})

it('makes the label of texts, several columns and nulls', async () => {
  await run(`
    create table public.label (id int primary key, a text, b int, c boolean);
    select audit.track('public.label', 'label', 'Nr {b}: {a} ({c}) 100%');
    insert into public.label values (1, 'x', 5, true), (2, null, null, null);
    delete from public.label`)
  assert.equal(await namesOf('label'), { names: ['1 Nr 5: x (true) 100%', '2 Nr :  () 100%'] })
})

it('records tables with columns called as the variables and aliases of its own functions', async () => {
  await run(`
    create table public.clash (id int primary key, parent_id int references public.clash on delete cascade, since int, event_id int, c int, o int, p int, r int, g1 int, h1 int, m int, root_id int, caused_by int,
      old_rows int, tg_op text, "new" int, "old" int, tableoid_ int, details text);
    select audit.track('public.clash', 'clash', '{since} {c} {o} {old}');
    insert into public.clash values (1, null, 1,1,1,1,1,1,1,1,1,1,1,1,'x',1,1,1,'d'), (2, 1, 2,2,2,2,2,2,2,2,2,2,2,2,'y',2,2,2,'e');
    delete from public.clash where id = 1`)
  assert.equal(await namesOf('clash'), { names: ['1 1 1 1 1', '2 2 2 2 2'] })
  await run(`insert into public.clash (id, since) values (3, 3); truncate public.clash`)
  assert.is((await rowsOf(`select from audit.event where object_kind = 'clash'`)).length, 3)
})

it('keeps stored generated columns, leaves out virtual and dropped ones', async () => {
  const isVirtualThere = database.superuser.query<{ n: number }>('select current_setting($1)::int as n', ['server_version_num']).then(({ rows }) => (rows[0]?.n ?? 0) >= 180000)
  const virtual = (await isVirtualThere) ? ', seen int generated always as (a + 1) virtual' : ''
  await run(`
    create table public.made (id int primary key, gone text, a int, twice int generated always as (a * 2) stored${virtual});
    alter table public.made drop column gone;
    select audit.track('public.made', 'made', '{twice}');
    insert into public.made (id, a) values (1, 4), (2, 5);
    delete from public.made where id = 1; truncate public.made`)
  assert.equal(await rowsOf(`select object_label, snapshot from audit.event where object_kind = 'made' order by id`),
    [{ object_label: '8', snapshot: { id: 1, a: 4, twice: 8 } }, { object_label: '10', snapshot: { id: 2, a: 5, twice: 10 } }])
  if (virtual !== '') {
    const error = await refused(run(`select audit.track('public.made', 'made', '{seen}')`), 'AU002', /column seen of .*made is computed when it is read/)
    assert.match(error.hint ?? '', /columns that it is computed from/)
  }
})

it('keeps domains, enums, composite types, arrays and ranges in a readable form', async () => {
  await run(`
    create type public.colour as enum ('red', 'green');
    create type public.spot as (x int, y text);
    create domain public.grade as int check (value between 1 and 5);
    create domain public.tags as text[];
    create table public.typed (id int primary key, colour public.colour, spot public.spot, grade public.grade, colours public.colour[], spots public.spot[], tags public.tags,
      matrix int[][], during tstzrange, many int4multirange, place point, amount money, bits bit(3), search tsvector, x xml);
    select audit.track('public.typed', 'typed', '{colour} {spot} {colours} {matrix}');
    insert into public.typed values (1, 'red', row(1, 'a b'), 5, '{red,green}', array[row(1, 'z')::public.spot], '{p,q}', '{{1,2},{3,4}}', '[2026-01-01 00:00+00,)', '{[1,3)}', '(1,2)', '12.50', b'101', 'a b', '<a/>');
    insert into public.typed (id) values (2);
    delete from public.typed`)
  assert.equal(await rowsOf(`select object_label, snapshot from audit.event where object_kind = 'typed' order by id`), [
    {
      object_label: 'red (1,"a b") {red,green} {{1,2},{3,4}}',
      snapshot: {
        id: 1, colour: 'red', spot: '(1,"a b")', grade: 5, colours: '{red,green}', spots: '{"(1,z)"}', tags: ['p', 'q'], matrix: [[1, 2], [3, 4]],
        during: '["2026-01-01 00:00:00+00",)', many: '{[1,3)}', place: '(1,2)', amount: '$12.50', bits: '101', search: `'a' 'b'`, x: '<a/>',
      },
    },
    {
      object_label: '#2',
      snapshot: {
        id: 2, colour: null, spot: null, grade: null, colours: null, spots: null, tags: null, matrix: null,
        during: null, many: null, place: null, amount: null, bits: null, search: null, x: null,
      },
    },
  ])
})

it('goes on when a DBA takes BYPASSRLS from its agent, and says what it cannot see then', async () => {
  await run(`
    create table public.hidden (id int primary key, name text); create table public.seeker (id int primary key, hidden_id int references public.hidden);
    select audit.track('public.seeker', 'seeker', '{id}', owner => 'hidden_id'); alter table public.hidden enable row level security;
    insert into public.hidden values (1, 'H'); insert into public.seeker values (1, 1), (2, 1); delete from public.seeker where id = 1`)
  // Roles belong to the whole cluster: the change is rolled back.
  await run(`begin; alter role audit_agent nobypassrls; delete from public.seeker where id = 2`)
  assert.equal(await rowsOf(`select object_id, owner_id, owner_label from audit.event where object_kind = 'seeker' order by id`), [
    { object_id: '1', owner_id: '1', owner_label: 'H' }, { object_id: '2', owner_id: '1', owner_label: '#1' },
  ])
  assert.match(JSON.stringify(await rowsOf(`select finding from audit.health where check_name = 'columns'`)), /public\.seeker: row-level security hides public\.hidden from the log/)
  await run(`rollback; select audit.untrack('public.seeker'); drop table public.seeker, public.hidden`)
})

it('deletes rows whose company or key is longer than an index takes, and tells two such companies apart', async () => {
  const long = (bytes: number): string => `(select string_agg(md5(random()::text || n), '') from generate_series(1, ${bytes / 32}) n)`
  await run(`
    create table public.vast (id bytea primary key, company text, name text); create table public.vast_child (id int primary key, vast_id bytea references public.vast);
    select audit.track('public.vast', 'vast', '{name}', company => 'company'), audit.track('public.vast_child', 'vast_child', '{id}', company => 'vast_id.company', owner => 'vast_id');
    insert into public.vast select decode(${long(5120)}, 'hex'), repeat('a', 200) || ${long(9600)}, 'V1'; insert into public.vast select decode(${long(5120)}, 'hex'), repeat('a', 200) || ${long(9600)}, 'V2';
    insert into public.vast_child select 1, id from public.vast limit 1;
    begin; delete from public.vast_child; delete from public.vast; commit`)
  assert.equal(await rowsOf(`
    select object_kind, length(company_id) as length, count(*)::int as n, count(distinct company_id)::int as companies, bool_and(object_id is not null) as has_key from audit.event where object_kind like 'vast%' group by 1, 2 order by 1`), [
    { object_kind: 'vast', length: 183, n: 2, companies: 2, has_key: true }, { object_kind: 'vast_child', length: 183, n: 1, companies: 1, has_key: true },
  ])
})

it('finds a parent by keys whose collations differ, and by keys of types that are not built in', async () => {
  await run(`
    create extension if not exists citext; create extension if not exists ltree;
    create type public.nature as enum ('wild');
    create table public.c_parent (code text collate "C" primary key, name text collate "sv-x-icu");
    create table public.c_child (id int primary key, code text collate "sv-x-icu" references public.c_parent on delete cascade, name text);
    create table public.l_parent (path ltree primary key, name citext);
    create table public.l_child (id int primary key, path ltree references public.l_parent on delete cascade, name text);
    create table public.e_parent (nature public.nature primary key, name text);
    create table public.e_child (id int primary key, nature public.nature references public.e_parent on delete cascade, name text);
    select audit.track('public.c_parent', 'c_parent', '{name}'), audit.track('public.c_child', 'c_child', '{name}', owner => 'code', company => 'code.name');
    select audit.track('public.l_parent', 'l_parent', '{name}'), audit.track('public.l_child', 'l_child', '{name}', owner => 'path', company => 'path.name');
    select audit.track('public.e_parent', 'e_parent', '{name}'), audit.track('public.e_child', 'e_child', '{name}', owner => 'nature', company => 'nature.name');
    insert into public.c_parent values ('k', 'Boss'); insert into public.c_child values (1, 'k', 'One'), (2, 'k', 'Two');
    insert into public.l_parent values ('a.b', 'Boss'); insert into public.l_child values (1, 'a.b', 'One'), (2, 'a.b', 'Two');
    insert into public.e_parent values ('wild', 'Boss'); insert into public.e_child values (1, 'wild', 'One'), (2, 'wild', 'Two');
    delete from public.c_child where id = 1; delete from public.l_child where id = 1; delete from public.e_child where id = 1;
    delete from public.c_parent`)
  await run('delete from public.l_parent')
  await run('delete from public.e_parent')
  for (const [kind, parent, id] of [['c_child', 'c_parent', 'k'], ['l_child', 'l_parent', 'a.b'], ['e_child', 'e_parent', 'wild']] as const) {
    assert.equal(await rowsOf(`
      select e.object_label, e.owner_id, e.owner_label, u.object_kind as caused_by from audit.event e left join audit.event u on u.id = e.caused_by where e.object_kind = $1 order by e.object_id`, [kind]), [
      { object_label: 'One', owner_id: id, owner_label: 'Boss', caused_by: null },
      { object_label: 'Two', owner_id: id, owner_label: 'Boss', caused_by: parent },
    ], kind)
  }
  assert.is((await rowsOf(`select from audit.event where object_kind in ('c_child', 'l_child', 'e_child') and object_label = 'One' and company_id = 'Boss'`)).length, 3)
})

it('keeps every column of a table with more than a hundred', async () => {
  const columns = Array.from({ length: 130 }, (_, n) => `col_${n}`)
  await run(`
    create table public.broad (id int primary key, ${columns.map((col) => `${col} text default '${col}'`).join(', ')});
    select audit.track('public.broad', 'broad', '{col_129}'); insert into public.broad (id) values (1); delete from public.broad`)
  assert.equal(await rowsOf(`select snapshot from audit.event where object_kind = 'broad'`),
    [{ snapshot: { id: 1, ...Object.fromEntries(columns.map((col) => [col, col])) } }])
})

it('keeps the columns that it was told to, never the masked ones', async () => {
  await run(`
    create table public.kept (id int primary key, a text, b text, secret text);
    insert into public.kept values (1, 'a', 'b', 'canary'), (2, 'a', 'b', 'canary'), (3, 'a', 'b', 'canary');
    select audit.track('public.kept', 'kept', '{a}', snapshot => '{a,secret}', mask => '{secret}'); delete from public.kept where id = 1;
    select audit.track('public.kept', 'kept', '{a}', mask => '{secret}'); delete from public.kept where id = 2;
    select audit.track('public.kept', 'kept', '{a}', snapshot => '{}'); truncate public.kept`)
  assert.equal(await rowsOf(`select snapshot from audit.event where object_kind = 'kept' order by id`), [{ snapshot: { a: 'a' } }, { snapshot: { id: 2, a: 'a', b: 'b' } }, { snapshot: null }])
})

const manners = [
  ['MERGE', `merge into public.manner t using (values (1)) v (id) on t.id = v.id when matched then delete`],
  ['a CTE', `with gone as (delete from public.manner where id = 1 returning id) select from gone`],
  ['a cursor', `begin; declare c cursor for select from public.manner where id = 1 for update; fetch c; delete from public.manner where current of c; commit`],
  ['a function', `create function public.remove(int) returns void language sql as 'delete from public.manner where id = $1'; select public.remove(1)`],
  ['a DO block', `do $$ begin delete from public.manner where id = 1; end $$`],
  ['an updatable view', `create view public.manner_view as select id, name as title from public.manner; delete from public.manner_view where id = 1`],
  ['a rule', `create view public.manner_rule as select id from public.manner; create rule r as on delete to public.manner_rule do instead delete from public.manner where id = old.id; delete from public.manner_rule where id = 1`],
  ['DELETE … USING', `delete from public.manner t using app.company c where t.id = c.id and c.id = 1`],
  ['a prepared statement', `prepare p (int) as delete from public.manner where id = $1; execute p(1); deallocate p`],
  ['a trigger of somebody else', `create table public.button (id int); create function public.push() returns trigger language plpgsql as 'begin delete from public.manner where id = new.id; return null; end';
    create trigger push after insert on public.button for each row execute function public.push(); insert into public.button values (1)`],
] as const
for (const [manner, statement] of manners) {
  it(`records a delete by ${manner} once`, async () => {
    await run(`create table if not exists public.manner (id int primary key, name text); truncate public.manner; insert into public.manner values (1, '${manner.replaceAll("'", "''")}'), (2, 'stays')`)
    await run(`select audit.track('public.manner', 'manner', '{name}')`)
    await run(statement)
    assert.is((await rowsOf(`select from audit.event where object_kind = 'manner' and object_label = $1 and details is null`, [manner])).length, 1)
    await run('drop view if exists public.manner_view, public.manner_rule')
  })
}

it('records two tables deleted from in one statement [case 90]', async () => {
  await run(`
    create table public.left_hand (id int primary key); create table public.right_hand (id int primary key);
    select audit.track('public.left_hand', 'left_hand', 'L{id}'), audit.track('public.right_hand', 'right_hand', 'R{id}');
    insert into public.left_hand values (1), (2); insert into public.right_hand values (1);
    with l as (delete from public.left_hand returning id), r as (delete from public.right_hand returning id) select from l, r`)
  assert.equal([await namesOf('left_hand'), await namesOf('right_hand')], [{ names: ['1 L1', '2 L2'] }, { names: ['1 R1'] }])
})

it('records nothing for inserts, updates, upserts, COPY and deletes of no row', async () => {
  await run(`
    create table public.quiet (id int primary key, name text); select audit.track('public.quiet', 'quiet', '{name}');
    insert into public.quiet values (1, 'a'); update public.quiet set name = 'b'; insert into public.quiet values (1, 'c') on conflict (id) do update set name = 'c';
    delete from public.quiet where false; copy public.quiet to '/dev/null'`)
  assert.equal(await namesOf('quiet'), { names: [] })
})

it('records each row of TRUNCATE and TRUNCATE … CASCADE as one act', async () => {
  await run(`
    create table public.trunk (id int primary key, name text); create table public.branch (id int primary key, trunk_id int references public.trunk on delete cascade, name text);
    select audit.track('public.trunk', 'trunk', '{name}'), audit.track('public.branch', 'branch', '{name}', owner => 'trunk_id');
    insert into public.trunk values (1, 'T'); insert into public.branch values (1, 1, 'B1'), (2, 1, 'B2');
    truncate public.trunk cascade`)
  assert.equal(await rowsOf(`select object_kind, object_label, owner_label, details from audit.event where object_kind in ('trunk', 'branch') order by object_label`), [
    { object_kind: 'branch', object_label: 'B1', owner_label: 'T', details: { statement: 'truncate' } },
    { object_kind: 'branch', object_label: 'B2', owner_label: 'T', details: { statement: 'truncate' } },
    { object_kind: 'trunk', object_label: 'T', owner_label: null, details: { statement: 'truncate' } },
  ])
})

it('reads past the row-level security of a tracked table and of its parents', async () => {
  await run(`
    create table public.rls_parent (id int primary key, company text, name text); create table public.rls_child (id int primary key, parent_id int references public.rls_parent on delete cascade);
    alter table public.rls_parent enable row level security; alter table public.rls_child enable row level security;
    alter table public.rls_parent force row level security; alter table public.rls_child force row level security;
    select audit.track('public.rls_parent', 'rls_parent', '{name}', company => 'company'), audit.track('public.rls_child', 'rls_child', '{id}', company => 'parent_id.company', owner => 'parent_id');
    insert into public.rls_parent values (1, 'co', 'P'); insert into public.rls_child values (1, 1), (2, 1), (3, 1);
    delete from public.rls_child where id = 1; truncate public.rls_child`)
  assert.equal(await rowsOf(`select object_id, company_id, owner_label from audit.event where object_kind = 'rls_child' order by id`),
    ['1', '2', '3'].map((object_id) => ({ object_id, company_id: 'co', owner_label: 'P' })))
})

const refusals: readonly (readonly [string, string, RegExp, RegExp])[] = [
  ['a table without a key', `create table public.keyless (id int, name text); select audit.track('public.keyless', 'keyless', '{name}')`, /public\.keyless|keyless has no key/, /add primary key/],
  ['a table with only a partial unique index', `create table public.partial (id int); create unique index on public.partial (id) where id > 0; select audit.track('public.partial', 'partial', '{id}')`, /has no key/, /add primary key/],
  ['an unknown column in the label', `select audit.track('app.cv', 'cv', '{tilte}')`, /has no column tilte/, /title/],
  ['an unknown company column', `select audit.track('app.cv', 'cv', '{title}', company => 'nope')`, /no column nope/, /user_id/],
  ['an unknown snapshot column', `select audit.track('app.cv', 'cv', '{title}', snapshot => '{title,nope}')`, /no column nope/, /title/],
  ['an unknown masked column', `select audit.track('app.cv', 'cv', '{title}', mask => '{nope}')`, /no column nope/, /title/],
  ['an unknown soft-delete column', `select audit.track('app.cv', 'cv', '{title}', soft_delete => 'nope')`, /no column nope/, /title/],
  ['a null among the snapshot columns', `select audit.track('app.cv', 'cv', '{title}', snapshot => array[null])`, /snapshot of app.cv names no column/, /NULL/],
  ['a null among the masked columns', `select audit.track('app.cv', 'cv', '{title}', mask => array[null])`, /mask of app.cv names no column/, /NULL/],
  ['a dropped column', `create table public.lost (id int primary key, gone text); alter table public.lost drop column gone; select audit.track('public.lost', 'lost', '{gone}')`, /no column gone/, /id/],
  ['a system column', `select audit.track('app.cv', 'cv', '{ctid}')`, /no column ctid/, /title/],
  ['a path that leads nowhere', `select audit.track('app.cv', 'cv', '{title}', company => 'title.company_id')`, /cv\.title leads nowhere/, /->public\.some_table/],
  ['a path that ends in a row', `select audit.track('app.cv', 'cv', '{title}', company => 'user_id->app.user')`, /ends in a row/, /Add the column/],
  ['a path to a table that is not there', `select audit.track('app.cv', 'cv', '{title}', company => 'user_id->app.nobody.id')`, /no table app\.nobody/, /schema\.table/],
  ['a path to a view', `select audit.track('app.cv', 'cv', '{title}', company => 'user_id->app.company_access.company_id')`, /no lasting table/, /ordinary or partitioned/],
  ['a path to a table whose key is two columns', `create table public.two (a int, b int, company_id text, primary key (a, b)); select audit.track('app.cv', 'cv', '{title}', company => 'user_id->public.two.company_id')`, /cannot be found by one column/, /key is one column/],
  ['a path with an unknown column at its end', `select audit.track('app.cv', 'cv', '{title}', company => 'user_id.nope')`, /"user" has no column nope/, /company_id/],
  ['a path that is no path', `select audit.track('app.cv', 'cv', '{title}', company => 'user_id..company_id')`, /cannot be read/, /column\.column/],
  ['an empty path', `select audit.track('app.cv', 'cv', '{title}', company => '')`, /cannot be read/, /column\.column/],
  ['an owner that is no reference', `select audit.track('app.cv', 'cv', '{title}', owner => 'title')`, /leads nowhere/, /->public\.some_table/],
  ['SQL instead of a column', `select audit.track('app.cv', 'cv', '{title}', company => '(select 1)')`, /has no column|cannot be read/, /column/],
  ['a brace that is not closed', `select audit.track('app.cv', 'cv', '{title')`, /label template cannot be read/, /in braces/],
  ['a brace too many', `select audit.track('app.cv', 'cv', 'a}b')`, /label template cannot be read/, /in braces/],
  ['empty braces', `select audit.track('app.cv', 'cv', '{}')`, /label template cannot be read/, /in braces/],
  ['an empty label', `select audit.track('app.cv', 'cv', '  ')`, /label is empty/, /template over columns/],
  ['a kind with a space', `select audit.track('app.cv', 'my cv', '{title}')`, /kind cannot be used/, /lower-case/],
  ['a kind that is taken', `select audit.track('app.cv', 'customer', '{title}')`, /"?'customer' is taken/, /kind of its own/],
  ['null for the table', `select audit.track(null, 'x', '{id}')`, /null cannot be tracked/, /ordinary or partitioned/],
  ['null for the kind', `select audit.track('app.cv', null, '{title}')`, /kind and label are required/, /audit\.track\(/],
  ['null for the label', `select audit.track('app.cv', 'cv', null)`, /kind and label are required/, /audit\.track\(/],
  ['a view', `select audit.track('app.company_access', 'access', '{name}')`, /cannot be tracked/, /table below it/],
  ['a materialized view', `create materialized view public.mv as select 1 as id; select audit.track('public.mv', 'mv', '{id}')`, /cannot be tracked/, /table below it/],
  ['a foreign table', `create extension if not exists file_fdw; create server if not exists files foreign data wrapper file_fdw;
    create foreign table public.far (id int) server files options (filename '/dev/null'); select audit.track('public.far', 'far', '{id}')`, /cannot be tracked/, /ordinary/],
  ['a temporary table', `create temp table brief (id int primary key); select audit.track('brief', 'brief', '{id}')`, /cannot be tracked/, /ordinary/],
  ['a sequence', `create sequence public.seq; select audit.track('public.seq', 'seq', '{last_value}')`, /cannot be tracked/, /ordinary/],
  ['an index', `select audit.track('app.cv_pkey', 'idx', '{id}')`, /cannot be tracked/, /ordinary/],
  ['the log itself', `select audit.track('audit.event', 'event', '{id}')`, /cannot be tracked/, /ordinary/],
  ['a private table of the log', `select audit.track('audit_private.token_key', 'token', '{key_id}')`, /cannot be tracked/, /ordinary/],
  ['a table of PostgreSQL', `select audit.track('pg_class', 'class', '{relname}')`, /cannot be tracked/, /ordinary/],
  ['an unknown manner of TRUNCATE', `select audit.track('app.cv', 'cv', '{title}', truncate => 'ignore')`, /truncate cannot be that/, /record.*refuse/],
  ['a mark of deletion that decides the partition', `create table public.flagged (id int, gone boolean, primary key (id, gone)) partition by list (gone); select audit.track('public.flagged', 'flagged', '{id}', soft_delete => 'gone')`, /column gone decides the partition/, /mark deleted rows by another/],
  ['a table with a trigger of the host by a name of ours', `create table public.own_trigger (id int primary key); create function public.mine() returns trigger language plpgsql as 'begin return null; end'; create trigger audit_truncate before truncate on public.own_trigger execute function public.mine(); select audit.track('public.own_trigger', 'own_trigger', '{id}')`, /has a trigger audit_truncate already, which is not the log's/, /alter trigger audit_truncate on public\.own_trigger rename/],
  ['untracking what is not tracked', `select audit.untrack('app.company')`, /is not tracked/, /audit\.tracked_table/],
  ['untracking nothing', `select audit.untrack(null)`, /is not tracked/, /audit\.tracked_table/],
]
for (const [what, statement, message, hint] of refusals) {
  it(`refuses ${what} with AU002 and says what to do, and leaves everything as it was`, async () => {
    const before = await rowsOf('select * from audit.tracked_table order by table_name')
    const error = await refused(run(`begin; ${statement}; commit`), 'AU002', message)
    assert.match(error.hint ?? '', hint)
    assert.equal(await rowsOf('select * from audit.tracked_table order by table_name'), before)
  })
}

it('refuses a name that is no table at all, with the code of PostgreSQL', async () => {
  await refused(run(`select audit.track('app.nowhere', 'x', '{id}')`), '42P01')
})

it('does nothing the second time, and changes what it is told to change', async () => {
  await run(`create table public.again (id int primary key, a text, b text); select audit.track('public.again', 'again', '{a}')`)
  const state = `select t.*, (select array_agg(g.tgname || g.tgenabled::text order by g.tgname) from pg_trigger g where g.tgrelid = 'public.again'::regclass) as triggers,
    (select array_agg(md5(p.prosrc) order by p.proname) from pg_proc p where p.proname like 'capture_public_again%') as functions from audit.tracked_table t where t.kind = 'again'`
  const before = await rowsOf(state)
  await run(`select audit.track('public.again', 'again', '{a}')`)
  assert.equal(await rowsOf(state), before)
  await run(`select audit.track('public.again', 'again_too', '{b}', snapshot => '{b}'); insert into public.again values (1, 'a', 'b'); delete from public.again`)
  assert.equal(await rowsOf(`select action, object_label, snapshot from audit.event where object_kind like 'again%'`), [{ action: 'again_too.deleted', object_label: 'b', snapshot: { b: 'b' } }])
})

it('follows a renamed table, a renamed column, a dropped column and a new schema [case 84]', async () => {
  await run(`
    create table public.pot (id int primary key, name text, extra text); create table public.plant (id int primary key, pot_id int references public.pot, name text, note text);
    select audit.track('public.pot', 'pot', '{name}'), audit.track('public.plant', 'plant', '{name}', owner => 'pot_id', company => 'pot_id.name');
    insert into public.pot values (1, 'Clay'); insert into public.plant select n, 1, 'P' || n, 'x' from generate_series(1, 6) n`)
  const changes = [
    'alter table public.pot rename to vessel', 'alter table public.vessel rename column name to title', 'alter table public.plant rename column name to species',
    'alter table public.plant drop column note', 'create schema garden; grant usage on schema garden to audit_agent; alter table public.vessel set schema garden; alter table public.plant set schema garden',
    'alter schema garden rename to park',
  ]
  for (const [n, change] of changes.entries()) {
    await run(change)
    await run(`delete from ${n < 4 ? 'public' : n === 4 ? 'garden' : 'park'}.plant where id = ${n + 1}`)
  }
  assert.equal(await rowsOf(`select object_label, owner_label, company_id from audit.event where object_kind = 'plant' order by id`),
    changes.map((_, n) => ({ object_label: `P${n + 1}`, owner_label: 'Clay', company_id: 'Clay' })))
})

it('goes on when a parent is moved to a schema that the log has no right on [case 84]', async () => {
  await run(`
    create schema closed; create table public.bed (id int primary key, name text); create table public.herb (id int primary key, bed_id int references public.bed);
    select audit.track('public.herb', 'herb', '{id}', owner => 'bed_id');
    insert into public.bed values (1, 'B'); insert into public.herb values (1, 1); alter table public.bed set schema closed; delete from public.herb`)
  assert.equal(await rowsOf(`select object_id, owner_label from audit.event where object_kind = 'herb'`), [{ object_id: '1', owner_label: 'B' }])
})

it('goes on when a parent is moved to a schema whose owner alone could give the log a right on it, and says what is lost [case 84]', async () => {
  await run(`
    do $$ begin create role test_mover; exception when duplicate_object or unique_violation then null; end $$;
    create schema vault; grant create, usage on schema vault to test_mover; grant usage, create on schema public to test_mover;
    create table public.safe (id int primary key, company text, name text); create table public.coin (id int primary key, safe_id int references public.safe on delete cascade);
    select audit.track('public.safe', 'safe', '{name}', company => 'company'), audit.track('public.coin', 'coin', '{id}', owner => 'safe_id', company => 'safe_id.company');
    alter table public.safe owner to test_mover; insert into public.safe values (1, 'c', 'S'); insert into public.coin values (1, 1), (2, 1);
    set role test_mover; alter table public.safe set schema vault; reset role`)
  await run('delete from public.coin where id = 1')
  await run('delete from vault.safe')
  assert.equal(await rowsOf(`select object_id, owner_label, company_id from audit.event where object_kind in ('coin', 'safe') order by id`),
    [{ object_id: '1', owner_label: null, company_id: 'default' }, { object_id: '1', owner_label: null, company_id: 'c' }, { object_id: '2', owner_label: null, company_id: 'default' }])
  const [finding] = await rowsOf(`select finding from audit.health where check_name = 'columns'`) as [{ finding: string }]
  assert.match(finding.finding, /public\.coin: its entries lack the company and the owner since the path led over vault\.safe, which is in schema vault now, into which the log may not look/)
  assert.match(finding.finding, /vault\.safe: the log may not look into schema vault any more/)
  await run(`grant usage on schema vault to audit_agent; select audit.track('public.coin', 'coin', '{id}', owner => 'safe_id', company => 'safe_id.company')`)
  await run(`insert into vault.safe values (1, 'c', 'S'); insert into public.coin values (3, 1); delete from vault.safe`)
  assert.equal(await rowsOf(`select owner_label, company_id from audit.event where object_kind = 'coin' and object_id = '3'`), [{ owner_label: 'S', company_id: 'c' }])
  assert.equal(await rowsOf(`select finding from audit.health where check_name = 'columns'`), [{ finding: null }])
  await run(`select audit.untrack('vault.safe'), audit.untrack('public.coin'); drop table public.coin, vault.safe; drop owned by test_mover; drop role test_mover`)
})

it('refuses a TRUNCATE where it was told to, by CASCADE and of a partition too, and records it again when it is told otherwise', async () => {
  await run(`
    create table public.trap (id int primary key); create table public.bait (id int primary key, trap_id int references public.trap);
    create table public.net (id int, land text, primary key (id, land)) partition by list (land); create table public.net_a partition of public.net for values in ('a');
    select audit.track('public.bait', 'bait', '{id}', truncate => 'refuse'), audit.track('public.net', 'net', '{id}', truncate => 'refuse');
    insert into public.trap values (1); insert into public.bait values (1, 1); insert into public.net values (1, 'a')`)
  for (const table of ['public.bait', 'public.trap cascade', 'public.net', 'public.net_a']) {
    const error = await refused(run(`truncate ${table}`), 'AU002', /TRUNCATE of public\.(bait|net_a) is refused/)
    assert.match(error.hint ?? '', /Delete the rows instead/)
  }
  await run('set session_replication_role = replica')
  await refused(run('truncate public.bait'), 'AU002')
  await run('reset session_replication_role; delete from public.net')
  assert.equal(await rowsOf(`select kind, truncate from audit.tracked_table where kind in ('bait', 'net') order by 1`), [{ kind: 'bait', truncate: 'refuse' }, { kind: 'net', truncate: 'refuse' }])
  assert.equal(await rowsOf(`select proname from pg_proc where proname like 'capture_public_bait\\_\\_%'`), [])
  await run(`select audit.track('public.bait', 'bait', '{id}'); truncate public.bait`)
  assert.equal(await namesOf('bait'), { names: ['1 1'] })
  assert.equal(await rowsOf(`select finding from audit_private.capture_findings('public.bait') where check_name = 'triggers' and finding like 'public.bait%'`), [])
  await run(`drop table public.bait, public.trap, public.net`)
})

it('goes on with a column added after it was attached [case 83]', async () => {
  await run(`
    create table public.grows (id int primary key); select audit.track('public.grows', 'grows', '{id}'); insert into public.grows values (1);
    prepare del (int) as delete from public.grows where id = $1; execute del(1);
    alter table public.grows add column added text default 'new'; insert into public.grows values (2); execute del(2);
    alter table public.grows alter column id type bigint; insert into public.grows values (3); execute del(3); deallocate del`)
  assert.equal(await rowsOf(`select snapshot from audit.event where object_kind = 'grows' order by id`), [{ snapshot: { id: 1 } }, { snapshot: { id: 2, added: 'new' } }, { snapshot: { id: 3, added: 'new' } }])
})

it('leaves no trigger, no function and no right behind when a table is untracked, but its history', async () => {
  await run(`
    create schema yard; create table yard.owner (id int primary key, name text, company text); create table yard.tree (id int primary key, owner_id int references yard.owner, name text, gone_at timestamptz);
    select audit.track('yard.tree', 'tree', '{name}', company => 'owner_id.company', owner => 'owner_id', soft_delete => 'gone_at');
    insert into yard.owner values (1, 'O', 'c'); insert into yard.tree values (1, 1, 'Oak'), (2, 1, 'Elm'); delete from yard.tree where id = 1;
    select audit.untrack('yard.tree'); delete from yard.tree`)
  assert.equal(await namesOf('tree'), { names: ['1 Oak'] })
  assert.equal(await rowsOf(`select tgname from pg_trigger where tgrelid in ('yard.tree'::regclass, 'yard.owner'::regclass) and not tgisinternal`), [])
  assert.equal(await rowsOf(`select proname from pg_proc where proname like 'capture_yard%'`), [])
  assert.equal(await rowsOf(`select kind from audit.tracked_table where kind = 'tree'`), [])
  assert.equal(await rowsOf(`
    select c.relname, a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
     where c.relnamespace = 'yard'::regnamespace and has_column_privilege('audit_agent', c.oid, a.attnum, 'select')`), [])
})

it('keeps the rights that other tracked tables need when one is untracked', async () => {
  await run(`
    create table public.hub (id int primary key, name text); create table public.spoke_a (id int primary key, hub_id int references public.hub); create table public.spoke_b (id int primary key, hub_id int references public.hub);
    insert into public.hub values (1, 'H'); insert into public.spoke_a values (1, 1); insert into public.spoke_b values (1, 1);
    select audit.track('public.hub', 'hub', '{name}'), audit.track('public.spoke_a', 'spoke_a', '{id}', owner => 'hub_id'), audit.track('public.spoke_b', 'spoke_b', '{id}', owner => 'hub_id');
    select audit.untrack('public.spoke_a'); select audit.untrack('public.hub');
    delete from public.spoke_b; delete from public.spoke_a; delete from public.hub`)
  assert.equal(await entriesOf('spoke_b'), [{ action: 'spoke_b.deleted', object_id: '1', object_label: '1', owner_kind: 'hub', owner_id: '1', owner_label: 'H', company_id: 'default' }])
  assert.equal([await namesOf('hub'), await namesOf('spoke_a')], [{ names: [] }, { names: [] }])
})

it('can be attached again after it was untracked', async () => {
  await run(`
    create table public.twice (id int primary key); insert into public.twice values (1), (2), (3);
    select audit.track('public.twice', 'twice', '{id}'); delete from public.twice where id = 1; select audit.untrack('public.twice'); delete from public.twice where id = 2;
    select audit.track('public.twice', 'twice', '{id}'); delete from public.twice where id = 3`)
  assert.equal(await namesOf('twice'), { names: ['1 1', '3 3'] })
})

it('lets writers wait no longer than a moment for a table that a long transaction uses, and says so', async () => {
  await run(`create table public.busy (id int primary key, name text); insert into public.busy values (1, 'a'), (2, 'b')`)
  const [long, track, writer] = [await database.as('postgres'), await database.as('postgres'), await database.as('postgres')]
  for (const statement of [`select audit.track('public.busy', 'busy', '{name}')`, `select audit.untrack('public.busy')`]) {
    await long.query(`begin; update public.busy set name = name where id = 1`)
    const tracked = refused(track.query(statement), '55P03')
    await database.superuser.query('select pg_sleep(0.05)')
    await writer.query(`set statement_timeout = '20s'; update public.busy set name = name where id = 2`)
    await tracked
    await long.query('commit')
    await track.query(statement)
    assert.equal((await track.query('show lock_timeout')).rows, [{ lock_timeout: '0' }])
  }
  // Who waits less is not made to wait.
  await long.query(`begin; update public.busy set name = name where id = 1`)
  const since = performance.now()
  await refused(track.query(`begin; set local lock_timeout = '1ms'; select audit.track('public.busy', 'busy', '{name}')`), '55P03')
  await track.query('rollback'); await long.query('rollback')
  assert.ok(performance.now() - since < 20_000)
})

it('refuses a path to a temporary table or a view', async () => {
  await run(`create table public.from_temp (id int primary key, x int); create temporary table tt (id int primary key, company_id text); create view public.some_view as select 1 as id, 'c' as company_id`)
  const { rows: [temporary] } = await database.superuser.query<{ name: string }>(`select relnamespace::regnamespace::text as name from pg_class where oid = 'tt'::regclass`)
  for (const path of [`x->${temporary?.name ?? ''}.tt.company_id`, 'x->public.some_view.company_id']) {
    await refused(run(`select audit.track('public.from_temp', 'from_temp', '{id}', company => '${path}')`), 'AU002', /no lasting table/)
  }
})

it.run()
