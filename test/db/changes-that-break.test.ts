import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, prepareDatabase, type PreparedDatabase, type TestDatabase } from '../harness/database.ts'
import { refused } from '../harness/refused.ts'

/*
 * Each of these once made the next DELETE or TRUNCATE fail, or left an entry that was wrong: what was written when the
 * table was attached named a column that was gone, or one that the log may not read.
 */
const it = suite('Changes of tables after which a deletion must still go through')
let prepared: PreparedDatabase
let db: TestDatabase

it.before(async () => {
  prepared = await prepareDatabase((database) => database.run(`
    create schema firm; create table firm.party (id int primary key, code text not null unique, co int);
    create table firm.paper (id int primary key, party_id int references firm.party, title text, secret text);
    insert into firm.party values (1, 'P', 5); insert into firm.paper select n, 1, 'Paper ' || n, 'canary' from generate_series(1, 9) n;
    select audit.track('firm.paper', 'paper', '{title}', company => 'party_id.co', owner => 'party_id', mask => '{secret}')`))
})
it.after(() => prepared.drop())
it.before.each(async () => {
  db = await makeTestDatabase(prepared)
})
it.after.each(() => db.drop())

const run = (statements: string): Promise<void> => db.run(statements)
const rowsOf = async <Row extends object>(query: string): Promise<Row[]> => (await db.superuser.query<Row>(query)).rows
const found = async (check: string): Promise<string> => (await rowsOf<{ finding: string }>(`select coalesce(finding, '') as finding from audit.health where check_name = '${check}'`))[0]?.finding ?? ''
async function entryOf(statement: string): Promise<unknown> {
  await run(statement)
  return (await rowsOf(`select object_id, object_label, company_id, owner_label, snapshot from audit.event where action like '%.deleted' order by id desc limit 1`))[0]
}
const one = 'delete from firm.paper where ctid = (select min(ctid) from firm.paper)'

it('a new column is in the entries of a TRUNCATE too', async () => {
  await run(`alter table firm.paper add colour text default 'red'`)
  assert.equal(await entryOf('truncate firm.paper'), { object_id: '9', object_label: 'Paper 9', company_id: '5', owner_label: '1', snapshot: { id: 9, party_id: 1, title: 'Paper 9', colour: 'red' } })
})

it('a new column of an owner who does not install the log is left out of a TRUNCATE, which audit.health says, until audit.track is called', async () => {
  await run(`
    do $$ begin create role test_paper_owner login; exception when duplicate_object or unique_violation then null; end $$; grant usage on schema firm to test_paper_owner; alter table firm.paper owner to test_paper_owner;
    set role test_paper_owner; alter table firm.paper add "Own colour" text default 'red'; reset role`)
  assert.is(await found('columns'), 'firm.paper: the log may not read "Own colour" of it, since a column was added or a right was revoked: a TRUNCATE is recorded without, or fails.')
  assert.is(await found('triggers'), '')
  assert.equal(await entryOf(one), { object_id: '1', object_label: 'Paper 1', company_id: '5', owner_label: '1', snapshot: { id: 1, party_id: 1, title: 'Paper 1', 'Own colour': 'red' } })
  assert.equal(await entryOf('truncate firm.paper'), { object_id: '9', object_label: 'Paper 9', company_id: '5', owner_label: '1', snapshot: { id: 9, party_id: 1, title: 'Paper 9' } })
  await run(`insert into firm.paper values (10, 1, 'Paper 10', 'canary'); select audit.track('firm.paper', 'paper', '{title}', company => 'party_id.co', owner => 'party_id', mask => '{secret}')`)
  assert.equal(await entryOf('truncate firm.paper'), { object_id: '10', object_label: 'Paper 10', company_id: '5', owner_label: '1', snapshot: { id: 10, party_id: 1, title: 'Paper 10', 'Own colour': 'red' } })
  assert.is(await found('columns'), '')
})

it('a column that would name the owner better is not read until audit.track is called', async () => {
  await run(`alter table firm.party add name text default 'Party'`)
  assert.match(JSON.stringify(await entryOf(one)), '"owner_label":"1"')
  assert.is(await found('triggers'), '')
  await run(`select audit.track('firm.paper', 'paper', '{title}', company => 'party_id.co', owner => 'party_id', mask => '{secret}')`)
  assert.match(JSON.stringify(await entryOf(one)), '"owner_label":"Party"')
})

it('a key that is dropped still names the rows, also under other names of its columns, and by what is left of it', async () => {
  await run('alter table firm.paper drop constraint paper_pkey')
  assert.is(await found('columns'), 'firm.paper: its entries name rows by ["id"], which is not its key any more.')
  await run('alter table firm.paper rename id to number; alter table firm.paper rename title to heading')
  assert.equal(await entryOf(one), { object_id: '1', object_label: 'Paper 1', company_id: '5', owner_label: '1', snapshot: { number: 1, party_id: 1, heading: 'Paper 1' } })
  await run('alter table firm.paper drop column number')
  assert.equal(await entryOf(one), { object_id: '1', object_label: 'Paper 2', company_id: '5', owner_label: '1', snapshot: { party_id: 1, heading: 'Paper 2' } })
  await run('alter table firm.paper add number int generated always as identity primary key')
  assert.is(await found('columns'), '')
})

it('another key is followed, and a unique index beside it is no reason for alarm', async () => {
  await run('alter table firm.paper drop constraint paper_pkey; create unique index on firm.paper (title)')
  assert.equal(await entryOf(one), { object_id: 'Paper 1', object_label: 'Paper 1', company_id: '5', owner_label: '1', snapshot: { id: 1, party_id: 1, title: 'Paper 1' } })
  await run('create unique index on firm.paper (id)')
  assert.is(await found('columns') + await found('triggers'), '')
})

it('the column is dropped to which a path leads: deletions go on, and audit.health says what they lack', async () => {
  await run('alter table firm.paper drop constraint paper_party_id_fkey; alter table firm.party drop column id')
  assert.equal(await entryOf(one), { object_id: '1', object_label: 'Paper 1', company_id: 'default', owner_label: null, snapshot: { id: 1, party_id: 1, title: 'Paper 1' } })
  assert.match(await found('columns'), /^firm\.paper: its entries lack the company and the owner since /)
})

it('the company is dropped: entries do not go to another company in silence', async () => {
  await run('alter table firm.party drop column co')
  assert.is(await found('columns'), 'firm.paper: its entries lack the company since column co was dropped.')
  assert.equal(await entryOf(one), { object_id: '1', object_label: 'Paper 1', company_id: 'default', owner_label: '1', snapshot: { id: 1, party_id: 1, title: 'Paper 1' } })
})

it('a column comes to be called as the log calls something of its own', async () => {
  await run(`
    create table firm.node (id int primary key, up_id int references firm.node on delete cascade, name text); select audit.track('firm.node', 'node', '{name}', owner => 'up_id');
    alter table firm.node add "audit.event_id" int default 4, add "audit.event_id_" text default 'x', add since int, add is_late int, add c int, add doomed text; insert into firm.node values (1, null, 'Upper'), (2, 1, 'Lower')`)
  assert.equal(await entryOf('delete from firm.node where id = 1'),
    { object_id: '2', object_label: 'Lower', company_id: 'default', owner_label: 'Upper', snapshot: { id: 2, up_id: 1, name: 'Lower', 'audit.event_id': 4, 'audit.event_id_': 'x', since: null, is_late: null, c: null, doomed: null } })
})

it('what could not work is refused when it is attached: a table that shares a part with another, and one with a foreign table below it', async () => {
  await run(`
    create table firm.one (id int primary key, name text); create table firm.two (id int primary key, name text); create table firm.both (primary key (id)) inherits (firm.one); select audit.track('firm.one', 'one', '{name}'); alter table firm.both inherit firm.two;
    create table firm.near (id int primary key, name text); create foreign data wrapper nowhere; create server nowhere foreign data wrapper nowhere; create foreign table firm.away () inherits (firm.near) server nowhere`)
  await refused(run(`select audit.track('firm.two', 'two', '{name}')`), 'AU002', /firm\.two belongs together with firm\.one, which is tracked/)
  await refused(run(`select audit.track('firm.near', 'near', '{name}')`), 'AU002', /firm\.near cannot be tracked/)
  await run(`alter foreign table firm.away no inherit firm.near; select audit.track('firm.near', 'near', '{name}'); alter foreign table firm.away inherit firm.near`)
  assert.match(await found('tables'), 'firm.near: foreign table firm.away is a part of it: deletions from the whole fail, as PostgreSQL cannot tell the log of them.')
})

it('the owner gets another key, over a column that the log may not read: it is named by the old one while that is unique, and the company stays in any case', async () => {
  await run(`alter table firm.party drop constraint party_pkey cascade, add unique (id), add serial int, add primary key (co)`)
  assert.equal(await entryOf(one), { object_id: '1', object_label: 'Paper 1', company_id: '5', owner_label: '5', snapshot: { id: 1, party_id: 1, title: 'Paper 1' } })
  await run(`update firm.party set serial = 7; alter table firm.party drop constraint party_pkey, add primary key (serial)`)
  assert.equal(await entryOf(one), { object_id: '2', object_label: 'Paper 2', company_id: '5', owner_label: '1', snapshot: { id: 2, party_id: 1, title: 'Paper 2' } })
  await run(`alter table firm.party drop constraint party_id_key cascade`)
  assert.equal(await entryOf(one), { object_id: '3', object_label: 'Paper 3', company_id: '5', owner_label: null, snapshot: { id: 3, party_id: 1, title: 'Paper 3' } })
  assert.match(await found('columns'), 'firm.paper: its entries lack the owner since the path led over firm.party, which the log may not read.')
})

it('a tracked table and its child get another key, of an owner who does not install the log: both are named as before until audit.track is called', async () => {
  await run(`
    do $$ begin create role test_paper_owner login; exception when duplicate_object or unique_violation then null; end $$; create schema move authorization test_paper_owner; set role test_paper_owner;
    create table move.parent (id int primary key, name text); create table move.child (id int primary key, parent_id int references move.parent on delete cascade, name text); reset role;
    select audit.track('move.parent', 'parent', '{name}'); select audit.track('move.child', 'child', '{name}', owner => 'parent_id'); set role test_paper_owner;
    insert into move.parent values (1, 'P'); insert into move.child select n, 1, 'Child ' || n from generate_series(1, 3) n;
    alter table move.parent add uid int; update move.parent set uid = 101; alter table move.child add parent_uid int; update move.child set parent_uid = 101; alter table move.parent drop constraint parent_pkey cascade; alter table move.parent add primary key (uid);
    delete from move.child where id = 1; alter table move.child add foreign key (parent_uid) references move.parent (uid) on delete cascade; delete from move.child where id = 2; reset role`)
  assert.equal(await rowsOf(`select object_label, owner_id, owner_label from audit.event where object_kind = 'child' order by id`), [1, 2].map((n) => ({ object_label: `Child ${n}`, owner_id: '1', owner_label: 'P' })))
  await run(`select audit.track('move.parent', 'parent', '{name}'); select audit.track('move.child', 'child', '{name}', owner => 'parent_uid'); set role test_paper_owner; delete from move.parent; reset role`)
  assert.equal(await rowsOf(`select e.object_id, c.object_label, c.owner_id from audit.event e join audit.event c on c.caused_by = e.id`), [{ object_id: '101', object_label: 'Child 3', owner_id: '101' }])
  assert.is(await found('columns'), '')
})

for (const [what, prepare, change] of [
  ['a type takes a column along', `create type firm.mood as enum ('good'); alter table firm.paper add mood firm.mood`, 'drop type firm.mood cascade'],
  ['an extension takes a column along', 'create extension hstore; alter table firm.paper add more hstore', 'drop extension hstore cascade'],
  ['a schema takes a column along', 'create schema gone; create domain gone.word as text; alter table firm.paper add word gone.word', 'drop schema gone cascade'],
  ['a table is renamed as if it were an index', '', 'alter index firm.party rename to party_too; alter index firm.paper rename to paper_too; alter table firm.paper_too rename to paper'],
  ['a collation is renamed', `create collation firm.own (provider = icu, locale = 'en'); alter table firm.party alter code type text collate firm.own; alter table firm.paper add code text collate firm.own; update firm.paper set code = 'P';
    select audit.track('firm.paper', 'paper', '{title}', company => 'party_id.co', owner => 'party_id', mask => '{secret}')`, 'alter collation firm.own rename to other'],
] as const) {
  it(`${what}: deletions go on`, async () => {
    await run(prepare)
    await run(change)
    assert.match(JSON.stringify(await entryOf(one)), '"object_label":"Paper 1"')
    assert.is(await found('columns'), '')
  })
}

it('an attribute of the type of a table is renamed: deletions go on', async () => {
  await run(`create type firm.shape as (id int, name text); create table firm.typed of firm.shape (primary key (id)); insert into firm.typed values (1, 'One'); select audit.track('firm.typed', 'typed', '{name}'); alter type firm.shape rename attribute name to nom cascade`)
  assert.equal(await entryOf('delete from firm.typed'), { object_id: '1', object_label: 'One', company_id: 'default', owner_label: null, snapshot: { id: 1, nom: 'One' } })
})

for (const [which, prepare] of [
  ['is not tracked', ''],
  ['is tracked', `select audit.track('firm.party', 'party', '{code}', company => 'co');`],
  ['is not tracked and has no name', 'alter table firm.party drop column code;'],
] as const) {
  it(`a table that its owner's path names, which ${which}, may lose its key, and have another one that goes later`, async () => {
    await run(`${prepare} alter table firm.party drop constraint party_pkey cascade; alter table firm.party drop constraint if exists party_code_key`)
    const { company_id: company } = Object(await entryOf(one))
    assert.is(company, '5')
    await run(`alter table firm.party add column uid int default 7; alter table firm.party add primary key (uid)`)
    await run(`${one}; alter table firm.party drop column uid; ${one}; truncate firm.paper`)
    assert.is((await rowsOf<{ n: number }>(`select count(*)::int as n from audit.event where action = 'paper.deleted'`))[0]?.n, 9)
  })
}

it('an untracked or dropped child leaves its parent as it is made, and audit.health says nothing of a change', async () => {
  await run(`select audit.track('firm.party', 'party', '{code}', company => 'co')`)
  await run(`select audit.untrack('firm.paper')`)
  assert.is(await found('triggers'), '')
  await run(`select audit.track('firm.paper', 'paper', '{title}', company => 'party_id.co', owner => 'party_id'); drop table firm.paper`)
  assert.is(await found('triggers'), '')
  assert.equal(await entryOf('delete from firm.party'), { object_id: '1', object_label: 'P', company_id: '5', owner_label: null, snapshot: { id: 1, code: 'P', co: 5 } })
})

it('a company that is an empty text is none, and a name of nothing that is seen is the key', async () => {
  await run(`create table firm.note (id int primary key, co text, name text); insert into firm.note values (1, '', E'\\u3000\\uFEFF\\u2003'), (2, '5', E'\\u3000Note\\u2060'), (3, null, null);
    select audit.track('firm.note', 'note', '{name}', company => 'co')`)
  await run('delete from firm.note')
  assert.equal(await rowsOf(`select object_id, object_label, company_id from audit.event where action = 'note.deleted' order by object_id`),
    [{ object_id: '1', object_label: '#1', company_id: 'default' }, { object_id: '2', object_label: 'Note', company_id: '5' }, { object_id: '3', object_label: '#3', company_id: 'default' }])
})

it('a foreign key over a period, which leads to no single row, is no path', async () => {
  if (Number((await rowsOf<{ n: string }>(`select current_setting('server_version_num') as n`))[0]?.n) < 180000) return
  await run(`create extension if not exists btree_gist;
    create table firm.room (id int, valid daterange, name text, co text, primary key (id, valid without overlaps));
    create table firm.booking (id int primary key, valid daterange, room int, title text, foreign key (room, period valid) references firm.room (id, period valid));
    select audit.track('firm.room', 'room', '{name}', company => 'co')`)
  await refused(db.superuser.query(`select audit.track('firm.booking', 'booking', '{title}', company => 'room.co', owner => 'room')`), 'AU002', /room/)
  await run(`select audit.track('firm.booking', 'booking', '{title}'); insert into firm.room values (1, '[2020-01-01,2021-01-01)', 'R', '7'); insert into firm.booking values (1, '[2020-02-01,2020-03-01)', 1, 'B'); delete from firm.booking; delete from firm.room`)
  assert.equal(await rowsOf(`select object_label, caused_by from audit.event where action in ('booking.deleted', 'room.deleted') order by id`), [{ object_label: 'B', caused_by: null }, { object_label: 'R', caused_by: null }])
})

for (const [statement, finding] of [
  ['alter sequence audit.event_id_seq cache 1000', /relation audit\.event_id_seq was changed/],
  ['alter sequence audit.event_id_seq increment by -1', /relation audit\.event_id_seq was changed/],
  [`select setval('audit.event_id_seq', 1, false)`, /audit\.event_id_seq stands at 1, behind entry \d+: deletions will fail/],
] as const) {
  it(`audit.health tells of ${statement}`, async () => {
    assert.is(await found('definitions'), '')
    await run(`begin; ${one}; ${one}; ${statement}`)
    assert.match(await found('definitions'), finding)
    await run('rollback')
  })
}

for (const [what, table, label, change, id, name] of [
  ['the label, which is the key', 'id int primary key, name text', '{id}', 'drop column id', 'a', 'a'],
  ['a label that is half of the key', 'a int, b int, name text, primary key (a, b)', '{a}', 'drop column a', null, null],
  ['label and key at once', 'id int primary key, name text, more text', '{name}', 'drop column id, drop column name', null, null],
  ['every column of a label with brackets', 'id int primary key, name text, y int', '{name} ({y})', 'drop column name, drop column y', '1', '#1'],
  ['the label of a table with a key of two columns', 'a int, b int, name text, primary key (a, b)', '{name}', 'drop column name', '["1", "1"]', '#["1", "1"]'],
  ['the label of a table whose key no template can name', '"i{d}" int primary key, name text', '{name}', 'drop column name', '1', '#1'],
  ['the name of the label to one that no template can have', 'id int primary key, name text', '{name}', 'rename column name to "na{me}"', '1', '#1'],
] as const) {
  it(`a change takes away ${what}: deletions of the table, and of one that points to it, go on`, async () => {
    await run(`create table firm.thing (${table}); insert into firm.thing select ${table.split(', primary')[0]?.split(', ').map((column) => (column.endsWith(' text') ? `'a'` : '1')).join(', ')};
      select audit.track('firm.thing', 'thing', '${label}')`)
    await run(`alter table firm.thing ${change.replaceAll('drop column', 'drop column')}`)
    const entry = await entryOf('delete from firm.thing')
    if (name !== null && !what.startsWith('the label, which')) assert.equal([Reflect.get(Object(entry), 'object_id'), Reflect.get(Object(entry), 'object_label')], [id, name])
    assert.equal(await rowsOf(`select count(*)::int as n from audit.event where action = 'thing.deleted'`), [{ n: 1 }])
  })
}

it('a type that takes the key along, and a parent that loses label and key: deletions of both go on', async () => {
  await run(`create type firm.mood as enum ('glad'); create table firm.feeling (m firm.mood primary key, name text); insert into firm.feeling values ('glad', 'a'); select audit.track('firm.feeling', 'feeling', '{m}');
    create table firm.top (id int primary key, co int); create table firm.leaf (id int primary key, top_id int references firm.top, name text);
    insert into firm.top values (1, 5); insert into firm.leaf values (1, 1, 'Leaf');
    select audit.track('firm.top', 'top', '{id}', company => 'co'), audit.track('firm.leaf', 'leaf', '{name}', company => 'top_id.co', owner => 'top_id')`)
  await run('drop type firm.mood cascade; alter table firm.top drop column id cascade')
  for (const table of ['feeling', 'leaf', 'top']) await run(`delete from firm.${table}`)
  assert.equal(await rowsOf(`select object_kind from audit.event where action ~ '[.]deleted$' and object_kind in ('feeling', 'leaf', 'top') order by id`), ['feeling', 'leaf', 'top'].map((object_kind) => ({ object_kind })))
})

it('what is wrong with a table is told by the change that made it so, and by none that follows', async () => {
  await run('alter table firm.paper drop column title; alter table firm.paper add one int; alter table firm.paper rename column one to two')
  assert.equal((await rowsOf<{ finding: string }>(`select details ->> 'finding' as finding from audit.event where action = 'table.altered' order by id`)).map(({ finding }) => finding),
    [`firm.paper: the names of its rows lack column title since it was dropped (label => '{title}').`])
})

it('a temporary table that inherited, and went, is no alarm', async () => {
  await run('create table firm.heir () inherits (firm.paper); drop table firm.heir')
  assert.is(await found('triggers'), '')
})

it.run()
