import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { audit } from './audit.ts'

const it = suite<{ one: TestDatabase; other: TestDatabase }>('npm run audit -- generate', { one: Object.create(null), other: Object.create(null) })
const events = 20_000

it.before(async (context) => {
  context.one = await emptyLog()
  context.other = await emptyLog()
  await context.other.superuser.query('select pg_current_xact_id()')
})
it.after(async ({ one, other }) => {
  await one.drop()
  await other.drop()
})

async function emptyLog(): Promise<TestDatabase> {
  const database = await makeTestDatabase('migrated')
  return database
}

const generate = (database: TestDatabase, ...more: string[]) => audit(['generate', '--events', String(events), '--companies', '20', '--seed', '7', '--json', ...more], database.url('postgres'))

/** Everything but the numbers, which continue those of the database; they count from the first. */
const content = `
  select md5(string_agg(line, e'\n' order by id)) as md5
  from (select id, row(id - min(id) over (), (transaction_id::text)::bigint - min((transaction_id::text)::bigint) over (), caused_by - min(id) over (), root_id - min(id) over (),
                       case when action = 'audit.export_ended' then object_id::bigint - min(id) over () end, case when action <> 'audit.export_ended' then object_id end,
                       occurred_at at time zone 'UTC', company_id, actor_id, actor_name, actor_status, on_behalf_of, action, object_kind, object_label, owner_kind, owner_id, owner_label,
                       source, request_id, reason, client_addr, db_user, application_name, snapshot, details, has_forerunners)::text as line
          from audit.event) e`

it('adds the same entries for the same seed, and says that they are for load tests', async ({ one, other }) => {
  const first = generate(one)
  assert.is(first.status, 0, first.stdout)
  assert.match(first.stderr, 'for load tests only')
  assert.is(generate(other).status, 0)
  const answers = await Promise.all([one, other].map(async ({ superuser }) => (await superuser.query(content)).rows))
  assert.equal(answers[0], answers[1])
  const { rows: [count] } = await one.superuser.query(`select count(*)::int, count(*) filter (where db_user = 'audit generate' and application_name = 'audit generate')::int as marked from audit.event`)
  assert.equal(count, { count: events, marked: events })
})

it('gives the first company most, everybody something, and uses every action and source over three years', async ({ one }) => {
  const { rows: [found] } = await one.superuser.query(`
    select count(distinct company_id)::int as companies, count(distinct action)::int as actions, count(distinct source)::int as sources,
           count(*) filter (where company_id = '1') > 5 * count(*) filter (where company_id = '10') as is_skewed,
           max(occurred_at) - min(occurred_at) between '1080 days' and '1096 days' as is_three_years,
           count(*) filter (where actor_name ~ '[\u0600-\u06ff]') > 0 and count(*) filter (where actor_name ~ '[\u4e00-\u9fff]') > 0 as is_in_scripts
      from audit.event`)
  assert.equal(found, { companies: 20, actions: 12, sources: 5, is_skewed: true, is_three_years: true, is_in_scripts: true })
})

it('makes cascades whose trees hold together, and acts of ORMs that delete children first', async ({ one }) => {
  const { rows: [found] } = await one.superuser.query(`
    select count(*)::int > 1000 as has_many,
           count(*) filter (where p.id is null or r.id is null or p.id >= e.id or r.caused_by is not null or coalesce(p.root_id, p.id) <> r.id
             or p.transaction_id <> e.transaction_id or p.company_id <> e.company_id or e.owner_id <> p.object_id or e.owner_label <> p.object_label)::int as wrong
      from audit.event e left join audit.event p on p.id = e.caused_by left join audit.event r on r.id = e.root_id
     where e.caused_by is not null`)
  assert.equal(found, { has_many: true, wrong: 0 })
  const { rows: acts } = await one.superuser.query(`select went_along_count from audit.act where has_forerunners limit 20`)
  assert.ok(acts.length > 5 && acts.every((act) => act.went_along_count > 0))
})

it('takes its transaction numbers from transactions that are over, each of its own act', async ({ one }) => {
  const { rows: [found] } = await one.superuser.query(`
    select count(*) filter (where transaction_id >= pg_snapshot_xmin(pg_current_snapshot()))::int as beyond_horizon,
           count(*) filter (where pg_xact_status(transaction_id) is distinct from 'committed')::int as uncommitted,
           (select count(*)::int from (select from audit.event group by transaction_id having count(distinct company_id) > 1) t) as shared
      from audit.event`)
  assert.equal(found, { beyond_horizon: 0, uncommitted: 0, shared: 0 })
})

it('refuses a log that has entries unless told --add, and then goes on behind them', async ({ one }) => {
  const refused = generate(one)
  assert.is(refused.status, 1)
  assert.match(refused.stdout, '"code": "NOT_CONFIRMED"')
  assert.match(refused.stdout, 'This log was already filled with invented entries.')
  assert.is(generate(one, '--add', '--prefix', 'more-').status, 0)
  const { rows: [found] } = await one.superuser.query(`select count(*)::int, max(id)::int as last, count(distinct company_id)::int as companies from audit.event`)
  assert.equal(found, { count: 2 * events, last: 2 * events, companies: 40 })
  const { rows: [next] } = await one.superuser.query(`select nextval('audit.event_id_seq')::int as id`)
  assert.is(next.id, 2 * events + 1)
})

it('refuses a log with real entries', async () => {
  const real = await makeTestDatabase()
  try {
    const { status, stdout } = generate(real)
    assert.is(status, 1)
    assert.match(stdout, 'This log has real entries.')
  } finally {
    await real.drop()
  }
})

it('refuses a login that is no superuser, and says why', async ({ other }) => {
  const login = `no_superuser_${process.pid}`
  await other.superuser.query(`create role ${login} login password 'x' in role audit_dba, audit_installer; grant usage on schema audit_migration to ${login}; grant select on all tables in schema audit_migration to ${login}`)
  try {
    const url = new URL(other.url('postgres'))
    url.username = login
    url.password = 'x'
    const { status, stdout } = audit(['generate', '--events', '10'], url.href)
    assert.is(status, 1, stdout)
    assert.match(stdout, `Only a superuser can add invented entries.\nThe login ${login} may not become audit_owner`)
  } finally {
    await other.superuser.query(`drop owned by ${login}; drop role ${login}`)
  }
})

it('refuses numbers and days that it cannot use', ({ one }) => {
  for (const [option, value] of [['events', '0'], ['events', '1e6'], ['companies', '-1'], ['seed', 'x'], ['until', '2026-02-30']]) {
    const { status, stdout } = generate(one, `--${option}=${value}`)
    assert.is(status, 2, `--${option} ${value}`)
    assert.match(stdout, /"code": "OPTIONS"/)
  }
})

it.run()
