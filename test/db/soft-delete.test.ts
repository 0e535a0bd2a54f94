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
  it(`are recorded once when ${column} is set, once when it is taken back, and when they go at last`, async () => {
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

it.run()
