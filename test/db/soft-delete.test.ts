import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

const it = suite('Rows that are only marked as deleted')
let db: TestDatabase

it.before(async () => {
  db = await makeTestDatabase()
  await db.superuser.query(`
    create table public.leaf (id int primary key, name text, gone_at timestamptz, gone boolean);
    insert into public.leaf values (1, 'Leaf')`)
})
it.after(() => db.drop())

for (const [column, mark, markAgain, none] of [['gone_at', 'now()', `now() + '1 day'`, 'null'], ['gone', 'true', 'true', 'false']] as const) {
  it(`are recorded once when ${column} is set, once when it is taken back, and when they go at last [case 63]`, async () => {
    await db.superuser.query(`select audit.track('public.leaf', 'leaf', '{name}', soft_delete => '${column}')`)
    const { rows: [last] } = await db.superuser.query('select max(id) as id from audit.event')
    for (const statement of [
      `update public.leaf set name = 'Leaf'`,
      `update public.leaf set ${column} = ${mark}`,
      `update public.leaf set ${column} = ${markAgain}, name = 'Leaf'`,
      `update public.leaf set ${column} = ${none}`,
      `update public.leaf set name = 'Leaf'`,
      `update public.leaf set ${column} = ${mark}`,
      'delete from public.leaf',
      `insert into public.leaf values (1, 'Leaf')`,
      'delete from public.leaf',
    ]) await db.superuser.query(statement)
    const { rows } = await db.superuser.query('select action, details from audit.event where id > $1 order by id', [last.id])
    assert.equal(rows, [
      { action: 'leaf.deleted', details: { soft_delete: true } },
      { action: 'leaf.restored', details: null },
      { action: 'leaf.deleted', details: { soft_delete: true } },
      { action: 'leaf.deleted', details: { was_soft_deleted: true } },
      { action: 'leaf.deleted', details: null },
    ])
    await db.superuser.query(`insert into public.leaf values (1, 'Leaf')`)
  })
}

for (const [n, type, mark, none] of [['date', 'date', 'current_date', 'null'], ['text', 'text', `'gone'`, 'null'], ['domain', 'public.flag', 'true', 'false'], ['null_flag', 'boolean', 'true', 'null'], ['bigint', 'bigint', '1', 'null']] as const) {
  it(`are recorded where the mark is a ${n}, also by an upsert, a view and another program that sets it with other columns [case 63]`, async () => {
    const table = `public.marked_${n}`
    await db.superuser.query(`
      do $$ begin create domain public.flag as boolean; exception when duplicate_object then null; end $$;
      create table ${table} (id int primary key, name text, gone ${type}); create view ${table}_view as select * from ${table};
      select audit.track('${table}', 'marked_${n}', '{name}', soft_delete => 'gone');
      insert into ${table} values (1, 'A', ${none}), (2, 'B', ${none}), (3, 'C', ${none}), (4, 'D', ${mark});
      update ${table} set name = 'A2', gone = ${mark} where id = 1;
      insert into ${table} values (2, 'B') on conflict (id) do update set gone = ${mark};
      update ${table}_view set gone = ${mark} where id = 3;
      update ${table} set gone = ${none} where id in (1, 4);
      delete from ${table} where id in (1, 2)`)
    const { rows } = await db.superuser.query(`select action, object_label, details from audit.event where object_kind = $1 order by action, object_label, id`, [`marked_${n}`])
    assert.equal(rows, [
      { action: `marked_${n}.deleted`, object_label: 'A2', details: { soft_delete: true } }, { action: `marked_${n}.deleted`, object_label: 'A2', details: null },
      { action: `marked_${n}.deleted`, object_label: 'B', details: { soft_delete: true } }, { action: `marked_${n}.deleted`, object_label: 'B', details: { was_soft_deleted: true } },
      { action: `marked_${n}.deleted`, object_label: 'C', details: { soft_delete: true } },
      { action: `marked_${n}.restored`, object_label: 'A2', details: null }, { action: `marked_${n}.restored`, object_label: 'D', details: null },
    ])
  })
}

it('are recorded once when the same UPDATE moves them to another partition, and once when it takes the mark back [case 58] [case 63]', async () => {
  await db.superuser.query(`
    create schema moved; create table moved.line (id int, land text, name text, secret text, gone_at timestamptz, primary key (id, land)) partition by list (land);
    create table moved.line_a partition of moved.line for values in ('a'); create table moved.line_b partition of moved.line for values in ('b', 'c') partition by list (land);
    create table moved.line_b_b partition of moved.line_b for values in ('b'); create table moved.line_b_c (gone_at timestamptz, id int not null, secret text, name text, land text not null); alter table moved.line_b attach partition moved.line_b_c for values in ('c');
    select audit.track('moved.line', 'moved_line', '{name}', soft_delete => 'gone_at', mask => '{secret}');
    insert into moved.line select n, (array['a', 'b', 'c'])[n % 3 + 1], 'line ' || n, 'canary' from generate_series(1, 9) n`)
  const told = async (statement: string): Promise<unknown[]> => {
    const { rows: [last] } = await db.superuser.query('select coalesce(max(id), 0) as id from audit.event')
    await db.superuser.query(statement)
    return (await db.superuser.query('select action, object_id, object_label, snapshot, details from audit.event where id > $1 order by object_id', [last.id])).rows
  }
  const shown = (rows: readonly unknown[]): unknown[] => (rows as { action: string; object_id: string; details: unknown }[]).map(({ action, object_id, details }) => [action, object_id, details])
  const soft = { soft_delete: true }
  assert.equal(await told(`update moved.line set land = 'b', gone_at = '2026-01-01' where id = 3`), [
    { action: 'moved_line.deleted', object_id: '["3", "b"]', object_label: 'line 3', snapshot: { id: 3, land: 'b', name: 'line 3', gone_at: '2026-01-01T00:00:00+00:00' }, details: soft },
  ])
  assert.equal(shown(await told(`update moved.line set land = 'c' where id = 3`)), [], 'marked before')
  assert.equal(shown(await told(`update moved.line set land = 'a', gone_at = null where id = 3`)), [['moved_line.restored', '["3", "a"]', null]])
  assert.equal(shown(await told(`update moved.line set land = case id when 1 then 'c' when 4 then 'a' else land end, gone_at = case when id in (1, 2) then now() end where id in (1, 2, 4)`)),
    [['moved_line.deleted', '["1", "c"]', soft], ['moved_line.deleted', '["2", "c"]', soft]], 'one moved and marked, one marked, one moved')
  assert.equal(shown(await told(`update moved.line_b set land = 'b', gone_at = null, name = 'other' where id = 2`)), [['moved_line.restored', '["2", "b"]', null]], 'by the name of a sub-partition')
  assert.equal(shown(await told(`begin; update moved.line set land = 'a', gone_at = now() where id = 7; delete from moved.line where id = 7; commit`)),
    [['moved_line.deleted', '["7", "a"]', soft], ['moved_line.deleted', '["7", "a"]', { was_soft_deleted: true }]], 'and gone for good in the same transaction')
  assert.equal(shown(await told(`begin; savepoint s; update moved.line set land = 'a', gone_at = now() where id = 5; rollback to s; commit`)), [])
  assert.equal((await db.superuser.query(`select finding from audit.health where status = 'failed'`)).rows, [])
})

it('are known as such in a TRUNCATE too, also where the mark is not kept', async () => {
  await db.superuser.query(`
    create table public.cut (id int primary key, name text, gone boolean); select audit.track('public.cut', 'cut', '{name}', snapshot => '{name}', mask => '{gone}', soft_delete => 'gone');
    insert into public.cut values (1, 'A', false), (2, 'B', true); truncate public.cut`)
  const { rows } = await db.superuser.query(`select object_label, details, snapshot from audit.event where object_kind = 'cut' order by id`)
  assert.equal(rows, [
    { object_label: 'A', details: { statement: 'truncate' }, snapshot: { name: 'A' } }, { object_label: 'B', details: { statement: 'truncate', was_soft_deleted: true }, snapshot: { name: 'B' } },
  ])
  assert.equal((await db.superuser.query(`select finding from audit.health where check_name in ('triggers', 'columns') and status <> 'ok'`)).rows, [])
})

it.run()
