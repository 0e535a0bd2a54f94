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

it.run()
