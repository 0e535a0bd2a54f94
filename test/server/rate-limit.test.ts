import * as assert from 'uvu/assert'
import type { Config } from '../../server/config.ts'
import { startServer, tokenFor, type Person, type RunningServer } from './running-server.ts'
import { serverSuite } from './server-suite.ts'

const it = serverSuite('How much a person and a company may ask for')
const json = { 'content-type': 'application/json' }

it('is limited for lists, searches, exports and sign-ins of a person, with the seconds to wait', async ({ database, fredrik }) => {
  const list = { query: '{ events(first: 1) { nodes { id } } }' }
  const search = { query: 'query ($f: EventFilter) { events(first: 1, filter: $f) { nodes { id } } }', variables: { f: { query: 'x' } } }
  const graphql = (body: unknown) => (server: RunningServer, person: Person) => server.fetch(person, '/graphql', { method: 'POST', headers: json, body: JSON.stringify(body) })
  const cases: [string, Partial<Config>, (server: RunningServer, person: Person) => Promise<Response>][] = [
    ['lists', { readsPerMinute: 2 }, graphql(list)],
    ['searches', { searchesPerMinute: 2 }, graphql(search)],
    ['exports', { exportsPerMinute: 2 }, (server, person) => server.fetch(person, '/export/events.csv?source=sql')],
    ['reports of exports', { exportsPerMinute: 2 }, (server, person) => server.fetch(person, '/exports', { method: 'POST', headers: json, body: '{"kind":"customers"}' })],
    ['the state of the recording', { readsPerMinute: 2 }, (server, person) => server.fetch(person, '/recording')],
    ['saved views', { readsPerMinute: 2 }, (server, person) => server.fetch(person, '/views')],
  ]
  for (const [what, limits, send] of cases) {
    const server = await startServer(database, limits)
    try {
      for (let n = 0; n < 2; n += 1) assert.ok((await drained(await send(server, fredrik))).status < 300, what)
      const before = server.connections()
      const refused = await send(server, fredrik)
      assert.is(refused.status, 429, what)
      const wait = Number(refused.headers.get('retry-after'))
      assert.ok(wait >= 1 && wait <= 60, `${what}: ${wait}`)
      assert.is((await refused.json()).error.code, 'TOO_MANY_REQUESTS')
      assert.ok(server.connections() - before <= 1, 'a refused request asks for no connection, but for a reading that still waits')
      assert.ok((await drained(await send(server, { ...fredrik, id: 'another person' }))).status !== 429, `${what}: another person goes on`)
    } finally {
      await server.close()
    }
  }
})

it('is limited for searches apart from lists', async ({ database, fredrik }) => {
  const server = await startServer(database, { searchesPerMinute: 1 })
  try {
    const search = () => server.fetch(fredrik, '/graphql', { method: 'POST', headers: json, body: JSON.stringify({ query: '{ events(filter: { query: "x" }) { nodes { id } } }' }) })
    assert.equal([(await drained(await search())).status, (await drained(await search())).status], [200, 429])
    assert.is((await server.graphql(fredrik, '{ events { nodes { id } } }')).errors, undefined)
  } finally {
    await server.close()
  }
})

it('is limited for a company: five times what one person may', async ({ database, fredrik }) => {
  const server = await startServer(database, { readsPerMinute: 2 })
  try {
    const statuses: number[] = []
    for (let n = 0; n < 12; n += 1) statuses.push((await drained(await server.fetch({ ...fredrik, id: `person ${n}` }, '/recording'))).status)
    assert.equal(statuses, [...Array.from({ length: 10 }, () => 403), 429, 429])
    assert.is((await drained(await server.fetch({ ...fredrik, companyId: 'another' }, '/recording'))).status, 403)
  } finally {
    await server.close()
  }
})

it('is limited for sign-ins of one person from many addresses', async ({ database, fredrik }) => {
  const server = await startServer(database, { signInsPerMinute: 2, trustProxy: 1 })
  try {
    const statuses: number[] = []
    for (let n = 0; n < 4; n += 1) {
      const response = await server.fetch(null, '/session', { method: 'POST', headers: { ...json, 'x-forwarded-for': `10.0.0.${n}` }, body: JSON.stringify({ token: await tokenFor(fredrik) }) })
      statuses.push(response.status)
    }
    assert.equal(statuses, [204, 204, 429, 429])
  } finally {
    await server.close()
  }
})

it('is counted by the address that a trusted proxy names, and by no other', async ({ database }) => {
  for (const [trustProxy, expected] of [[1, [404, 404, 404]], [false, [404, 404, 429]]] as const) {
    const server = await startServer(database, { requestsPerMinute: 2, trustProxy })
    try {
      const statuses: number[] = []
      for (let n = 0; n < 3; n += 1) statuses.push((await drained(await server.fetch(null, '/nowhere', { headers: { 'x-forwarded-for': `10.0.0.${n}` } }))).status)
      assert.equal(statuses, [...expected])
    } finally {
      await server.close()
    }
  }
})

it('says once in the log, and nowhere else, that a proxy is in front which is not trusted', async ({ database }) => {
  const printed: unknown[] = []
  const { warn, error } = console
  Object.assign(console, { warn: (...line: unknown[]) => printed.push(line), error: (...line: unknown[]) => printed.push(line) })
  const server = await startServer(database, { trustProxy: false })
  try {
    for (let n = 0; n < 3; n += 1) await drained(await server.fetch(null, '/nowhere', { headers: { 'x-forwarded-for': `10.0.0.${n}` } }))
    assert.equal(printed, [])
    const lines = server.log().split('\n').filter((line) => line.includes('TRUST_PROXY'))
    assert.is(lines.length, 1)
    assert.match(lines[0] ?? '', /"level":50.*X-Forwarded-For/)
  } finally {
    Object.assign(console, { warn, error })
    await server.close()
  }
})

async function drained(response: Response): Promise<Response> {
  await response.text()
  return response
}

it.run()
