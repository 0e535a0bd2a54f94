import { readFileSync, readdirSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

/** Nothing here is timed: what a statement reads of the log is counted, and may not grow faster than what was asked of it. */
const it = suite<{ db: TestDatabase }>('Acts in a large transaction', { db: Object.create(null) })

it.before(async (context) => {
  context.db = await makeTestDatabase()
  await context.db.run(`
    create schema loose;
    create table loose.customer (id text primary key, name text, company text); create table loose.contact (id int primary key, customer_id text, name text);
    create table loose.project (id int primary key, customer_id text, lead_id int, name text); create table loose.role (id int, part int, project_id int, name text, primary key (id, part));
    create table loose.shift (id int primary key, role_id int, role_part int, name text, foreign key (role_id, role_part) references loose.role deferrable initially deferred);
    select audit.track('loose.customer', 'k', '{name}', company => 'company'), audit.track('loose.contact', 'kontakt', '{name}', owner => 'customer_id->loose.customer', company => 'customer_id->loose.customer.company');
    select audit.track('loose.project', 'p', '{name}', owner => 'lead_id->loose.contact', company => 'customer_id->loose.customer.company'), audit.track('loose.role', 'r', '{name}', owner => 'project_id->loose.project'), audit.track('loose.shift', 's', '{name}');
    create procedure loose.fill(n int) language sql as $$
      insert into loose.customer select n, 'K' || n, '1' from generate_series(1, fill.n) n; insert into loose.contact select n, 1 + n % fill.n, 'C' || n from generate_series(1, fill.n) n $$`)
})
it.after(({ db }) => db.drop())

async function rowsOf<Row extends object>(db: TestDatabase, query: string): Promise<Row[]> {
  const results: unknown = await db.superuser.query<Row>(query)
  const last: unknown = Array.isArray(results) ? results.at(-1) : results
  return Reflect.get(Object(last), 'rows')
}

/** How many entries, and pointers to entries, something reads of the log, in a transaction that is rolled back or kept. */
async function readBy(db: TestDatabase, statements: string, end: 'rollback' | 'commit' = 'rollback'): Promise<number> {
  await db.superuser.query('select pg_stat_force_next_flush()')
  const [row] = await rowsOf<{ n: number }>(db, `begin; ${statements};
    select sum(pg_stat_get_xact_tuples_returned(c.oid) + pg_stat_get_xact_tuples_fetched(c.oid))::int as n from pg_class c
     where c.oid = 'audit.event'::regclass or c.oid in (select indexrelid from pg_index where indrelid = 'audit.event'::regclass)`)
  await db.superuser.query(end)
  return row?.n ?? NaN
}

const parentsFirst = (n: number): string => `do $$ begin for i in 1..${n} loop delete from loose.customer where id = i::text; delete from loose.contact where customer_id = i::text; end loop; end $$`
const bulkThenSingle = (n: number): string => `delete from loose.customer; do $$ begin for i in 1..${n} loop delete from loose.contact where customer_id = i::text; end loop; end $$`
for (const [what, statements] of [['parents one by one, each before its child', parentsFirst], ['all parents at once, and then each child by itself', bulkThenSingle]] as const) {
  it(`deleting ${what}, reads four times as much of the log for four times the rows, and finds each cause`, async ({ db }) => {
    const read: number[] = []
    for (const n of [100, 400]) {
      await db.run(`call loose.fill(${n})`)
      read.push(await readBy(db, statements(n), 'commit'))
      assert.equal(await rowsOf(db, `select count(*)::int as n, bool_and(e.caused_by is not null and c.object_id = e.owner_id) as well from audit.event e join audit.event c on c.id = e.caused_by
        where e.object_kind = 'kontakt' and e.transaction_id = (select transaction_id from audit.event order by id desc limit 1)`), [{ n, well: true }])
    }
    const [few = NaN, many = NaN] = read
    assert.ok(few > 0 && many <= 6 * few, read.join(' → '))
  })
}

it('takes the latest deletion of a parent for the cause, none of a parent that is there again, and finds keys that no index holds', async ({ db }) => {
  const long = 'x'.repeat(3000)
  await db.run(`call loose.fill(60); insert into loose.customer values ('a', 'first', '1'), ('b', 'gone', '1'), ('${long}', 'long', '1');
    insert into loose.contact values (1001, 'a', 'A'), (1002, 'b', 'B'), (1003, '${long}', 'L'), (1004, 'nobody', 'N');
    begin; delete from loose.customer where id in ('a', '${long}'); insert into loose.customer values ('a', 'second', '1'); delete from loose.customer where id = 'a';
    delete from loose.customer where id = 'b'; insert into loose.customer values ('b', 'again', '1'); delete from loose.customer where id ~ '^[0-9]+$';
    delete from loose.contact where id = 1001; delete from loose.contact where id = 1002; delete from loose.contact where id = 1003; delete from loose.contact where id = 1004; delete from loose.contact; commit; delete from loose.customer`)
  assert.equal(await rowsOf(db, `select e.object_label, left(e.owner_label, 20) as owner_label, c.object_label as cause from audit.event e left join audit.event c on c.id = e.caused_by where e.object_kind = 'kontakt' order by e.id desc limit 64`)
    .then((rows) => rows.slice(-4).reverse()), [
    { object_label: 'A', owner_label: 'second', cause: 'second' }, { object_label: 'B', owner_label: 'again', cause: null },
    { object_label: 'L', owner_label: 'long', cause: 'long' }, { object_label: 'N', owner_label: '#nobody', cause: null }])
})

it('takes no deletion of another transaction for the cause, however much was done before', async ({ db }) => {
  const other = await db.as('postgres')
  await db.run(`call loose.fill(60); insert into loose.customer values ('x', 'of another', '1'); insert into loose.contact values (1001, 'x', 'X')`)
  await db.run(`begin; delete from loose.customer where id <> 'x'`)
  await other.query(`delete from loose.customer where id = 'x'`)
  await db.run('delete from loose.contact where id = 1001; commit; delete from loose.contact')
  assert.equal(await rowsOf(db, `select owner_label, caused_by from audit.event where object_label = 'X'`), [{ owner_label: '#x', caused_by: null }])
})

it('reads a page of acts, and what went along with them, by a few entries each, however many one statement deleted', async ({ db }) => {
  for (const n of [500, 2000]) {
    const [{ id } = { id: '0' }] = await rowsOf<{ id: string }>(db, 'select max(id)::text as id from audit.event')
    await db.run(`call loose.fill(${n}); delete from loose.contact`)
    await db.run('analyze audit.event; delete from loose.customer')
    // At most each entry once, if it is sorted, and not what its transaction did besides.
    const read = await readBy(db, `select sentence, went_along from audit.act where company_id = '1' and id > ${id} order by occurred_at desc, id desc limit 25`)
    assert.ok(read <= 10 * n, `${read} for ${n}`)
  }
})

/** How the first releases said it, whose answers stay: from their migration. */
function formerly(): string {
  const folder = new URL('../../db/migrations/committed/', import.meta.url)
  const last = readdirSync(folder).filter((file) => file < '000006').map((file) => readFileSync(new URL(file, folder), 'utf8')).filter((text) => text.includes('create or replace function audit.entries_of_act(')).at(-1) ?? ''
  return ['audit_private.pointers_of', 'audit.cause_of', 'audit.root_of', 'audit.entries_of_act', 'audit.went_along'].map((name) => {
    const begin = last.indexOf(`create or replace function ${name}(`)
    return last.slice(begin, last.indexOf('$function$;', begin) + '$function$;'.length)
  }).join('\n').replaceAll(/audit(_private)?\.(pointers_of|cause_of|root_of|entries_of_act|went_along)/g, 'formerly.$2')
}

it('says of random trees what it always said, before and after the keeper has been there', async ({ db }) => {
  await db.run(`create schema formerly; ${formerly()}`)
  let seed = 7
  const random = (below: number): number => (seed = (seed * 48271) % 2147483647) % below
  for (let transaction = 0; transaction < 12; transaction += 1) {
    await db.run(`set session_replication_role = replica; delete from loose.shift; delete from loose.role; delete from loose.project; delete from loose.contact; delete from loose.customer; reset session_replication_role;
      insert into loose.customer select n, 'K' || n, n % 2 from generate_series(1, 4) n; insert into loose.contact select n, 1 + n % 4, 'C' || n from generate_series(1, 6) n;
      insert into loose.project select n, 1 + n % 5, 1 + n % 7, 'P' || n from generate_series(1, 6) n; insert into loose.role select n % 5, n / 5, 1 + n % 7, 'R' || n from generate_series(1, 9) n;
      insert into loose.shift select n, n % 5, n / 5, 'S' || n from generate_series(1, 9) n`)
    const tables = [...Array(30)].map(() => ['shift', 'shift', 'role', 'project', 'contact', 'customer'][random(6)] ?? '')
    const deletions = tables.map((table) => `delete from loose.${table} where ${random(4) === 0 ? 'true' : `${table === 'customer' ? 'id::int' : 'id'} % 3 = ${random(3)}`}`)
    // What restricts is deleted from the bottom at last.
    await db.run(`begin; set constraints all deferred; ${deletions.join('; ')}; delete from loose.shift; delete from loose.role; ${random(2) === 0 ? 'delete from loose.project; delete from loose.contact; delete from loose.customer' : ''}; commit`)
  }
  const differences = `
    select e.id, e.action, audit.cause_of(e) as cause, formerly.cause_of(e) as was, audit.root_of(e) as root, formerly.root_of(e) as root_was, audit.went_along(e)::text as along, formerly.went_along(e)::text as along_was from audit.event e
     where (audit.cause_of(e), audit.root_of(e), audit.went_along(e)::text, (select array_agg(a order by a) from audit.entries_of_act(e.id) a))
           is distinct from (formerly.cause_of(e), formerly.root_of(e), formerly.went_along(e)::text, (select array_agg(a order by a) from formerly.entries_of_act(e.id) a))
       and e.id > (select max(id) - 200 from audit.event)`
  const joined = async (): Promise<number> => (await rowsOf(db, 'select from audit.event e where e.caused_by is null and audit.cause_of(e) is not null')).length
  assert.ok(await joined() > 50)
  assert.equal(await rowsOf(db, differences), [])
  while ((await rowsOf<{ n: string | null }>(db, 'select audit.keep() as n'))[0]?.n !== '0');
  assert.is((await rowsOf(db, 'select from audit_private.kept_cause')).length, await joined())
  assert.equal(await rowsOf(db, differences), [])
  // A parent that is no longer known: at once, and once the keeper has followed.
  await db.run(`select audit.untrack('loose.contact')`)
  assert.equal(await rowsOf(db, differences), [])
  while ((await rowsOf<{ n: string | null }>(db, 'select audit.keep() as n'))[0]?.n !== '0');
  assert.is((await rowsOf(db, 'select from audit_private.kept_cause')).length, await joined())
  assert.equal(await rowsOf(db, differences), [])
})

it('reads the acts of a program that deletes children first by a few entries each, once they are kept', async ({ db }) => {
  const read: number[] = []
  for (const n of [100, 400]) {
    await db.run(`call loose.fill(${n}); select audit.track('loose.contact', 'kontakt', '{name}', owner => 'customer_id->loose.customer', company => 'customer_id->loose.customer.company');
      do $$ begin for i in 1..${n} loop delete from loose.contact where customer_id = i::text; delete from loose.customer where id = i::text; end loop; end $$`)
    while ((await rowsOf<{ n: string | null }>(db, 'select audit.keep() as n'))[0]?.n !== '0');
    const largest = `select sentence, went_along_count from audit.act where transaction_id = (select transaction_id from audit.event order by id desc limit 1) and object_kind = 'k' order by went_along_count desc`
    assert.equal(await rowsOf(db, `select went_along_count, count(*)::int as n from (${largest}) a group by 1`), [{ went_along_count: 1, n }])
    read.push(await readBy(db, largest))
  }
  const [few = NaN, many = NaN] = read
  assert.ok(few > 0 && many <= 6 * few, read.join(' → '))
})

it.run()
