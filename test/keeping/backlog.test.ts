import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { fillWithEntries } from '../../operator/generate/fill.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { keepEverything, ownMemoryOf } from '../reading/scans.ts'

/*
 * What the keeper does where much waits for it, where something holds it up, and where clocks and numbers jump. The million entries of
 * case 98 are kept by npm run test:plans (bench/results/plans.md).
 */

const it = suite<{ database: TestDatabase }>('A backlog of the keeper', { database: Object.create(null) })
const entries = 30_000

it.before(async (context) => {
  context.database = await makeTestDatabase('migrated')
  const connectionString = context.database.url('postgres')
  await context.database.superuser.query('set role audit_owner')
  await fillWithEntries(context.database.superuser, connectionString, { events: entries, companies: 20, seed: 1, prefix: '', until: Date.parse('2026-11-01') }, () => undefined)
  await context.database.superuser.query('reset role')
})
it.after(({ database }) => database.drop())

const countKept = async ({ superuser }: TestDatabase): Promise<number> => (await superuser.query('select count(*)::int as n from audit_private.kept_event')).rows[0].n
/** Entries that are kept twice, or not at all, or counted otherwise than once. */
const wrong = async ({ superuser }: TestDatabase): Promise<unknown[]> => (await superuser.query(`
  select 'not kept ' || e.id as what from audit.event e where not exists (select from audit_private.kept_event k where k.event_id = e.id)
  union all
  select 'counted ' || t.n from (select sum(n) as n from audit_private.kept_total t cross join lateral unnest(t.counts) n where t.unit = 'year' and t.actor_id = '') t
   where t.n <> (select count(*) from audit.event where company_id is not null)`)).rows

it('is kept in batches with bounded memory, goes on after a kill, and is caught up with [case 98]', async ({ database }) => {
  const keeper = await database.as('postgres')
  keeper.on('error', () => undefined)
  const { rows: [{ pid }] } = await keeper.query('select pg_backend_pid() as pid')
  await keeper.query('select audit.keep(2000)')
  const first = ownMemoryOf(pid)
  for (let batch = 1; batch < 5; batch += 1) await keeper.query('select audit.keep(2000)')
  assert.is(await countKept(database), 10_000)
  // Killed in the middle of a batch.
  const interrupted = keeper.query('select audit.keep(10000), pg_sleep(60)').then(() => null, (error: unknown) => error)
  await new Promise((done) => setTimeout(done, 300))
  await database.superuser.query('select pg_terminate_backend($1, 5000)', [pid])
  assert.ok(await interrupted !== null)
  assert.is(await countKept(database), 10_000, 'a batch is kept as a whole or not at all')
  const next = await database.as('postgres')
  const { batches, peakMebibytes } = await keepEverything(next, 2000)
  assert.is(batches, (entries - 10_000) / 2000)
  if (first !== null && peakMebibytes !== null) assert.ok(peakMebibytes < first + 24, `${first} MiB after the first batch, ${peakMebibytes} MiB at most afterwards`)
  assert.equal(await wrong(database), [])
})

it('is none for entries that are committed while a transaction is open in another database, or a prepared one is forgotten; health names both [case 94] [case 95]', async ({ database }) => {
  const other = await makeTestDatabase('empty')
  try {
    const forgetful = await other.as('postgres')
    await forgetful.query(`begin; select pg_current_xact_id()`)
    const { rows: [{ pid }] } = await forgetful.query('select pg_backend_pid() as pid')
    await database.superuser.query(`begin; set local role audit_owner; insert into audit.event (company_id, actor_status, action, object_kind, source, db_user) values ('1', 'missing', 'cv.deleted', 'cv', 'sql', 'x'); prepare transaction 'backlog_${database.name}'`)
    await database.run(`set role audit_owner; insert into audit.event (company_id, actor_status, action, object_kind, object_label, source, db_user) select '1', 'missing', 'cv.deleted', 'cv', 'beside', 'sql', 'x' from generate_series(1, 10); reset role`)
    await keepEverything(database.superuser)
    assert.equal((await database.superuser.query(`select count(*)::int as n from audit_private.kept_event where names like '%beside%'`)).rows, [{ n: 10 }], 'only what is itself open waits')
    const dba = await database.as('postgres')
    await dba.query('set role audit_owner')
    const { rows } = await dba.query<{ finding: string }>(`select finding from audit_private.operation_findings('-1 second') where check_name = 'transactions'`)
    const findings = rows.map(({ finding }) => finding).join(' ')
    assert.match(findings, new RegExp(`Backend ${pid} of database ${other.name} \\(postgres\\) has had a transaction open for 00:00:`))
    assert.match(findings, new RegExp(`Prepared transaction 'backlog_${database.name}' of database ${database.name} has waited for 00:00:`))
    await forgetful.query('rollback')
    await database.superuser.query(`commit prepared 'backlog_${database.name}'`)
    await keepEverything(database.superuser)
    assert.equal(await wrong(database), [], 'what was open is kept as soon as it is committed')
  } finally {
    await other.drop()
  }
})

it('is not made by a jump of the numbers, as after a crash, and health does not call it tampering [case 103]', async ({ database }) => {
  await database.run(`select setval('audit.event_id_seq', (select last_value + 1000 from audit.event_id_seq)); set role audit_owner;
    insert into audit.event (company_id, actor_status, action, object_kind, object_label, source, db_user) values ('1', 'missing', 'cv.deleted', 'cv', 'behind a jump', 'sql', 'x'); reset role`)
  await keepEverything(database.superuser)
  assert.equal(await wrong(database), [])
  const { rows } = await database.superuser.query(`select check_name, finding from audit.health where check_name in ('definitions', 'keeper', 'triggers', 'partitions') and status <> 'ok'`)
  assert.equal(rows, [])
})

it('is none where the clock was an hour behind, or ten years ahead: numbers go on, entries keep their time, and periods are right [case 104]', async ({ database }) => {
  const { superuser } = database
  await database.run(`set role audit_owner; insert into audit.event (occurred_at, company_id, actor_id, actor_status, action, object_kind, object_label, source, db_user)
    select now() + step, '1', 'clock', 'asserted', 'cv.deleted', 'cv', 'clock', 'sql', 'x'
      from unnest(array['0', '1 second', '-1 hour', '-59 minutes', '10 years', '10 years 1 second', '2 seconds']::interval[]) with ordinality s (step, n) order by n; reset role`)
  const list = async (period: Record<string, unknown>): Promise<unknown> =>
    (await superuser.query('select array(select id::int from audit.find_event_ids($1) id) as ids, (select count::int from audit.event_count($1)) as count', [JSON.stringify({ companyId: '1', actorId: 'clock', ...period })])).rows[0]
  const plain = async (condition: string): Promise<unknown> =>
    (await superuser.query(`select coalesce(array_agg(id::int order by occurred_at desc, id desc), '{}') as ids, count(*)::int from audit.event where actor_id = 'clock' and ${condition}`)).rows[0]
  const compare = async (): Promise<void> => {
    const { rows: [{ now, later }] } = await superuser.query(`select to_char(now() at time zone 'UTC' - interval '30 minutes', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as now, to_char(now() at time zone 'UTC' + interval '5 years', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as later`)
    assert.equal(await list({}), await plain('true'))
    assert.equal(await list({ from: now }), await plain(`occurred_at >= '${now}'`))
    assert.equal(await list({ to: now }), await plain(`occurred_at < '${now}'`))
    assert.equal(await list({ from: now, to: later }), await plain(`occurred_at >= '${now}' and occurred_at < '${later}'`))
    assert.equal(await list({ from: later }), await plain(`occurred_at >= '${later}'`))
  }
  await compare()
  await keepEverything(superuser)
  await compare()
  assert.equal(await wrong(database), [])
})

it('nothing is said of age until the entries were not frozen for 500 million transactions, and freezing them mends it [case 113]', async ({ database }) => {
  const { superuser } = database
  const wraparound = async (): Promise<unknown> => (await superuser.query(`select status, finding from audit.health where check_name = 'wraparound'`)).rows[0]
  assert.equal(await wraparound(), { status: 'ok', finding: null })
  // As if so many transactions had gone by since.
  const age = async (transactions: number): Promise<void> => {
    await superuser.query(`begin; set local allow_system_table_mods = on;
      update pg_class set relfrozenxid = ((pg_current_xact_id()::text::bigint - ${transactions} + 4294967296) % 4294967296)::text::xid where oid = 'audit.event'::regclass; commit`)
  }
  await age(600_000_000)
  assert.match(JSON.stringify(await wraparound()), /"warning","finding":"audit\.event was last frozen 600\d{6} transactions ago\./)
  await age(1_600_000_000)
  assert.match(JSON.stringify(await wraparound()), /"failed"/)
  await superuser.query('vacuum (freeze) audit.event')
  assert.equal(await wraparound(), { status: 'ok', finding: null })
})

it('of one company is not looked through for another, nor again for what is kept of a pass at work', async ({ database }) => {
  const { superuser } = database
  await keepEverything(superuser, 10_000)
  await superuser.query(`set role audit_owner; insert into audit.event (company_id, actor_status, action, object_kind, object_label, source, db_user)
    select '1', 'missing', 'cv.deleted', 'cv', 'waits ' || i, 'sql', 'x' from generate_series(1, 5000) i; reset role; analyze audit.event`)
  const lookups = async (filter: string): Promise<number> => {
    const client = await database.as('postgres')
    await client.query('begin')
    for (const ask of ['audit.find_event_ids($1)', 'audit.event_count($1)', 'audit.event_count($1, 100)']) await client.query(`select ${ask}`, [filter])
    const { rows: [row] } = await client.query<{ n: number }>(`select pg_stat_get_xact_numscans('audit_private.kept_event_pkey'::regclass)::int as n`)
    await client.query('rollback')
    return row?.n ?? 0
  }
  const others = ['{"companyId": "2", "actions": ["cv.deleted"]}', '{"companyId": "2", "query": "waits"}']
  for (const filter of others) assert.ok(await lookups(filter) < 100, `${filter} looks up ${await lookups(filter)} entries of another company`)
  assert.ok(await lookups('{"companyId": "1", "query": "waits"}') > 5_000, 'they are counted')
  await superuser.query('select audit.keep(4500)')
  for (const filter of others) assert.ok(await lookups(filter) < 100, filter)
  const left = await lookups('{"companyId": "1", "actions": ["cv.deleted"]}')
  assert.ok(left < 3_500, `${left} looked up of 500 that wait, three times`)
  assert.equal((await superuser.query(`select count::int from audit.event_count('{"companyId": "1", "query": "waits"}')`)).rows, [{ count: 5_000 }])
})

it.run()
