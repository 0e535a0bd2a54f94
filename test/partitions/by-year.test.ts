import type { Client } from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { migrate } from '../../db/migrate.ts'
import { audit } from '../operator/audit.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { refused } from '../harness/refused.ts'

const it = suite<{ database: TestDatabase }>('Partitions by year', { database: Object.create(null) })

/** The years of the test: the log is converted in this one. */
const year = new Date().getUTCFullYear()
const partitions = { before: `audit_private.event_until_${year}`, next: `audit_private.event_${year + 1}`, afterNext: `audit_private.event_${year + 2}` }
const firstOfNext = BigInt(year + 1) * 1_000_000_000_000n

it.before.each(async (context) => {
  context.database = await makeTestDatabase()
  const app = await context.database.as('consultant_app')
  await app.query(`begin; select audit.act_as('17', 'Fredrik Isaksson', 'app'); delete from app.customer where id in (select id from app.customer order by id limit 3); commit`)
})
it.after.each(({ database }) => database.drop())

const partition = (database: TestDatabase): Promise<unknown> => database.superuser.query('call audit.partition_by_year()')
const keepAll = async (client: Client): Promise<void> => {
  for (let kept = 1; kept > 0;) kept = Number((await client.query('select audit.keep(7) as kept')).rows[0].kept)
}
/** What is wrong with the log itself: other tests of this run have logins and transactions of their own. */
const findings = async (client: Client): Promise<string[]> =>
  (await client.query<{ text: string }>(`select check_name || ': ' || finding as text from audit.health where status <> 'ok' and check_name in ('triggers', 'columns', 'tables', 'definitions', 'wraparound', 'partitions')`)).rows.map(({ text }) => text)
const content = async (client: Client): Promise<unknown> => (await client.query(`select count(*)::int, md5(string_agg(e::text, e'\\n' order by e.id)) as md5 from audit.event e where action <> 'log.partitioned'`)).rows
/** The newest entry and the table that holds it. */
const newest = async (client: Client): Promise<unknown> => (await client.query('select e.id::text, action, tableoid::regclass::text as partition from audit.event e order by e.id desc limit 1')).rows[0]
const beginNextYear = async (client: Client): Promise<void> => {
  await client.query('select audit_private.follow_year($1)', [year + 1])
}

/** How lists, acts, sentences, totals and exports answer. */
async function answers(client: Client): Promise<unknown> {
  const { rows } = await client.query(`
    select array(select id from audit.find_event_ids('{"companyId": "1"}', page_size => 1000) id) as page,
           array(select id from audit.find_event_ids('{"companyId": "1", "query": "a"}', page_size => 1000) id) as found,
           (select c.count from audit.event_count('{"companyId": "1"}') c) as total,
           (select md5(string_agg(f::text, ' ' order by f::text)) from audit.event_facets('{"companyId": "1"}') f) as facets,
           (select md5(string_agg(a.sentence || a.went_along, ' ' order by a.id)) from audit.act a where company_id is not null) as acts,
           (select count(*) from audit.export) as exports`)
  return rows
}

it('keeps every entry, and everything that is built on them answers as before', async ({ database: { superuser, ...database } }) => {
  await keepAll(superuser)
  const before = { content: await content(superuser), answers: await answers(superuser) }
  const { rows: [heap] } = await superuser.query(`select pg_relation_filenode('audit.event') as file`)
  await partition({ superuser, ...database })
  assert.equal({ content: await content(superuser), answers: await answers(superuser) }, before)
  const { rows } = await superuser.query(`select inhrelid::regclass::text as partition from pg_inherits where inhparent = 'audit.event'::regclass order by 1`)
  assert.equal(rows.map((row) => row.partition), [partitions.next, partitions.before])
  const { rows: [now] } = await superuser.query('select pg_relation_filenode($1) as file', [partitions.before])
  assert.equal(now, heap, 'the table is the same file: nothing was copied')
  assert.equal(await findings(superuser), [])
  const { rows: [entry] } = await superuser.query(`select db_user, company_id, audit.sentence(e) as said from audit.event e where action = 'log.partitioned'`)
  assert.equal(entry, { db_user: 'postgres', company_id: null, said: 'Database login postgres: divided the entries of the audit log by year' })
})

it('no partition can be changed or written to by its name, by nobody, and nobody reads one [case 3] [case 15]', async ({ database }) => {
  await partition(database)
  await beginNextYear(database.superuser)
  for (const table of ['audit.event', partitions.before, partitions.next]) {
    for (const settings of [`set role audit_owner`, 'reset role', 'set session_replication_role = replica']) {
      await database.superuser.query(settings)
      for (const statement of [`update ${table} set reason = 'x' where false`, `delete from ${table} where false`, `truncate ${table}`]) {
        await refused(database.superuser.query(statement), 'AU001')
      }
      await database.superuser.query('reset role; reset session_replication_role')
    }
    await refused(database.superuser.query(`insert into ${table} (id, actor_status, action, object_kind, source, db_user) overriding system value values (1, 'verified', 'x', 'x', 'app', 'x')`), 'AU001')
    for (const login of ['consultant_app', 'audit_reader', 'audit_server']) {
      const client = await database.as(login)
      await refused(client.query(`delete from ${table}`), '42501')
      await refused(client.query(`truncate ${table}`), '42501')
      await refused(client.query(`insert into ${table} (actor_status, action, object_kind, source, db_user) values ('verified', 'x', 'x', 'app', 'x')`), '42501')
      if (table !== 'audit.event') await refused(client.query(`select from ${table}`), '42501')
      if (login === 'consultant_app') await refused(client.query(`begin; lock table ${table} in access share mode`), '42501')
    }
  }
  const { rows } = await database.superuser.query(`
    select c.oid::regclass::text as name, a.grantee::regrole::text as role from pg_class c cross join lateral aclexplode(c.relacl) a
     where c.relnamespace = 'audit_private'::regnamespace and c.relname like 'event\\_%' and c.relkind = 'r' and a.grantee <> 'audit_owner'::regrole`)
  assert.equal(rows, [])
})

it('an administrator sees the own company only, also of a year that has begun', async ({ database }) => {
  await partition(database)
  await beginNextYear(database.superuser)
  await database.run(`delete from app.customer where company_id = (select min(company_id) from app.customer); delete from app.customer where company_id = (select max(company_id) from app.customer)`)
  const { rows: [one] } = await database.superuser.query(`select company_id::text as company, (select count(*)::int from audit.event e where e.company_id = a.company_id::text and e.id >= $1) as entries, id::text as person from app."user" a where is_administrator order by company_id limit 1`, [firstOfNext])
  assert.ok(one.entries > 0)
  await database.inTransactionAs('audit_admin', { 'audit.company_id': one.company, 'audit.viewer_id': one.person }, async (client) => {
    const { rows } = await client.query('select array_agg(distinct company_id) as companies, count(*) filter (where id >= $1)::int as entries from audit.event', [firstOfNext])
    assert.equal(rows, [{ companies: [one.company], entries: one.entries }])
  })
})

it('lets entries go into the partition of a year that has begun, adds the next one, and finds everything in both', async ({ database: { superuser } }) => {
  await superuser.query('call audit.partition_by_year()')
  await superuser.query('begin; delete from app.contact where id = (select min(id) from app.contact)')
  await beginNextYear(superuser)
  await superuser.query('delete from app.customer where id = (select min(id) from app.customer); commit')
  const { rows: spread } = await superuser.query(`select tableoid::regclass::text as partition, count(distinct transaction_id)::int as transactions from audit.event where transaction_id = (select e.transaction_id from audit.event e order by e.id desc limit 1) group by 1 order by 1`)
  assert.equal(spread, [{ partition: partitions.next, transactions: 1 }, { partition: partitions.before, transactions: 1 }])
  const { rows: [first] } = await superuser.query('select min(id)::text as id from audit.event where id >= $1', [firstOfNext])
  assert.is(first.id, String(firstOfNext))
  assert.equal(await findings(superuser), [`partitions: ${year + 2} has no partition yet. Entries go into the partition of ${year + 1}, and it is ${year}.`])
  await beginNextYear(superuser)
  assert.equal((await superuser.query('select to_regclass($1) is not null as is_there', [partitions.afterNext])).rows, [{ is_there: true }])
  const before = await answers(superuser)
  await keepAll(superuser)
  assert.equal(await answers(superuser), before)
  const { rows: [again] } = await superuser.query('select (select count(*)::int from audit_private.kept_event) as kept, (select count(*)::int from audit.event) as entries, (select count(distinct id)::int from audit.event) as ids')
  assert.is(again.kept, again.entries)
  assert.is(again.ids, again.entries)
  assert.equal(await findings(superuser), [`partitions: Entries go into the partition of ${year + 1}, and it is ${year}.`])
})

it('loses no deletion where the partition of a year is missing, says so, and adds it later without being blocked [case 88]', async ({ database: { superuser } }) => {
  await superuser.query('call audit.partition_by_year()')
  await superuser.query(`drop table ${partitions.next}; select audit_private.release('event_${year + 1}|relation audit.event$')`)
  await superuser.query('delete from app.contact where id = (select min(id) from app.contact)')
  assert.is((await newest(superuser) as { partition: string }).partition, partitions.before)
  const found = async (now: number): Promise<string[]> => (await superuser.query('select finding from audit_private.partition_findings($1)', [now])).rows.map(({ finding }) => finding)
  assert.equal(await found(year), [`${year + 1} has no partition yet.`])
  assert.equal(await found(year + 2), [`${year + 1} has no partition yet.`, `It is ${year + 2}, and entries still go into the partition of ${year}.`])
  assert.equal(await findings(superuser), [`partitions: ${year + 1} has no partition yet.`])
  await keepAll(superuser)
  assert.equal(await findings(superuser), [])
  // Years that the keeper missed are for a person: the clock may be wrong.
  await superuser.query('select audit_private.follow_year($1)', [year + 2])
  await superuser.query('delete from app.contact where id = (select min(id) from app.contact)')
  assert.is((await newest(superuser) as { partition: string }).partition, partitions.before)
})

it('begins no year whose partition others do not see yet, nor while somebody writes', async ({ database }) => {
  const { superuser } = database
  await partition(database)
  await refused(superuser.query(`begin; set local role audit_owner; select audit_private.add_partition(${year + 2}); select audit_private.begin_year(${year + 2})`), 'AU009')
  await superuser.query('rollback')
  await refused(superuser.query(`select audit_private.begin_year(${year + 3})`), 'AU009')
  const writer = await database.as('postgres')
  await writer.query('begin; delete from app.contact where id = (select min(id) from app.contact)')
  const began = performance.now()
  await beginNextYear(superuser)
  assert.ok(performance.now() - began < 2000, 'it does not wait')
  await superuser.query('delete from app.contact where id = (select max(id) from app.contact)')
  assert.is((await newest(superuser) as { partition: string }).partition, partitions.before)
  await writer.query('commit')
  await beginNextYear(superuser)
  await beginNextYear(superuser)
  await superuser.query('select audit_private.begin_year($1)', [year + 1])
  await superuser.query('delete from app.contact where id = (select max(id) from app.contact)')
  await superuser.query('select audit_private.begin_year($1)', [year + 1])
  await superuser.query('delete from app.contact where id = (select max(id) from app.contact)')
  assert.equal(await newest(superuser), { id: String(firstOfNext + 1n), action: 'contact.deleted', partition: partitions.next }, 'numbers never go back')
})

it('makes no deletion wait for long, and loses none, while it is turned on and while years begin', async ({ database }) => {
  const { superuser } = database
  await database.run(`create table public.thing (id int primary key, name text); insert into public.thing select n, 'Thing ' || n from generate_series(1, 100000) n; select audit.track('public.thing', 'thing', '{name}')`)
  let isOver = false
  const waits: number[] = []
  const writers = await Promise.all([0, 1, 2].map(() => database.as('postgres')))
  const writing = Promise.all(writers.map(async (writer, index) => {
    let deleted = 0
    for (let id = index + 1; !isOver; id += 3) {
      const began = performance.now()
      const { rowCount } = await writer.query('delete from public.thing where id = $1', [id])
      deleted += rowCount ?? 0
      waits.push(performance.now() - began)
    }
    return deleted
  }))
  await partition(database)
  for (let next = year + 1; next < year + 4; next += 1) {
    for (let tries = 0; tries < 500 && Number((await superuser.query('select audit_private.year_of_numbers() as year')).rows[0].year) < next; tries += 1) await superuser.query('select audit_private.follow_year($1)', [next])
  }
  isOver = true
  const deleted = (await writing).reduce((sum, count) => sum + count, 0)
  const longest = Math.max(...waits)
  assert.ok(longest < 1500, `${Math.round(longest)} ms`)
  const { rows } = await superuser.query(`select count(*)::int as entries, count(distinct object_id)::int as things, count(distinct tableoid)::int as partitions from audit.event where action = 'thing.deleted'`)
  assert.equal(rows, [{ entries: deleted, things: deleted, partitions: 4 }])
})

it('refuses what it could not make again, and a log that is not as released, and changes nothing then', async ({ database }) => {
  const { superuser } = database
  const refusedFor = async (make: string, drop: string): Promise<void> => {
    await superuser.query(make)
    await refused(partition(database), 'AU009')
    await superuser.query(drop)
    assert.equal((await superuser.query(`select relkind from pg_class where oid = 'audit.event'::regclass`)).rows, [{ relkind: 'r' }])
  }
  await refusedFor('create view public.mine as select * from audit.event', 'drop view public.mine')
  await refusedFor('create function public.mine(e audit.event) returns text language sql as $$ select e.action $$', 'drop function public.mine')
  await refusedFor('create view public.mine as select * from audit.act', 'drop view public.mine')
  await refusedFor('create publication mine for table audit.event', 'drop publication mine')
  await refusedFor('grant select on audit.event to consultant_app', 'revoke select on audit.event from consultant_app')
  await refused((await database.as('consultant_app')).query('call audit.partition_by_year()'), '42501')
  assert.equal(await findings(superuser), [])
})

it('done again it changes nothing, and begins a year that the keeper missed', async ({ database }) => {
  const { superuser } = database
  await partition(database)
  await partition(database)
  assert.equal(await findings(superuser), [])
  assert.equal((await superuser.query(`select count(*)::int from pg_inherits where inhparent = 'audit.event'::regclass`)).rows, [{ count: 2 }])
})

it('health finds a partition that was added, detached or changed by somebody else', async ({ database }) => {
  const { superuser } = database
  await partition(database)
  await superuser.query(`create table public.strange (like audit.event including defaults); alter table audit.event attach partition public.strange for values from (9000000000000000) to (9000000000000001)`)
  assert.match((await findings(superuser)).join(), /relation audit\.event was changed/)
  // What the log itself adds does not bless what somebody else did.
  await superuser.query(`select audit_private.add_partition(${year + 2})`)
  assert.match((await findings(superuser)).join(), /relation audit\.event was changed/)
  await superuser.query('alter table audit.event detach partition public.strange; drop table public.strange')
  await superuser.query(`alter table ${partitions.before} disable trigger guard_change`)
  assert.match((await findings(superuser)).join(), new RegExp(`trigger guard_change on ${partitions.before} was changed`))
  await superuser.query(`alter table ${partitions.before} enable always trigger guard_change; alter table ${partitions.next} disable row level security`)
  assert.match((await findings(superuser)).join(), new RegExp(`relation ${partitions.next} was changed`))
})

it('bears the next migration, and goes on afterwards', async ({ database }) => {
  const { superuser } = database
  await partition(database)
  const connectionString = database.url('postgres')
  await superuser.query(`update audit_migration.current set content = 'another one'`)
  await migrate({ connectionString, includeCurrent: true })
  assert.equal(await findings(superuser), [])
  // What a later migration may do to the entries.
  await superuser.query('alter table audit.event add column later text; create index event_later_idx on audit.event (later)')
  await superuser.query(`select audit_private.follow_year($1)`, [year + 1])
  await superuser.query(`select audit_private.follow_year($1)`, [year + 1])
  await superuser.query('delete from app.contact where id = (select min(id) from app.contact)')
  assert.equal((await newest(superuser) as { action: string }).action, 'contact.deleted')
})

it('leaves the entries of all years when the log is uninstalled [case 233]', async ({ database }) => {
  await partition(database)
  await beginNextYear(database.superuser)
  await database.run('delete from app.contact where id = (select min(id) from app.contact)')
  const { rows: before } = await database.superuser.query('select to_jsonb(e) as event from audit.event e order by id')
  const { status, stdout } = audit(['uninstall', '--yes'], database.url('postgres'))
  assert.is(status, 0, stdout)
  const reader = await database.as('audit_reader')
  assert.equal((await reader.query('select to_jsonb(e) as event from audit_kept.event e order by id')).rows, before)
})

it.run()
