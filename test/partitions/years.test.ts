import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { refused } from '../harness/refused.ts'
import { answers, beginNextYear, findings, firstOfNext, keepAll, newest, partition, partitions, year } from './divided.ts'

const it = suite<{ database: TestDatabase }>('Years of a divided log', { database: Object.create(null) })

it.before.each(async (context) => {
  context.database = await makeTestDatabase()
  const app = await context.database.as('consultant_app')
  await app.query(`begin; select audit.act_as('17', 'Fredrik Isaksson', 'app'); delete from app.customer where id in (select id from app.customer order by id limit 3); commit`)
})
it.after.each(({ database }) => database.drop())

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
  const writers = await Promise.all([0, 1, 2].map(() => database.as('postgres')))
  const writing = Promise.all(writers.map(async (writer, index) => {
    // For a lock: how busy the machine is says nothing of us.
    await writer.query(`set lock_timeout = '1500ms'`)
    let deleted = 0
    for (let id = index + 1; !isOver; id += 3) {
      const { rowCount } = await writer.query('delete from public.thing where id = $1', [id])
      deleted += rowCount ?? 0
    }
    return deleted
  }))
  await partition(database)
  for (let next = year + 1; next < year + 4; next += 1) {
    for (let tries = 0; tries < 500 && Number((await superuser.query('select audit_private.year_of_numbers() as year')).rows[0].year) < next; tries += 1) await superuser.query('select audit_private.follow_year($1)', [next])
  }
  isOver = true
  const deleted = (await writing).reduce((sum, count) => sum + count, 0)
  const { rows } = await superuser.query(`select count(*)::int as entries, count(distinct object_id)::int as things, count(distinct tableoid)::int as partitions from audit.event where action = 'thing.deleted'`)
  assert.equal(rows, [{ entries: deleted, things: deleted, partitions: 4 }])
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

it('a year can be taken away as docs/dba.md says: health tells of it, and lists and totals are those of the rest', async ({ database }) => {
  const { superuser } = database
  await partition(database)
  await beginNextYear(superuser)
  await database.run('delete from app.contact where id in (select id from app.contact order by id limit 5)')
  await keepAll(superuser)
  await superuser.query(`alter table audit.event detach partition ${partitions.before}; drop table ${partitions.before}; select audit.rebuild_kept()`)
  assert.match((await findings(superuser)).join(), /relation audit\.event was changed/)
  const rest = async (): Promise<unknown> => (await superuser.query(`select (select count::int from audit.event_count()) as total, (select count(*)::int from audit.find_event_ids()) as page, (select count(*)::int from audit.event) as entries`)).rows
  assert.equal(await rest(), [{ total: 5, page: 5, entries: 5 }])
  await keepAll(superuser)
  assert.equal(await rest(), [{ total: 5, page: 5, entries: 5 }])
  await database.run('delete from app.contact where id = (select max(id) from app.contact)')
  await refused(superuser.query('truncate audit.event'), 'AU001')
})

it('health looks at the age of each partition', async ({ database }) => {
  const { superuser } = database
  await partition(database)
  // Looked at before it is committed: autovacuum, which takes its turn every minute, freezes so old a table at once.
  await superuser.query(`begin; set local allow_system_table_mods = on;
    update pg_class set relfrozenxid = ((pg_current_xact_id()::text::bigint - 600000000 + 4294967296) % 4294967296)::text::xid where oid = '${partitions.before}'::regclass`)
  const [, age] = new RegExp(`wraparound: ${partitions.before} was last frozen (\\d+) transactions ago`).exec((await findings(superuser)).join()) ?? []
  await superuser.query('commit')
  assert.ok(Number(age) >= 600_000_000, String(age))
  await superuser.query('vacuum (freeze) audit.event')
  assert.equal(await findings(superuser), [])
})

it.run()
