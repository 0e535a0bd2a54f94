import { execFile, spawnSync } from 'node:child_process'
import pg from 'pg'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { readFilter, toInput } from '../../admin-ui/src/filter/event-filter.ts'
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

/** As the screens read the address, and ask for what it says. */
async function throughAddress(context: ServerContext, address: string | null, first: unknown): Promise<string[]> {
  assert.ok(address?.startsWith(`${context.running.url}/company/audit-log`), String(address))
  const filter = toInput(readFilter(new URL(address ?? '').searchParams), 'Europe/Stockholm', '2026-11-23')
  return throughGraphql(context, { query: 'query ($filter: EventFilter, $first: Int) { events(filter: $filter, first: $first) { nodes { id } } }', variables: { filter, first } })
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
