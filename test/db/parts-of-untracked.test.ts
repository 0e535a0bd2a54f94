import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, prepareDatabase, type PreparedDatabase, type TestDatabase } from '../harness/database.ts'
import { refused } from '../harness/refused.ts'

/*
 * A trigger of a part does not fire when the table above it is named: what is deleted by that name would be lost, and what is
 * moved by it would look deleted. So such a part is not tracked by itself, and one that becomes a part does not pass unseen.
 */
const it = suite('Parts of a table that is not tracked')
let prepared: PreparedDatabase
let db: TestDatabase

it.before(async () => {
  prepared = await prepareDatabase((database) => database.run(`
    create table orders (id int primary key, co text, name text); insert into orders select n, '7', 'Order ' || n from generate_series(1, 9) n;
    select audit.track('orders', 'order', '{name}', company => 'co')`), 'migrated')
})
it.after(() => prepared.drop())
it.before.each(async () => {
  db = await makeTestDatabase(prepared)
})
it.after.each(() => db.drop())

const rowsOf = async <Row extends object>(query: string): Promise<Row[]> => (await db.superuser.query<Row>(query)).rows
const triggersFound = async (): Promise<string> => (await rowsOf<{ finding: string | null }>(`select finding from audit.health where check_name = 'triggers' and status = 'failed'`))[0]?.finding ?? ''
const tracked = async () => rowsOf<{ is_working: boolean; state: string }>(`select is_working, state from audit.tracked_table where kind = 'order'`)
const altered = async () => (await rowsOf<{ finding: string }>(`select details ->> 'finding' as finding from audit.event where action = 'table.altered' order by id`)).map(({ finding }) => finding)

for (const [what, statements, upper] of [
  ['made a partition of another', `begin; alter table orders rename to orders_old; create table orders (id int primary key, co text, name text) partition by range (id);
    alter table orders attach partition orders_old for values from (0) to (100); commit`, 'orders'],
  ['let inherit from another', 'create table document (id int, co text, name text); alter table orders inherit document', 'document'],
  ['put below another with the table above it', `create table document (id int not null, co text, name text) partition by range (id);
    create table part (id int not null, co text, name text) partition by range (id); alter table part attach partition orders for values from (0) to (100); alter table document attach partition part for values from (0) to (1000)`, 'part'],
] as const) {
  it(`a tracked table that is ${what} is named by health, by its state and by an entry [case 60]`, async () => {
    await db.run(statements)
    const part = what.startsWith('made') ? 'orders_old' : 'orders'
    const finding = `public.${part}: it is a part of public.${upper}, which is not tracked: what is deleted by that name is not recorded, and what is moved by it may be recorded as deleted.`
    assert.is(await triggersFound(), finding)
    assert.equal(await tracked(), [{ is_working: false, state: `It is a part of ${upper}, which is not tracked: what is deleted by that name is not recorded.` }])
    assert.ok((await altered()).includes(finding), JSON.stringify(await altered()))
  })
}

it('a table that was made a partition is recorded again once the one above it is tracked in its place', async () => {
  await db.run(`begin; alter table orders rename to orders_old; create table orders (id int primary key, co text, name text) partition by range (id);
    alter table orders attach partition orders_old for values from (0) to (100); select audit.untrack('orders_old'); select audit.track('orders', 'order', '{name}', company => 'co'); commit; delete from orders where id = 1; delete from orders_old where id = 2`)
  assert.equal(await rowsOf(`select object_id, company_id from audit.event where action = 'order.deleted' order by id`), [{ object_id: '1', company_id: '7' }, { object_id: '2', company_id: '7' }])
  assert.is(await triggersFound(), '')
})

it('a table that is taken out again works again', async () => {
  await db.run('create table document (id int, co text, name text); alter table orders inherit document; alter table orders no inherit document')
  assert.is(await triggersFound(), '')
  assert.equal(await tracked(), [{ is_working: true, state: 'Works.' }])
})

it('a part of a table that is not tracked is not tracked by itself, whatever it is, and the upper one is named', async () => {
  await db.run(`
    create table top (id int, yr int, co text, primary key (id, yr)) partition by range (yr); create table sub partition of top for values from (2020) to (2030) partition by range (yr); create table leaf partition of sub for values from (2020) to (2025);
    create table base (id int, co text); create table child (primary key (id)) inherits (base)`)
  for (const [part, above] of [['sub', 'top'], ['leaf', 'sub'], ['child', 'base']] as const) {
    const error = await refused(db.superuser.query(`select audit.track('${part}', 'thing', '{id}', company => 'co')`), 'AU002')
    assert.match(`${error.message} ${error.detail} ${error.hint}`, new RegExp(`${part} cannot be tracked by itself.* is a part of (public\\.)?${above}\\. .*Track (public\\.)?${above}, or take`))
  }
  assert.is(Number((await rowsOf<{ n: string }>(`select count(*) as n from audit.tracked_table`))[0]?.n), 1)
})

it('a part of a tracked table may have no other table above it that is not tracked', async () => {
  await db.run('create table other (id int, co text, name text); create table grown () inherits (orders); alter table grown inherit other')
  assert.match(await triggersFound(), /public\.grown: it is a part of public\.other, which is not tracked/)
})

it.run()
