import * as assert from 'uvu/assert'
import { serverSuite } from './server-suite.ts'

const it = serverSuite('Totals, facets and histogram over HTTP')

it.before(async ({ database }) => {
  await database.superuser.query(`delete from app.customer where company_id in (1, 2)`)
  await database.superuser.query(`delete from app.cv where id in (select id from app.cv order by id limit 5)`)
})

const figures = `query ($filter: EventFilter) {
  events(filter: $filter) { totalCount }
  eventCount(filter: $filter) { count isExact }
  eventFacets(filter: $filter) { actions { value label count } sources { value count } actors { value label count } kinds { value count } }
  eventHistogram(filter: $filter, timeZone: "Europe/Stockholm", buckets: 7) { unit buckets { from to deletions exports others } }
}`

for (const step of ['before the keeper has run', 'when everything is kept']) {
  it(`are those of plain SQL for the own company, ${step} [case 144]`, async ({ running, fredrik, database }) => {
    for (const [filter, condition] of [
      [{}, 'true'], [{ actions: ['contact.deleted'] }, `action = 'contact.deleted'`], [{ query: 'a' }, `concat_ws(' ', object_label, owner_label, actor_name) ilike '%a%'`], [{ sources: ['api'] }, `source = 'api'`],
    ] as const) {
      const { data, errors } = await running.graphql(fredrik, figures, { filter })
      assert.is(errors, undefined)
      const count = async (where: string) => (await database.superuser.query(`select count(*)::int as n from audit.event where company_id = '1' and ${where}`)).rows[0].n
      const n = await count(condition)
      assert.equal(data?.['eventCount'], { count: n, isExact: true })
      assert.is(data?.['events'].totalCount, n)
      assert.is(data?.['eventHistogram'].buckets.reduce((sum: number, bucket: { deletions: number; exports: number; others: number }) => sum + bucket.deletions + bucket.exports + bucket.others, 0), n)
      assert.ok(data?.['eventHistogram'].buckets.length <= 7)
      for (const { value, count: counted } of data?.['eventFacets'].sources) {
        assert.is(counted, await count(`source = '${value}' and ${'sources' in filter ? 'true' : condition}`), `${value} ${condition}`)
      }
      for (const { value, count: counted } of data?.['eventFacets'].actions) {
        assert.is(counted, await count(`action = '${value}' and ${'actions' in filter ? 'true' : condition}`), `${value} ${condition}`)
      }
    }
  })

  it(`are empty for whoever may not read, ${step} [case 140, 155]`, async ({ running, fredrik }) => {
    const nothing = { events: { totalCount: 0 }, eventCount: { count: 0, isExact: true }, eventFacets: { actions: [], sources: [], actors: [], kinds: [] }, eventHistogram: { unit: 'day', buckets: [] } }
    for (const person of [null, { ...fredrik, companyId: '2' }, { ...fredrik, companyId: '99' }]) {
      assert.equal((await running.graphql(person, figures, { filter: { query: 'a' } })).data, nothing)
      assert.equal((await running.graphql(person, figures, {})).data, nothing)
    }
  })

  it(`go on (${step})`, async ({ database }) => {
    for (;;) if ((await database.superuser.query('select audit.keep(100)::int as n')).rows[0].n === 0) break
  })
}

it('name what is wrong with a filter, a zone, a number of buckets or of an entry', async ({ running, fredrik }) => {
  for (const [query, reason] of [
    ['{ eventCount(filter: { actions: ["cv.delete"] }) { count } }', /"cv.delete" is not one of/],
    ['{ events(filter: { fromDay: "2026-02-30" }) { nodes { id } } }', /does not exist/],
    ['{ eventFacets(filter: { timeZone: "Europe/Stokholm" }) { kinds { value } } }', /no time zone/],
    ['{ eventHistogram(timeZone: "Mars/Olympus") { unit } }', /no time zone/],
    ['{ eventHistogram(buckets: 61) { unit } }', /from 1 to 60/],
    ['{ event(id: "text") { id } }', /not the number of an entry/],
    ['{ event(id: "9223372036854775808") { id } }', /not the number of an entry/],
  ] as const) {
    const { errors } = await running.graphql(fredrik, query)
    assert.is(errors?.[0]?.extensions?.['code'], 'BAD_FILTER', query)
    assert.match(errors?.[0]?.extensions?.['detail'] ?? '', reason)
  }
})

it('page a filtered list by key, forwards and backwards, through everything once', async ({ running, fredrik, database }) => {
  const { rows } = await database.superuser.query(`select e.id::text from audit.event e where e.company_id = '1' and e.object_kind <> 'customer' order by e.occurred_at desc, e.id desc`)
  const expected = rows.map(({ id }) => id)
  const page = async (args: string) => (await running.graphql(fredrik, `{ events(${args}, filter: { notActions: ["customer.deleted"] }) { pageInfo { hasNextPage hasPreviousPage startCursor endCursor } nodes { id } } }`)).data?.['events']
  const seen: string[] = []
  let last = await page('first: 7')
  for (;;) {
    seen.push(...last.nodes.map(({ id }: { id: string }) => id))
    if (!last.pageInfo.hasNextPage) break
    last = await page(`first: 7, after: "${last.pageInfo.endCursor}"`)
  }
  assert.equal(seen, expected)
  const back = await page(`last: 7, before: "${last.pageInfo.startCursor}"`)
  const start = expected.indexOf(last.nodes[0].id)
  assert.equal(back.nodes.map(({ id }: { id: string }) => id), expected.slice(start - 7, start))
  assert.ok(back.pageInfo.hasPreviousPage)
  const oldest = await page('first: 3, orderBy: OCCURRED_AT_ASC')
  assert.equal(oldest.nodes.map(({ id }: { id: string }) => id), expected.toReversed().slice(0, 3))
})

it.run()
