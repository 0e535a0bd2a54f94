import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { startServer, tokenFor, type Person, type RunningServer } from './running-server.ts'

type Context = { database: TestDatabase; running: RunningServer; fredrik: Person; sean: Person; jessica: Person; karin: Person }
const it = suite<Context>('Reading entries over HTTP', Object.create(null))
const all = '{ viewer { access } events { totalCount nodes { id } } }'

it.before(async (context) => {
  const database = await makeTestDatabase()
  const running = await startServer(database)
  Object.assign(context, {
    database, running,
    fredrik: await running.person('fredrik.isaksson@nordljus.example'),
    jessica: await running.person('jessica.kowalski@nordljus.example'),
    sean: await running.person('sean.obrien@havsbris.example'),
    karin: await running.person('karin.bergstrom@granit.example'),
  })
  const app = await database.as('consultant_app')
  await app.query(`begin; select audit.act_as('${context.fredrik.id}', 'Fredrik Isaksson')`)
  await app.query(`delete from app.cv where user_id = ${context.jessica.id}`)
  await app.query('commit')
  // As an ORM deletes: the children first, with a statement of their own.
  await app.query(`begin; delete from app.contact where customer_id = (select min(id) from app.customer where company_id = 1); delete from app.customer where id = (select min(id) from app.customer where company_id = 1); commit`)
  await app.query(`delete from app.customer where company_id in (1, 3)`)
})
it.after(async ({ running, database }) => {
  await running.close()
  await database.drop()
})

it('shows an administrator the sentence of what happened', async ({ running, fredrik }) => {
  const { data } = await running.graphql(fredrik, `{
    viewer { viewerId viewerName companyName locale access }
    events(filter: { query: "kowalski \\"project manager\\"" }) { totalCount nodes { sentence source actorName ownerLabel sv: sentence(locale: "sv") sentenceParts } }
  }`)
  assert.equal(data?.['viewer'], { viewerId: fredrik.id, viewerName: 'Fredrik Isaksson', companyName: 'Nordljus Konsult AB', locale: 'en', access: 'granted' })
  assert.is(data?.['events'].totalCount, 1)
  const [{ sentence, source, actorName, ownerLabel, sentenceParts }] = data?.['events'].nodes
  assert.is(sentence, 'Fredrik Isaksson: deleted CV Project Manager (Jessica Kowalski)')
  assert.equal({ source, actorName, ownerLabel }, { source: 'app', actorName: 'Fredrik Isaksson', ownerLabel: 'Jessica Kowalski' })
  assert.is(sentenceParts.map(({ text }: { text: string }) => text).join(''), sentence)
})

it('shows with an entry what stands at the top of its act, whether the database took it along or a program deleted it first', async ({ running, fredrik, database }) => {
  const { data } = await running.graphql(fredrik, '{ events(first: 200, orderBy: OCCURRED_AT_ASC) { nodes { id rootId root { id objectLabel root { id } } } } }')
  const { rows } = await database.superuser.query<{ id: string; root_id: string | null; label: string | null }>(`
    select e.id::text, audit.root_of(e)::text as root_id, top.object_label as label from audit.event e left join audit.event top on top.id = audit.root_of(e) where e.company_id = '1' order by e.occurred_at, e.id limit 200`)
  type Node = { id: string; rootId: string | null; root: { id: string; objectLabel: string; root: null } | null }
  const nodes: Node[] = data?.['events'].nodes
  assert.equal(nodes.map(({ id, rootId, root }) => [id, rootId, root?.id ?? null, root?.objectLabel ?? null]), rows.map(({ id, root_id: root, label }) => [id, root, root, label]))
  const below = nodes.filter(({ root }) => root !== null)
  assert.ok(below.length > 10 && below.length < nodes.length, `${below.length} of ${nodes.length}`)
  assert.ok(below.every(({ root }) => root?.root === null))
  const { rows: [joined] } = await database.superuser.query<{ id: string }>(`select id::text from audit.event where company_id = '1' and root_id is null and audit.root_of(event) is not null limit 1`)
  assert.ok(nodes.some(({ id, root }) => id === joined?.id && root !== null), 'one that a program deleted first')
})

it('shows nothing to whoever is no administrator, is one elsewhere, or whose company has no add-on, and says why [case 140, 155]', async ({ running, fredrik, jessica, sean, karin, database }) => {
  const strangers: Array<[Person | null, string]> = [
    [null, 'not_signed_in'], [jessica, 'not_administrator'], [{ ...sean, companyId: fredrik.companyId }, 'not_administrator'],
    [{ ...fredrik, companyId: sean.companyId }, 'not_administrator'], [karin, 'add_on_missing'], [{ ...fredrik, companyId: '99' }, 'company_unknown'],
  ]
  const { rows: [{ id }] } = await database.superuser.query('select min(id)::text as id from audit.event')
  for (const [person, access] of strangers) {
    const { data } = await running.graphql(person, `{ viewer { access } events { totalCount nodes { id } } event(id: "${id}") { id } }`)
    assert.equal(data, { viewer: { access }, events: { totalCount: 0, nodes: [] }, event: null }, access)
  }
})

it('gives an administrator of another company the same answer as for an entry that does not exist [case 143]', async ({ running, fredrik, sean, database }) => {
  const { rows: [{ id }] } = await database.superuser.query(`select min(id)::text as id from audit.event where company_id = '1'`)
  const own = await running.graphql(fredrik, `{ event(id: "${id}") { id } }`)
  assert.equal(own.data, { event: { id } })
  assert.equal(await running.graphql(sean, `{ event(id: "${id}") { id } }`), await running.graphql(sean, '{ event(id: "999999999") { id } }'))
})

it('takes neither role nor company nor settings from further claims of a token [case 150, 163]', async ({ running, jessica }) => {
  const token = await tokenFor(jessica, { role: 'postgres', 'audit.company_id': '2', company_id: '2', statement_timeout: '0', search_path: 'pg_temp', admin: true })
  const response = await running.fetch(null, '/graphql', { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, 'x-company-id': '2' }, body: JSON.stringify({ query: all }) })
  assert.equal(await response.json(), { data: { viewer: { access: 'not_administrator' }, events: { totalCount: 0, nodes: [] } } })
})

it('pages by key through everything once, forwards and backwards', async ({ running, fredrik, database }) => {
  const { rows } = await database.superuser.query(`select id::text from audit.event where company_id = '1' order by occurred_at desc, id desc`)
  const expected = rows.map(({ id }) => id)
  assert.ok(expected.length > 60)
  const query = (args: string) => `{ events(${args}) { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } nodes { id } } }`
  const seen: string[] = []
  let after = ''
  for (;;) {
    const { data } = await running.graphql(fredrik, query(`first: 20${after}`))
    const { nodes, pageInfo, totalCount } = data?.['events']
    seen.push(...nodes.map(({ id }: { id: string }) => id))
    assert.is(totalCount, expected.length)
    if (!pageInfo.hasNextPage) {
      const { data: back } = await running.graphql(fredrik, query(`last: 5, before: "${pageInfo.startCursor}"`))
      assert.equal(back?.['events'].nodes.map(({ id }: { id: string }) => id), expected.slice(expected.indexOf(nodes[0].id) - 5, expected.indexOf(nodes[0].id)))
      break
    }
    after = `, after: "${pageInfo.endCursor}"`
  }
  assert.equal(seen, expected)
  const { data: oldest } = await running.graphql(fredrik, query('orderBy: OCCURRED_AT_ASC'))
  assert.equal(oldest?.['events'].nodes.map(({ id }: { id: string }) => id), expected.toReversed().slice(0, 25))
})

it('counts and lists by the same filter as SQL', async ({ running, fredrik, database }) => {
  const { rows: [{ now, acme, last }] } = await database.superuser.query(`select to_json(now()) #>> '{}' as now, (select min(id)::text from audit.event where action = 'customer.deleted' and company_id = '1') as acme,
    (select to_json(max(occurred_at) at time zone 'UTC') #>> '{}' || 'Z' from audit.event where company_id = '1') as last`)
  const cases: Array<[string, string]> = [
    ['actions: ["cv.deleted", "role.deleted"]', `action in ('cv.deleted', 'role.deleted')`],
    ['notActions: ["cv.deleted"]', `action <> 'cv.deleted'`],
    ['sources: ["app"]', `source = 'app'`],
    ['notSources: ["app"]', `source <> 'app'`],
    ['rootsOnly: true', 'audit.root_of(event) is null'],
    [`act: "${acme}"`, `coalesce(audit.root_of(event), id) = ${acme}`],
    [`to: "${now}"`, 'true'],
    [`from: "${now}"`, 'false'],
    [`from: "${last}"`, `occurred_at >= '${last}'`],
    [`to: "${last}"`, `occurred_at < '${last}'`],
    ['query: "ö -kowalski"', `concat_ws(' ', object_label, owner_label, actor_name) ilike '%ö%' and concat_ws(' ', object_label, owner_label, actor_name) not ilike '%kowalski%'`],
    ['query: "%"', `concat_ws(' ', object_label, owner_label, actor_name) like '%\\%%'`],
    ['query: "_"', `concat_ws(' ', object_label, owner_label, actor_name) like '%\\_%'`],
    ['objectKind: "contact", ownerKind: "customer"', `object_kind = 'contact' and owner_kind = 'customer'`],
  ]
  for (const [filter, condition] of cases) {
    const { rows } = await database.superuser.query(`select id::text from audit.event where company_id = '1' and ${condition} order by occurred_at desc, id desc`)
    const { data } = await running.graphql(fredrik, `{ events(first: 200, filter: { ${filter} }) { totalCount nodes { id } } }`)
    assert.equal(data, { events: { totalCount: rows.length, nodes: rows.slice(0, 200) } }, filter)
  }
})

it('names what is wrong with a filter or a page instead of answering something else', async ({ running, fredrik }) => {
  const wrong: Array<[string, string]> = [
    ['{ events(filter: { actions: ["cv.delete"] }) { totalCount } }', 'BAD_FILTER'],
    ['{ events(filter: { from: "2026-02-30T00:00:00Z" }) { totalCount } }', 'BAD_FILTER'],
    ['{ events(first: 201) { nodes { id } } }', 'BAD_PAGE'],
    ['{ events(first: -1) { nodes { id } } }', 'BAD_PAGE'],
    ['{ events(first: 1, last: 1) { nodes { id } } }', 'BAD_PAGE'],
    ['{ events(after: "nonsense") { nodes { id } } }', 'BAD_PAGE'],
  ]
  for (const [query, code] of wrong) {
    const { data, errors } = await running.graphql(fredrik, query)
    assert.equal(data, { events: null }, query)
    assert.is(errors?.[0]?.extensions?.['code'], code, query)
  }
  const { errors } = await running.graphql(fredrik, 'query ($f: EventFilter) { events(filter: $f) { totalCount } }', { f: { colour: 'red' } })
  assert.match(errors?.[0]?.message ?? '', /"colour" is not defined/)
})

it('says that the database is gone, and is back by itself', async ({ running, fredrik, database }) => {
  await database.superuser.query(`alter database ${database.name} connection limit 0`)
  await database.superuser.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`)
  const { errors } = await running.graphql(fredrik, all)
  const ready = await running.fetch(null, '/readyz')
  await database.superuser.query(`alter database ${database.name} connection limit -1`)
  assert.is(errors?.[0]?.extensions?.['code'], 'DATABASE_UNAVAILABLE')
  assert.is(ready.status, 503)
  assert.is(ready.headers.get('retry-after'), '5')
  assert.is((await running.graphql(fredrik, all)).errors, undefined)
  assert.is((await running.fetch(null, '/readyz')).status, 200)
})

it.run()
