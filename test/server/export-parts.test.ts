import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { fillWithEntries } from '../../operator/generate/fill.ts'
import { filterCode, type EventFilter } from '../../server/event-filter.ts'
import { causeCode } from '../../server/export/cause-code.ts'
import { partsOf } from '../../server/export/parts.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { keepEverything } from '../reading/scans.ts'

const it = suite<{ database: TestDatabase }>('An export that is read part by part', { database: Object.create(null) })
const reader = { 'audit.company_id': '1', 'audit.viewer_id': 'v' }

it.before(async (context) => {
  context.database = await makeTestDatabase('migrated')
  const { superuser, url } = context.database
  await superuser.query('set role audit_owner')
  await fillWithEntries(superuser, url('postgres'), { events: 4_000, companies: 3, seed: 1, prefix: '', until: Date.parse('2026-11-01') }, () => undefined)
  // At the very instants where days begin, which is where an export is cut.
  await superuser.query(`
    reset role; select audit.grant_administrator('1', 'v', 'Viewer', 'Company'); alter table audit.event disable trigger guard_insert;
    insert into audit.event (occurred_at, company_id, actor_status, action, object_kind, object_id, source, db_user)
    select day, '1', 'missing', 'cv.deleted', 'cv', 'midnight', 'sql', 'x' from generate_series(timestamptz '2025-07-01 00:00Z', '2025-12-31 00:00Z', '1 day') day;
    alter table audit.event enable always trigger guard_insert`)
})
it.after(({ database }) => database.drop())

/** The numbers of the entries in the order of the file, how many parts gave them, and whether these are days, read in their order. */
async function read({ inTransactionAs }: Pick<TestDatabase, 'inTransactionAs'>, filter: EventFilter, size: number) {
  return inTransactionAs('audit_admin', reader, async (client) => {
    const ids: string[] = []
    let parts = 0
    let longest = 0
    const { next, isInOrder } = await partsOf(client, filter, await causeCode(client, 'event'), size)
    for (let conditions = await next(client); conditions !== null; conditions = await next(client)) {
      parts += 1
      const { rows } = await client.query<{ id: string }>(`select event.id::text as id from audit.event as event where ${conditions} order by event.occurred_at desc, event.id desc`)
      ids.push(...rows.map(({ id }) => id))
      longest = Math.max(longest, rows.length)
    }
    const expected = await client.query<{ id: string }>(`select event.id::text as id from audit.event as event where ${await filterCode(client, filter)} order by event.occurred_at desc, event.id desc`)
    return { parts, longest, ids, isInOrder, expected: expected.rows.map(({ id }) => id) }
  })
}

const filters: readonly EventFilter[] = [
  {}, { query: 'developer' }, { query: 'e' }, { query: 'jb' }, { query: 'zzqqxx' }, { query: 'developer -senior' }, { query: 'data engineer', rootsOnly: true }, { rootsOnly: true },
  { actions: ['customers.exported'] }, { actions: ['cv.deleted'] }, { notActions: ['cv.deleted'] }, { sources: ['system'] }, { sources: ['app'], query: 'a' }, { objectKind: 'customer', query: 'ab' }, { fromDay: '2025-01-01', toDay: '2025-12-31', query: 'an' },
]

for (const [when, keep] of [['before the keeper has run', 0], ['while it works', 2_000], ['when everything is kept', Infinity]] as const) {
  it(`gives what the filter lets through, once and in order, ${when}`, async ({ database }) => {
    if (keep === Infinity) await keepEverything(database.superuser)
    else if (keep > 0) await database.superuser.query('select audit.keep($1)', [keep])
    for (const filter of filters) {
      for (const size of [13, 900, 10_000]) {
        if (size === 13 && (filter.query === 'e' || filter.rootsOnly || filter.notActions)) continue
        const { ids, expected, parts, isInOrder } = await read(database, filter, size)
        const said = `${JSON.stringify(filter)} by ${size}`
        assert.equal(ids, expected, said)
        if (parts > 1 && !isInOrder) assert.ok(Math.abs(parts - Math.ceil(expected.length / size)) <= 2, `${said}: ${parts} parts`)
      }
    }
  })
}

it('looks up a search and what is rare, and reads what is frequent some days at a time', async ({ database }) => {
  const { rows: [day] } = await database.superuser.query<{ most: number }>(`
    select max(n)::int as most from (select count(*) as n from audit.event where company_id = '1' group by (occurred_at at time zone 'UTC')::date) day`)
  for (const filter of [{}, { notActions: ['cv.deleted'] }, { rootsOnly: true }, { from: '2025-01-10T09:00:00Z', to: '2025-07-10T09:00:00Z' }]) {
    const said = JSON.stringify(filter)
    const { parts, longest, isInOrder } = await read(database, filter, 10)
    assert.ok(isInOrder, said)
    assert.ok(parts > 4 && longest <= 8 * (10 + (day?.most ?? 0)), `${said}: ${parts} parts, the longest with ${longest} entries`)
    assert.ok((await read(database, filter, 10_000)).parts <= 2, said)
  }
  for (const filter of [{ query: 'developer' }, { actions: ['customers.exported'] }]) {
    const { parts, isInOrder } = await read(database, filter, 7)
    assert.ok(!isInOrder && parts > 1, JSON.stringify(filter))
  }
  assert.is((await read(database, { query: 'zzqqxx' }, 7)).parts, 1, 'a part of nothing, for the header of the file')
})

it('reads days by the index of time and sorts nothing, but for an act', async ({ database }) => {
  const planOf = async (filter: EventFilter) => database.inTransactionAs('audit_admin', reader, async (client) => {
    const plans: string[] = []
    const { next, isInOrder } = await partsOf(client, filter, await causeCode(client, 'event'))
    if (isInOrder) await client.query('set local enable_sort = off')
    for (let conditions = await next(client); conditions !== null; conditions = await next(client)) {
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain select event.*, 'more' from audit.event as event where ${conditions} order by event.occurred_at desc, event.id desc`)
      plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'))
    }
    return plans.join('\n')
  })
  for (const filter of [{}, { notActions: ['cv.deleted'] }, { rootsOnly: true }, { from: '2025-01-01T00:00:00Z' }]) {
    const plan = await planOf(filter)
    assert.match(plan, /Index Scan using event_company_id_occurred_at_id_idx/, JSON.stringify(filter))
    assert.not.match(plan, /Sort/, JSON.stringify(filter))
  }
  const { rows: [entry] } = await database.superuser.query<{ id: string }>(`select id::text from audit.event where company_id = '1' and action = 'customer.deleted' order by id limit 1`)
  assert.match(await planOf({ act: entry?.id ?? '' }), /Sort/)
})

it('refuses a filter that is none before the first part', async ({ database }) => {
  const error = await database.inTransactionAs('audit_admin', reader, (client) => partsOf(client, { actions: ['cv.painted'] }, { event: 'event', isRoot: 'true' }).then(() => null, (reason: unknown) => reason))
  assert.is(Reflect.get(Object(error), 'code'), 'AU006')
})

it.run()
