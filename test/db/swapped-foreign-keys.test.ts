import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, prepareDatabase, type PreparedDatabase, type TestDatabase } from '../harness/database.ts'

/*
 * A path goes over foreign keys. One that is dropped and made again elsewhere would have the log look for the company and the
 * owner of a row in a table to which it does not point any more: the wrong ones, under the same number.
 */
const it = suite('Foreign keys that are changed after a table was attached')
let prepared: PreparedDatabase
let db: TestDatabase

it.before(async () => {
  prepared = await prepareDatabase((database) => database.run(`
    create schema firm;
    create table firm.customer (id int primary key, company int, name text); create table firm.supplier (id int primary key, company int, name text);
    create table firm.paper (id int primary key, party_id int constraint to_customer references firm.customer, title text);
    insert into firm.customer values (1, 10, 'Customer'); insert into firm.supplier values (1, 20, 'Supplier'); insert into firm.paper select n, 1, 'Paper ' || n from generate_series(1, 9) n;
    select audit.track('firm.paper', 'paper', '{title}', company => 'party_id.company', owner => 'party_id')`))
})
it.after(() => prepared.drop())
it.before.each(async () => {
  db = await makeTestDatabase(prepared)
})
it.after.each(() => db.drop())

const run = (statements: string): Promise<void> => db.run(statements)
const rowsOf = async (query: string): Promise<unknown[]> => (await db.superuser.query(query)).rows
const columns = async (): Promise<unknown[]> => rowsOf(`select status, finding from audit.health where check_name = 'columns' and status <> 'ok'`)
async function deletePaper(): Promise<unknown> {
  await run('delete from firm.paper where id = (select min(id) from firm.paper)')
  return (await rowsOf('select company_id, owner_kind, owner_label from audit.event order by id desc limit 1'))[0]
}
const customer = { company_id: '10', owner_kind: 'customer', owner_label: 'Customer' }

it('are followed where they were while one is dropped for a load, and also when columns are renamed meanwhile', async () => {
  await run('alter table firm.paper drop constraint to_customer')
  assert.equal(await columns(), [{ status: 'warning', finding: 'firm.paper: the company is looked for in firm.customer, but no foreign key on firm.paper.party_id leads there any more. firm.paper: the owner is looked for in firm.customer, but no foreign key on firm.paper.party_id leads there any more.' }])
  await run('alter table firm.paper rename column party_id to of_id; alter table firm.paper rename column title to heading; alter table firm.customer rename column company to tenant')
  assert.equal(await deletePaper(), customer)
  await run('alter table firm.paper add constraint to_customer foreign key (of_id) references firm.customer')
  assert.equal(await deletePaper(), customer)
  assert.equal(await columns(), [])
})

it('are followed to where they lead, if the log may read there', async () => {
  await run(`
    create table firm.bill (id int primary key, supplier_id int references firm.supplier, title text); select audit.track('firm.bill', 'bill', '{title}', company => 'supplier_id.company', owner => 'supplier_id');
    alter table firm.paper drop constraint to_customer, add constraint to_supplier foreign key (party_id) references firm.supplier`)
  assert.equal(await deletePaper(), { company_id: '20', owner_kind: 'supplier', owner_label: 'Supplier' })
  assert.equal(await columns(), [])
})

it('lead the log nowhere, and not to the former table, where it may not read; deletions go on, audit.health says what is missing, audit.track mends it', async () => {
  await run('alter table firm.paper drop constraint to_customer; alter table firm.paper add constraint to_supplier foreign key (party_id) references firm.supplier')
  assert.equal(await deletePaper(), { company_id: 'default', owner_kind: null, owner_label: null })
  assert.equal(await columns(), [{ status: 'failed', finding: 'firm.paper: its entries lack the company and the owner since the path led over firm.supplier, which the log may not read.' }])
  assert.match(JSON.stringify(await rowsOf(`select details ->> 'finding' as finding from audit.event where action = 'table.altered'`)), 'Its foreign key leads to firm.supplier now, which the log may not read.')
  await run(`select audit.track('firm.paper', 'paper', '{title}', company => 'party_id.company', owner => 'party_id')`)
  assert.equal(await deletePaper(), { company_id: '20', owner_kind: 'supplier', owner_label: 'Supplier' })
  assert.equal(await columns(), [])
})

it('lead to nothing that the owner of the table may not read, though the log may', async () => {
  await run(`
    do $$ begin create role test_paper_owner login; exception when duplicate_object or unique_violation then null; end $$; grant usage on schema firm to test_paper_owner; alter table firm.paper owner to test_paper_owner; grant references on firm.supplier to test_paper_owner;
    create table firm.bill (id int primary key, supplier_id int references firm.supplier, title text); select audit.track('firm.bill', 'bill', '{title}', company => 'supplier_id.company', owner => 'supplier_id');
    set role test_paper_owner; alter table firm.paper drop constraint to_customer, add constraint to_supplier foreign key (party_id) references firm.supplier; reset role`)
  assert.equal(await deletePaper(), { company_id: 'default', owner_kind: null, owner_label: null })
})

it('are found by audit.health where there are no event triggers, as are other keys', async () => {
  await run('alter event trigger audit_follow_changes disable; alter table firm.paper drop constraint to_customer, add constraint to_supplier foreign key (party_id) references firm.supplier')
  assert.equal(await columns(), [{ status: 'failed', finding: 'firm.paper: the company is looked for in firm.customer, but the foreign key on firm.paper.party_id leads elsewhere now: to firm.supplier. firm.paper: the owner is looked for in firm.customer, but the foreign key on firm.paper.party_id leads elsewhere now: to firm.supplier.' }])
  await run(`select audit.track('firm.paper', 'paper', '{title}', company => 'party_id->firm.customer.company', owner => 'party_id->firm.customer')`)
  assert.equal(await columns(), [])
  await run('alter table firm.customer drop constraint customer_pkey, add primary key (company); alter table firm.paper drop constraint paper_pkey, add unique (title)')
  assert.equal(await columns(), [{ status: 'failed', finding: 'firm.paper: its entries name rows by ["id"], which is not its key any more. firm.paper: the company is looked for in firm.customer by ["id"], which is not its key any more. firm.paper: the owner is looked for in firm.customer by ["id"], which is not its key any more.' }])
})

it('lead to another column of the same table, which the log may not read: deletions go on, audit.health says what is missing, audit.track mends it', async () => {
  await run('alter table firm.customer add number int unique; update firm.customer set number = 7; alter table firm.paper drop constraint to_customer; update firm.paper set party_id = 7; alter table firm.paper add foreign key (party_id) references firm.customer (number)')
  assert.equal(await deletePaper(), { company_id: 'default', owner_kind: null, owner_label: null })
  assert.equal(await columns(), [{ status: 'failed', finding: 'firm.paper: its entries lack the company and the owner since the path led over firm.customer, which the log may not read.' }])
  await run(`select audit.track('firm.paper', 'paper', '{title}', company => 'party_id.company', owner => 'party_id')`)
  assert.equal(await deletePaper(), customer)
})

it('lead to another column of the table itself', async () => {
  await run(`
    create table firm.node (id int primary key, code int unique, up int constraint up references firm.node, title text); select audit.track('firm.node', 'node', '{title}', owner => 'up', snapshot => '{id,title}');
    insert into firm.node values (1, 11, null, 'Top'), (2, 12, null, 'Below'); alter table firm.node drop constraint up; update firm.node set up = 11 where id = 2; alter table firm.node add foreign key (up) references firm.node (code); delete from firm.node where id = 2`)
  assert.equal(await rowsOf(`select object_label from audit.event where object_kind = 'node'`), [{ object_label: 'Below' }])
})

it.run()
