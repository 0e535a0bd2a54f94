import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { refused } from '../harness/refused.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

/* Installed by a login that is no superuser, a log has no event triggers: nothing follows when a table changes or goes. */
const it = suite('Changes that no event trigger follows')
let db: TestDatabase

const eventTriggers = ['audit_follow_changes', 'audit_record_drops', 'audit_attach_parts']

it.before.each(async () => {
  db = await makeTestDatabase('migrated')
  const { rows } = await db.superuser.query<{ name: string }>(`select evtname as name from pg_event_trigger where evtname like 'audit%'`)
  assert.ok(eventTriggers.every((name) => rows.some((row) => row.name === name)))
  await db.run(`
    ${rows.map(({ name }) => `drop event trigger ${name}`).join('; ')};
    create table customer (id int primary key, name text); create table contact (id int primary key, customer_id int references customer on delete cascade, name text);
    select audit.track('customer', 'customer', '{name}'); select audit.track('contact', 'contact', '{name}', owner => 'customer_id')`)
})
it.after.each(() => db.drop())

const rowsOf = async <Row extends object>(query: string): Promise<Row[]> => (await db.superuser.query<Row>(query)).rows
const failing = async (): Promise<string[]> => (await rowsOf<{ said: string }>(`select check_name || ': ' || finding as said from audit.health where status = 'failed' and check_name in ('tables', 'columns', 'triggers') order by 1`)).map(({ said }) => said)

it('a renamed column is told by the state of the table before a deletion fails, and audit.track mends it', async () => {
  await db.run('alter table customer rename column name to title')
  assert.equal(await rowsOf(`select kind, is_working, state from audit.tracked_table order by kind`), [
    { kind: 'contact', is_working: false, state: 'Deletions fail: column name, which a path uses, is not there any more. Call audit.track again with the columns that there are.' },
    { kind: 'customer', is_working: false, state: 'Deletions fail: column name, which the label uses, is not there any more, column name, which the snapshot uses, is not there any more. Call audit.track again with the columns that there are.' },
  ])
  await db.run(`select audit.track('customer', 'customer', '{title}'); select audit.track('contact', 'contact', '{name}', owner => 'customer_id');
    insert into customer values (1, 'Acme'); insert into contact values (1, 1, 'Anna'); delete from customer`)
  assert.equal(await rowsOf(`select is_working from audit.tracked_table`), [{ is_working: true }, { is_working: true }])
  assert.equal(await rowsOf(`select object_kind, object_label, owner_label from audit.event where action like '%.deleted' order by id`), [
    { object_kind: 'customer', object_label: 'Acme', owner_label: null }, { object_kind: 'contact', object_label: 'Anna', owner_label: 'Acme' },
  ])
})

it('a masked column that was renamed is not kept under its new name', async () => {
  await db.run(`alter table customer add secret text; select audit.track('customer', 'customer', '{name}', mask => '{secret}'); alter table customer rename column secret to password`)
  const { message, detail, hint } = await refused(db.superuser.query(`select audit.track('customer', 'customer', '{name}', mask => '{secret}')`), 'AU002')
  assert.equal({ message, detail, hint }, {
    message: 'audit.track: masked column secret of public.customer is called password now', detail: 'Under its new name it would be kept.', hint: 'Write password in mask instead of secret.',
  })
  await db.run(`select audit.track('customer', 'customer', '{name}', mask => '{password}'); insert into customer values (1, 'Acme', 'x'); delete from customer`)
  assert.equal(await rowsOf(`select snapshot from audit.event where action = 'customer.deleted'`), [{ snapshot: { id: 1, name: 'Acme' } }])
})

it('a table that was dropped and made again is attached again, and its loss is an entry [case 84]', async () => {
  const { rows: [was] } = await db.superuser.query<{ oid: string }>(`select 'customer'::regclass::oid::text as oid`)
  await db.run('drop table customer cascade; create table customer (id int primary key, name text); alter table contact add foreign key (customer_id) references customer on delete cascade')
  assert.ok((await failing()).some((finding) => finding === `tables: Table ${was?.oid} of kind customer is gone, but was not untracked.`))
  await db.run(`select audit.track('customer', 'customer', '{name}'); select audit.track('contact', 'contact', '{name}', owner => 'customer_id');
    insert into customer values (1, 'Acme'); insert into contact values (1, 1, 'Anna'); delete from customer`)
  assert.equal(await failing(), [])
  assert.equal(await rowsOf(`select object_label, owner_label from audit.event where action like '%.deleted' order by id`), [{ object_label: 'Acme', owner_label: null }, { object_label: 'Anna', owner_label: 'Acme' }])
  assert.equal(await rowsOf(`select object_id, object_label, details ->> 'finding' as finding from audit.event where action = 'table.dropped'`), [
    { object_id: was?.oid, object_label: `${was?.oid} of kind customer`, finding: 'It was dropped while nothing followed that: by whom, and with how many rows, is not known.' },
  ])
  assert.equal(await rowsOf(`select finding from audit.health where check_name = 'definitions' and finding like '%capture%'`), [], 'its functions are gone with it')
})

it('a table that is gone can be untracked by its number, by whoever may attach tables', async () => {
  await db.run(`do $$ begin create role test_installer login; exception when duplicate_object or unique_violation then null; end $$; grant audit_installer to test_installer`)
  const { rows: [was] } = await db.superuser.query<{ oid: string }>(`select 'contact'::regclass::oid::text as oid`)
  await db.run(`drop table contact; set session authorization test_installer; select audit.untrack(${was?.oid}); reset session authorization`)
  assert.equal(await rowsOf(`select kind from audit.tracked_table`), [{ kind: 'customer' }])
  assert.equal(await failing(), [])
  assert.equal(await rowsOf(`select object_id from audit.event where action = 'table.untracked'`), [{ object_id: was?.oid }])
})

it.run()
