import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

/* A foreign key leads to the rows of that very table; one that inherits from it may hold the same key, and has no index that forbids it. */
const it = suite('Owners in a table from which others inherit')
let db: TestDatabase

it.before.each(async () => {
  db = await makeTestDatabase('migrated')
  await db.run(`
    create table customer (id int primary key, name text, company int); create table archive () inherits (customer);
    create table contact (id int primary key, customer_id int references customer on delete cascade, name text);
    select audit.track('customer', 'customer', '{name}', company => 'company'); select audit.track('contact', 'contact', '{name}', owner => 'customer_id', company => 'customer_id.company');
    insert into customer values (1, 'Acme', 7); insert into archive values (1, 'Secret of 8', 8); insert into contact values (1, 1, 'Anna'), (2, 1, 'Bo')`)
})
it.after.each(() => db.drop())

const entries = async () => (await db.superuser.query(`
  select e.object_label, e.company_id, e.owner_label, cause.object_label as cause from audit.event e left join audit.event cause on cause.id = e.caused_by where e.action like '%.deleted' order by e.object_label`)).rows

it('what goes with the owner has its name and company, and not those of the other row with its key [case 53, 123]', async () => {
  await db.run('delete from only customer where id = 1')
  assert.equal(await entries(), [
    { object_label: 'Acme', company_id: '7', owner_label: null, cause: null },
    { object_label: 'Anna', company_id: '7', owner_label: 'Acme', cause: 'Acme' },
    { object_label: 'Bo', company_id: '7', owner_label: 'Acme', cause: 'Acme' },
  ])
})

it('so has what is deleted while the owner is there', async () => {
  await db.run('delete from contact where id = 2')
  assert.equal(await entries(), [{ object_label: 'Bo', company_id: '7', owner_label: 'Acme', cause: null }])
})

it('a foreign table that inherits from an owner that is not tracked makes no deletion fail', async () => {
  await db.run(`
    create extension postgres_fdw; create server far foreign data wrapper postgres_fdw options (dbname 'nowhere'); select audit.untrack('customer');
    create foreign table far_archive (id int not null, name text, company int) inherits (customer) server far; delete from contact where id = 1`)
  assert.equal(await entries(), [{ object_label: 'Anna', company_id: '7', owner_label: 'Acme', cause: null }])
})

it.run()
