import { execFile, spawnSync } from 'node:child_process'
import pg from 'pg'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { letsActsThrough, readFilter, toInput } from '../../admin-ui/src/filter/event-filter.ts'
import { filterFaults } from '../../admin-ui/src/filter/filter-faults.ts'
import { serverSuite, type ServerContext } from './server-suite.ts'
import { tokenFor } from './running-server.ts'

const it = serverSuite('The same question, four ways')

const question = z.object({
  address: z.string().nullable(), graphql: z.object({ query: z.string(), variables: z.record(z.string(), z.unknown()) }), curl: z.string(), sql: z.string(),
})
const answer = z.object({ events: z.object({ nodes: z.array(z.object({ id: z.string() })) }) })

it.before(async ({ database, fredrik }) => {
  await database.superuser.query(`
    set role audit_owner;
    insert into audit.event (occurred_at, company_id, actor_id, actor_name, actor_status, action, object_kind, object_id, object_label, owner_kind, owner_id, owner_label, source, request_id, db_user)
    select '2026-03-01T00:00:00Z'::timestamptz + n * interval '7 hours 1 microsecond', '${fredrik.companyId}', (n % 7)::text, (array['O''Brien & "Söner"', 'Åke Öhman', '$TOKEN \`id\` \\\\'])[1 + n % 3], 'asserted',
           (array['cv.deleted', 'customer.deleted', 'contact.deleted'])[1 + n % 3], (array['cv', 'customer', 'contact'])[1 + n % 3], n::text, 'Thing ' || n || E' 100 % it''s \\n x', 'customer', '42', 'Acme', (array['app', 'api', 'sql'])[1 + n % 3], 'r-' || n % 2, 'test'
      from generate_series(1, 200) n;
    reset role`)
  // Acts of several entries, of which the screens show one line: the newest of the list.
  await database.superuser.query(`delete from app.customer where id in (select customer_id from app.contact where company_id = 1 order by id limit 3)`)
  await database.superuser.query(`begin; select audit.act_as('3', 'Somebody', 'api'); delete from app.customer where id = (select min(id) from app.customer where company_id = 1); commit`)
})

const states: readonly [what: string, parameters: string][] = [
  ['everything', ''],
  ['actions and sources', 'action=cv.deleted&action=customer.deleted&notSource=sql&first=200'],
  ['a period of instants', 'from=2026-03-05T10:00:00.000005%2B02:00&to=2026-04-01T00:00:00Z&first=100'],
  ['an open period', 'from=2026-04-01T00:00:00Z'],
  ['days', 'fromDay=2026-03-03&toDay=2026-03-20&first=200'],
  ['a search with quotes', `q=${encodeURIComponent(`o'brien "100 % it's" -åke`)}&first=200`],
  ['a search that a shell would run', `q=${encodeURIComponent('"$token `id` \\"')}&first=50`],
  ['a person', 'actorId=3'],
  ['an object', 'objectKind=cv&objectId=3'],
  ['acts as a whole', 'rootsOnly=true'],
  ['each entry, said in so many words', 'rootsOnly=false'],
  ['acts of one source and person', 'rootsOnly=true&source=api&actorId=3'],
  ['each entry of one source', 'source=api'],
  ['acts of a period', 'rootsOnly=true&from=2026-03-05T10:00:00Z'],
  ['each entry of a period of days in another zone that the screens have', 'fromDay=2026-03-05&toDay=2026-04-04&timeZone=UTC&first=200'],
  ['days in the zone of the company, named', 'fromDay=2026-03-05&timeZone=Europe/Stockholm'],
  ['a zone without days', 'timeZone=Asia/Kolkata'],
  ['until a day', 'toDay=2026-03-20'],
  ['the end of a day by a second that only some clocks have', 'from=2026-03-01T23:59:60Z&to=2026-04-01T00:00:00Z'],
  ['years that other clocks are in', 'from=0001-01-01T00:00:00-01:00&to=9999-12-31T23:59:59%2B01:00&first=200'],
  ['an owner, a kind and a request', 'ownerKind=customer&ownerId=42&objectKind=contact&requestId=r-1'],
]

for (const [what, parameters] of states) {
  it(`${what}: address, GraphQL, curl and SQL give the same entries`, async (context) => {
    const { running, fredrik, database } = context
    const asked = question.parse(await (await running.fetch(fredrik, `/question?${parameters}`)).json())
    const [byGraphql, byAddress, byCurl, bySql] = [await throughGraphql(context, asked.graphql), await throughAddress(context, asked.address, asked.graphql.variables['first']), await throughCurl(context, asked.curl), await throughSql(context, asked.sql)]
    assert.ok(byGraphql.length > 0, 'nothing was found')
    assert.equal(byAddress, byGraphql, asked.address ?? '')
    if (byCurl !== null) assert.equal(byCurl, byGraphql, asked.curl)
    assert.equal(bySql, byGraphql, asked.sql)
    assert.ok(asked.sql.endsWith(';') && database.name !== '')
  })
}

it('the entries of one act: address, GraphQL, curl and SQL give the same', async (context) => {
  const { rows: [{ act }] } = await context.database.superuser.query('select root_id::text as act from audit.event where root_id is not null order by id desc limit 1')
  const asked = question.parse(await (await context.running.fetch(context.fredrik, `/question?act=${act}`)).json())
  const byGraphql = await throughGraphql(context, asked.graphql)
  assert.ok(byGraphql.length > 1)
  assert.equal(await throughAddress(context, asked.address, 25), byGraphql)
  assert.equal(await throughSql(context, asked.sql), byGraphql)
})

it('the plain list of the screens has the plain address, and one line for each entry says so', async ({ running, fredrik }) => {
  const addressOf = async (parameters: string) => question.parse(await (await running.fetch(fredrik, `/question?${parameters}`)).json()).address
  assert.is(await addressOf('rootsOnly=true'), `${running.url}/company/audit-log`)
  assert.is(await addressOf(''), `${running.url}/company/audit-log?entries=each`)
  assert.is(await addressOf('action=cv.deleted'), `${running.url}/company/audit-log?action=cv.deleted`)
  assert.is(await addressOf('from=2026-03-01T23:59:60Z&to=2026-03-05T00:00:00.000120%2B01:00&rootsOnly=true'), `${running.url}/company/audit-log?from=2026-03-02T00%3A00%3A00Z&to=2026-03-04T23%3A00%3A00.00012Z`)
})

const unshown: readonly [what: string, parameters: string][] = [
  ['acts as a whole of an action, a search or a thing, where the screens show each entry', 'rootsOnly=true&action=cv.deleted'],
  ['acts as a whole that match a search', 'rootsOnly=true&q=thing'],
  ['acts as a whole of an owner', 'rootsOnly=true&ownerKind=customer&ownerId=42'],
  ['days in a zone that the screens do not have', 'fromDay=2026-03-05&timeZone=Asia/Kolkata'],
  ['an instant and a day', 'from=2026-03-05T10:00:00Z&toDay=2026-03-20'],
  ['a day and an instant', 'fromDay=2026-03-05&to=2026-03-20T10:00:00Z'],
  ['a period that is shorter than the screens can tell', 'from=2026-03-05T10:00:00.000001Z&to=2026-03-05T10:00:00.000002Z'],
  ['an end in a year of five digits', 'to=9999-12-31T23:59:59-01:00'],
  ['a beginning before the first year', 'from=0001-01-01T00:00:00%2B01:00'],
  ['the last day of all, which bounds nothing on the screens', 'toDay=9999-12-31'],
  ['the first day of all', 'fromDay=0001-01-01'],
  ['an object without its kind', 'objectId=3'],
  ['the kind of an owner', 'ownerKind=customer'],
  ['a search with spaces around it', 'q=+thing+'],
]

for (const [what, parameters] of unshown) {
  it(`${what}: has no address, and the same entries in the other three`, async (context) => {
    const asked = question.parse(await (await context.running.fetch(context.fredrik, `/question?${parameters}`)).json())
    assert.is(asked.address, null)
    const byGraphql = await throughGraphql(context, asked.graphql)
    assert.equal(await throughSql(context, asked.sql), byGraphql)
    const byCurl = await throughCurl(context, asked.curl)
    if (byCurl !== null) assert.equal(byCurl, byGraphql)
  })
}

it('oldest first has no address, and the same entries in the other three', async (context) => {
  const { running, fredrik } = context
  const asked = question.parse(await (await running.fetch(fredrik, '/question?order=asc&first=10&action=cv.deleted')).json())
  assert.is(asked.address, null)
  const byGraphql = await throughGraphql(context, asked.graphql)
  assert.is(byGraphql.length, 10)
  assert.equal(await throughSql(context, asked.sql), byGraphql)
  const byCurl = await throughCurl(context, asked.curl)
  if (byCurl !== null) assert.equal(byCurl, byGraphql)
})

it('refuses a filter that is none, a strange order, a page that is too large, and whoever may not read', async ({ running, fredrik }) => {
  const refused = async (parameters: string): Promise<unknown> => {
    const response = await running.fetch(fredrik, `/question?${parameters}`)
    return [response.status, z.object({ error: z.object({ code: z.string() }) }).parse(await response.json()).error.code]
  }
  assert.equal(await refused('action=cv.burned'), [400, 'BAD_FILTER'])
  assert.equal(await refused('colour=red'), [400, 'BAD_FILTER'])
  assert.equal(await refused('order=random'), [400, 'BAD_PARAMETER'])
  assert.equal(await refused('first=201'), [400, 'BAD_PARAMETER'])
  assert.equal(await refused('first=1&first=2'), [400, 'BAD_PARAMETER'])
  assert.is((await running.fetch(null, '/question')).status, 401)
  const jessica = await running.person('jessica.kowalski@nordljus.example')
  assert.is((await running.fetch(jessica, '/question')).status, 403)
})

it('the SQL of one company names that company, whatever a filter says', async ({ running, fredrik }) => {
  const { sql } = question.parse(await (await running.fetch(fredrik, '/question')).json())
  assert.ok(sql.includes(`"companyId":"${fredrik.companyId}"`))
  assert.is((await running.fetch(fredrik, '/question?companyId=2')).status, 400)
})

async function throughGraphql({ running, fredrik }: ServerContext, { query, variables }: z.infer<typeof question>['graphql']): Promise<string[]> {
  const { data, errors } = await running.graphql(fredrik, query, variables)
  assert.is(errors, undefined, JSON.stringify(errors))
  return answer.parse(data).events.nodes.map(({ id }) => id)
}

/** As the page reads the address, and asks for what it says. */
async function throughAddress(context: ServerContext, address: string | null, first: unknown): Promise<string[]> {
  assert.ok(address?.startsWith(`${context.running.url}/company/audit-log`), String(address))
  const filter = listInput(new URL(address ?? '').searchParams)
  return throughGraphql(context, { query: 'query ($filter: EventFilter, $first: Int) { events(filter: $filter, first: $first) { nodes { id } } }', variables: { filter, first } })
}

/** What the list of the page asks at an address: `listInput` of useQuestion. That one is a hook; test/admin-ui/screens-and-server looks at what it sends. */
function listInput(address: URLSearchParams): unknown {
  assert.equal(filterFaults(address), [], String(address))
  const filter = readFilter(address)
  const input = toInput(filter, address.get('zone') === 'utc' ? 'UTC' : 'Europe/Stockholm', '2026-11-23')
  return address.get('entries') !== 'each' && letsActsThrough(filter) ? { ...input, rootsOnly: true } : input
}

/** By a shell; null on a machine without curl. */
async function throughCurl({ fredrik }: ServerContext, command: string): Promise<string[] | null> {
  const token = await tokenFor(fredrik)
  if (spawnSync('curl', ['--version']).error !== undefined) return null
  const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>((resolve) => {
    // Not spawnSync: the server that answers runs in this process.
    execFile('sh', ['-c', command], { env: { ...process.env, TOKEN: token } }, (_error, out, err) => resolve({ stdout: out, stderr: err }))
  })
  assert.is(stderr, '')
  return z.object({ data: answer }).parse(JSON.parse(stdout)).data.events.nodes.map(({ id }) => id)
}

/** As psql sends it, by a member of audit_dba. */
async function throughSql({ database }: ServerContext, sql: string): Promise<string[]> {
  const dba = new pg.Client({ connectionString: database.url('audit_reader') })
  await dba.connect()
  try {
    const { rows } = await dba.query(sql)
    return rows.map((row) => z.object({ id: z.string() }).parse(row).id)
  } finally {
    await dba.end()
  }
}

it.run()
