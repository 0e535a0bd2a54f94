import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { refused } from '../harness/refused.ts'

const it = suite('Tables as other people make them')
let db: TestDatabase

it.before(async () => {
  db = await makeTestDatabase()
})
it.after(() => db.drop())

const run = (statements: string): Promise<void> => db.run(statements)
const rowsOf = async (query: string, values: readonly unknown[] = []): Promise<unknown[]> => (await db.superuser.query(query, [...values])).rows
const latest = async (): Promise<string> => String((await db.superuser.query('select coalesce(max(id), 0) as id from audit.event')).rows[0].id)
const actsSince = (id: string): Promise<unknown[]> => rowsOf('select object_label, went_along from audit.act where id > $1 order by object_label', [id])
const failures = (): Promise<unknown[]> => rowsOf(`select check_name, finding from audit.health where status = 'failed'`)

it('finds the cause by each foreign key, also where all of them begin with the column of the company [case 53]', async () => {
  await run(`
    create schema many;
    create table many.tenant (slug text primary key);
    create table many.person (tenant text references many.tenant, no int, name text, primary key (tenant, no));
    create table many.project (tenant text, code text, day date, title text, primary key (tenant, code, day)) partition by range (day);
    create table many.project_2026 partition of many.project for values from ('2026-01-01') to ('2027-01-01');
    create table many.role (tenant text, id int, person_no int, code text, day date, name text, primary key (tenant, id),
      foreign key (tenant, person_no) references many.person on delete cascade, foreign key (tenant, code, day) references many.project on delete cascade);
    select audit.track('many.person', 'm_person', '{name}', 'tenant'), audit.track('many.project', 'm_project', '{title}', 'tenant'), audit.track('many.role', 'm_role', '{name}', 'tenant', 'person_no');
    insert into many.tenant values ('acme'); insert into many.person values ('acme', 1, 'Jessica'), ('acme', 2, 'Bo');
    insert into many.project values ('acme', 'P1', '2026-05-01', 'Bridge'); insert into many.role values ('acme', 1, 1, 'P1', '2026-05-01', 'Lead'), ('acme', 2, 2, null, null, 'Cook')`)
  const before = await latest()
  await run(`delete from many.project where code = 'P1'`)
  await run(`delete from many.person where no = 2`)
  assert.equal(await actsSince(before), ['Bo', 'Bridge'].map((object_label) => ({ object_label, went_along: { m_role: 1 } })))
  assert.equal(await failures(), [])
})

it('stays healthy when a table is attached again with another owner, or without one', async () => {
  await run(`
    create table public.desk (id int primary key, name text); create table public.lamp (id int primary key, name text);
    create table public.bulb (id int primary key, desk_id int, lamp_id int);
    select audit.track('public.desk', 'desk', '{name}'), audit.track('public.lamp', 'lamp', '{name}')`)
  for (const owner of [`'desk_id->public.desk'`, `'lamp_id->public.lamp'`, 'null']) {
    await run(`select audit.track('public.bulb', 'bulb', '{id}', owner => ${owner})`)
    assert.equal(await failures(), [])
  }
})

it('joins parents and children in whatever order they were attached, in schemas that the log could not look into before', async () => {
  await run(`
    do $$ begin create role test_builder login; exception when duplicate_object or unique_violation then null; end $$; grant audit_installer to test_builder;
    create schema s_child authorization test_builder; create schema s_parent authorization test_builder; set role test_builder;
    create table s_parent.top (id int primary key, name text); create table s_parent.near (id int primary key, top_id int references s_parent.top on delete cascade);
    create table s_child.far (id int primary key, top_id int references s_parent.top on delete cascade);
    select audit.track('s_child.far', 's_far', '{id}'), audit.track('s_parent.near', 's_near', '{id}'), audit.track('s_parent.top', 's_top', '{name}');
    insert into s_parent.top values (1, 'Top'); insert into s_parent.near values (1, 1), (2, 1); insert into s_child.far values (1, 1); reset role`)
  const before = await latest()
  await run('delete from s_parent.top')
  assert.equal(await actsSince(before), [{ object_label: 'Top', went_along: { s_near: 2, s_far: 1 } }])
  assert.equal(await failures(), [])
  await run('drop schema s_child cascade; drop schema s_parent cascade; drop owned by test_builder; drop role test_builder')
})

for (const [way, statement] of [['marked as deleted too', 'update soft.child set gone_at = now() where parent_id = $1'], ['deleted for good', 'delete from soft.child where parent_id = $1']] as const) {
  it(`takes rows that are ${way} after their parent was marked as deleted for a part of that act [case 63]`, async () => {
    await run(`
      create schema if not exists soft; drop table if exists soft.child, soft.parent;
      create table soft.parent (id int primary key, name text, gone_at timestamptz); create table soft.child (id int primary key, parent_id int, gone_at timestamptz);
      select audit.track('soft.child', 'soft_child', '{id}', owner => 'parent_id->soft.parent', soft_delete => 'gone_at');
      select audit.track('soft.parent', 'soft_parent', '{name}', soft_delete => 'gone_at', snapshot => '{id}');
      insert into soft.parent values (1, 'One'), (2, 'Two'), (3, 'Three'); insert into soft.child select n, 1 + n % 3 from generate_series(1, 6) n`)
    const before = await latest()
    await run(`begin; update soft.parent set gone_at = now() where id = 1; ${statement.replace('$1', '1')}; commit`)
    assert.equal(await actsSince(before), [{ object_label: 'One', went_along: { soft_child: 2 } }])
    const next = await latest()
    await run('alter table soft.parent rename column gone_at to went_at')
    await run(`update soft.parent set went_at = now() where id = 2`)
    await run(`begin; update soft.parent set went_at = now() where id = 3; ${statement.replace('$1', '2')}; commit`)
    assert.equal(await actsSince(next), ['1', '4', 'Three', 'Two'].map((object_label) => ({ object_label, went_along: {} })),
      'What goes in a later transaction, or with another parent, is an act of its own.')
    assert.equal(await failures(), [])
  })
}

it('tells of a change of what is recorded, with what it was and is, and of none if nothing changes', async () => {
  await run(`create table public.fickle (id int primary key, name text, note text); select audit.track('public.fickle', 'fickle', '{name}', mask => '{note}')`)
  const before = await latest()
  await run(`select audit.track('public.fickle', 'fickle', '{name}', mask => '{note}')`)
  await run(`begin; select audit.act_as('7', 'Eva', 'admin'); select audit.track('public.fickle', 'fickle', '{note}', snapshot => '{}'); commit`)
  await run(`alter table public.fickle rename column note to remark`)
  const changes = await rowsOf(`select action, actor_name, details, audit.sentence(e) as said, audit.sentence(e, 'sv') as sagt from audit.event e where id > $1`, [before])
  assert.equal(changes, [{
    action: 'table.retracked', actor_name: 'Eva', details: { kind: 'fickle', was: { label: '{name}', mask: ['note'] }, is: { label: '{note}', mask: [], snapshot: [] } },
    said: 'Eva: changed what the audit log records of table public.fickle', sagt: 'Eva: ändrade vad granskningsloggen registrerar för tabellen public.fickle',
  }])
})

const contradictions = [
  ['a masked column in the label', `select audit.track('public.odd', 'odd', '{name}', mask => '{name}')`, /column name of public\.odd is masked, and its label needs it/, /out of mask/],
  ['a masked key', `select audit.track('public.odd', 'odd', '{name}', mask => '{id}')`, /column id of public\.odd is masked, and its key needs it/, /out of mask/],
  ['a mark of deletion that every row bears', `select audit.track('public.odd', 'odd', '{name}', soft_delete => 'id')`, /column id of public\.odd cannot mark a row as deleted/, /such as deleted_at/],
] as const
for (const [what, statement, message, hint] of contradictions) {
  it(`refuses ${what} with AU002, the detail and the remedy`, async () => {
    await run('create table if not exists public.odd (id int primary key, name text)')
    const error = await refused(run(statement), 'AU002', message)
    assert.ok((error.detail ?? '').length > 0)
    assert.match(error.hint ?? '', hint)
    assert.equal(await rowsOf(`select from audit.tracked_table where kind = 'odd'`), [])
  })
}

for (const last of ['nest', 'egg']) {
  it(`follows renamed columns whichever of two tables stands last in the log's own list, here ${last} [case 84]`, async () => {
    await run(`
      drop table if exists public.egg, public.nest; create table public.nest (id int primary key, name text, firm int); create table public.egg (id int primary key, nest_id int references public.nest);
      select audit.track('public.nest', 'nest', '{name}', company => 'firm'), audit.track('public.egg', 'egg', '{id}', company => 'nest_id.firm', owner => 'nest_id');
      insert into public.nest values (1, 'Nest', 7); insert into public.egg select n, 1 from generate_series(1, 9) n`)
    const before = await latest()
    for (const [n, change] of ['name to title', 'firm to owner', 'id to number'].entries()) {
      await run('vacuum full audit_private.tracked')
      await run(`update audit_private.tracked set kind = kind where kind = '${last}'`)
      await run(`alter table public.nest rename column ${change}`)
      await run(`delete from public.egg where id = ${n + 1}`)
    }
    assert.equal(await rowsOf(`select object_label, owner_label, company_id from audit.event where id > $1 and object_kind = 'egg' order by id`, [before]),
      ['1', '2', '3'].map((object_label) => ({ object_label, owner_label: 'Nest', company_id: '7' })))
    assert.equal(await failures(), [])
  })
}

it('refuses to bind no login to a source, with AU003', async () => {
  assert.match((await refused(run(`select audit.bind_source(null, 'api')`), 'AU003', /no such login/)).hint ?? '', /audit\.bind_source\(/)
})

it('says restored in the words of deleted, in both languages', async () => {
  const words = await rowsOf(`
    select kind, audit_private.phrase(kind || '.restored', 'en') = replace(audit_private.phrase(kind || '.deleted', 'en'), 'deleted', 'restored') as english,
           audit_private.phrase(kind || '.restored', 'sv') = replace(audit_private.phrase(kind || '.deleted', 'sv'), 'raderade', 'återställde') as swedish
      from unnest(array['customer', 'contact', 'project', 'role', 'user', 'cv']) kind where audit_private.phrase(kind || '.deleted', 'en') not like '%{kind}%'`)
  assert.equal(words, ['customer', 'contact', 'project', 'role', 'user', 'cv'].map((kind) => ({ kind, english: true, swedish: true })))
})

it.run()
