import { readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { builtScreens } from '../../server/screens.ts'
import { startServer, tokenFor } from './running-server.ts'
import { serverSuite } from './server-suite.ts'

const it = serverSuite('What the audit server refuses')

const json = { 'content-type': 'application/json' }
const body = JSON.stringify({ query: '{ __typename }' })

/** Sends a path exactly as it is written, which fetch would tidy up. */
function rawStatus(url: string, path: string, headers: Record<string, string> = {}): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url)
    request({ hostname, port, path, headers }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).on('error', reject).end()
  })
}

/** Every path at which server/app.ts mounts something, as it stands there. */
const mounts = [...readFileSync(new URL('../../server/app.ts', import.meta.url), 'utf8').matchAll(/\bapp\.(?:use|get)\('(\/[\w-]+)'/g)].map(([, path]) => path ?? '')

it('protects every answer by the same headers, at every address and in every error [case 183]', async ({ running, fredrik, database }) => {
  assert.ok(mounts.length >= 10, mounts.join())
  const [asset = ''] = readdirSync(`${builtScreens}/assets`).filter((name) => name.endsWith('.js'))
  const strict = await startServer(database, { requestsPerMinute: 3, metrics: { access: 'local', own: null } })
  const post = { method: 'POST', headers: json, body }
  try {
    const answers = [
      ...await Promise.all([...mounts, '/graphql', '/', '/company/audit-log', `/assets/${asset}`, '/assets/none.js', '/export/events.csv', '/nowhere'].flatMap((path) => [
        running.fetch(null, path), running.fetch(fredrik, path), running.fetch(fredrik, path, post), running.fetch(fredrik, path, { method: 'PROPFIND' }), running.fetch(null, path, { headers: { accept: 'text/html' } }),
      ])),
      await running.fetch(null, '/graphql', { ...post, body: '{' }), await running.fetch(null, '/graphql', { ...post, headers: {} }), await running.fetch(null, '/graphql', { ...post, body: JSON.stringify({ query: ' '.repeat(70_000) }) }),
      await running.fetch(null, `/${'a'.repeat(9_000)}`), await running.fetch(fredrik, '/session', { method: 'DELETE' }), await running.fetch(null, '/session', { ...post, headers: { ...json, origin: 'https://evil.example' } }),
      await strict.fetch(null, '/metrics'), ...await Promise.all(Array.from({ length: 4 }, () => strict.fetch(null, '/nowhere'))),
    ]
    for (const { url, status, headers } of answers) {
      const where = `${url.slice(0, 100)} ${status}`
      const policy = headers.get('content-security-policy') ?? ''
      assert.match(policy, /default-src 'none';script-src 'self';/, where)
      assert.match(policy, /frame-ancestors 'none'/, where)
      assert.is(headers.get('x-content-type-options'), 'nosniff', where)
      assert.is(headers.get('x-frame-options'), 'DENY', where)
      assert.is(headers.get('referrer-policy'), 'same-origin', where)
      assert.match(headers.get('strict-transport-security') ?? '', /max-age=\d{8}/, where)
      assert.is(headers.get('x-powered-by'), null, where)
      assert.is(headers.get('access-control-allow-origin'), null, where)
    }
    const met = new Set(answers.map(({ status }) => status))
    assert.equal([200, 204, 400, 401, 403, 404, 405, 413, 414, 415, 429].filter((status) => !met.has(status)), [])
    await Promise.all(answers.map((answer) => answer.body?.cancel()))
  } finally {
    await strict.close()
  }
})

it('answers GraphQL only to one JSON operation of its own pages or of programs [case 168, 170]', async ({ running }) => {
  const wrong: Array<[number, string, RequestInit]> = [
    [405, 'METHOD_NOT_ALLOWED', { method: 'GET' }],
    [405, 'METHOD_NOT_ALLOWED', { method: 'OPTIONS', headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' } }],
    [415, 'UNSUPPORTED_TYPE', { method: 'POST', headers: { 'content-type': 'text/plain' }, body }],
    [415, 'UNSUPPORTED_TYPE', { method: 'POST', headers: { 'content-type': 'application/graphql' }, body: '{ __typename }' }],
    [415, 'UNSUPPORTED_TYPE', { method: 'POST', body: new URLSearchParams({ query: '{ __typename }' }) }],
    [415, 'UNSUPPORTED_TYPE', { method: 'POST', body: (() => { const form = new FormData(); form.set('query', '{ __typename }'); return form })() }],
    [415, 'UNSUPPORTED_ENCODING', { method: 'POST', headers: { ...json, 'content-encoding': 'gzip' }, body }],
    [403, 'FOREIGN_ORIGIN', { method: 'POST', headers: { ...json, origin: 'https://evil.example' }, body }],
    [403, 'FOREIGN_ORIGIN', { method: 'POST', headers: { ...json, 'sec-fetch-site': 'same-site' }, body }],
    // No browser says both: whoever does has not told the truth about one of them.
    [403, 'FOREIGN_ORIGIN', { method: 'POST', headers: { ...json, 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' }, body }],
    [403, 'FOREIGN_ORIGIN', { method: 'POST', headers: { ...json, 'sec-fetch-site': 'none', origin: 'null' }, body }],
    [400, 'BATCH_REFUSED', { method: 'POST', headers: json, body: `[${body}]` }],
    [400, 'BAD_REQUEST', { method: 'POST', headers: json, body: '{' }],
    [413, 'TOO_LARGE', { method: 'POST', headers: json, body: JSON.stringify({ query: ' '.repeat(70_000) }) }],
  ]
  for (const [status, code, init] of wrong) {
    const response = await running.fetch(null, '/graphql', init)
    assert.is(response.status, status, code)
    const { error } = await response.json()
    assert.is(error.code, code)
    assert.match(error.id, /^[0-9a-f-]{36}$/)
  }
  // A proxy that is not believed may have put its own name into Host: then the word of the browser counts.
  const behind = { 'sec-fetch-site': 'same-origin', origin: 'https://audit.example', 'x-forwarded-for': '203.0.113.9' }
  for (const headers of [{ origin: running.url }, { origin: running.url, 'sec-fetch-site': 'same-origin' }, behind]) {
    const own = await running.fetch(null, '/graphql', { method: 'POST', headers: { ...json, ...headers }, body })
    assert.equal(await own.json(), { data: { __typename: 'Query' } })
  }
})

it('does not tell its schema, not even by suggestions [case 164]', async ({ running, database }) => {
  for (const query of ['{ __schema { types { name } } }', '{ __type(name: "Event") { name } }', '{ evnts { totalCount } }', '{ events { nodes { sentenc } } }']) {
    const { errors } = await running.graphql(null, query)
    assert.ok(errors?.length, query)
    assert.not.match(JSON.stringify(errors), /Did you mean/)
  }
  assert.is((await running.fetch(null, '/graphiql')).status, 404)
  const development = await startServer(database, { introspection: true })
  try {
    assert.equal((await development.graphql(null, '{ __schema { mutationType { name } } }')).data, { __schema: { mutationType: null } })
  } finally {
    await development.close()
  }
})

it('changes nothing and offers no subscription [case 173, 174]', async ({ running, fredrik }) => {
  for (const query of ['mutation { deleteEvent(id: "1") { id } }', 'subscription { events { id } }']) {
    const { data, errors } = await running.graphql(fredrik, query)
    assert.is(data ?? null, null)
    assert.ok(errors?.some(({ extensions }) => extensions?.['code'] === 'READ_ONLY'))
  }
  assert.is(await rawStatus(running.url, '/graphql', { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-key': 'x', 'sec-websocket-version': '13' }), 405)
})

it('refuses documents that ask for too much', async ({ running, fredrik }) => {
  const aliases = Array.from({ length: 300 }, (_, index) => `a${index}: events { totalCount }`).join(' ')
  const inFragment = `query { ...F } fragment F on Query { ${aliases} }`
  const fields = `{ events { nodes { ${Array.from({ length: 300 }, (_, index) => `s${index}: sentence`).join(' ')} } } }`
  const few = `{ ${Array.from({ length: 7 }, (_, index) => `v${index}: viewer { access }`).join(' ')} }`
  for (const query of [`{ ${aliases} }`, inFragment, fields, few]) {
    const { errors } = await running.graphql(fredrik, query)
    assert.is(errors?.[0]?.extensions?.['code'], 'DOCUMENT_TOO_LARGE')
  }
})

it('says what was wrong as a page, without running it', async ({ running, fredrik }) => {
  const response = await running.fetch(fredrik, `/export/events.csv?locale=${encodeURIComponent('<script>alert(1)</script>')}`, { headers: { accept: 'text/html' } })
  assert.is(response.status, 400)
  assert.match(response.headers.get('content-type') ?? '', /^text\/html/)
  const page = await response.text()
  assert.match(page, 'alert(1)')
  assert.not.match(page, '<script')
  assert.match(page, 'href="/company/audit-log"', 'it leads back to the log')
})

it('lets nobody keep an answer, whatever was asked and however it ended, but the files of the screens', async ({ running, fredrik }) => {
  const json = { 'content-type': 'application/json' }
  const graphql = (query: string, headers = {}) => running.fetch(fredrik, '/graphql', { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify({ query }) })
  const asked: Array<readonly [number, Promise<Response>]> = [
    [200, graphql('{ viewer { access } }')], [400, graphql('{ events(first: 0) { nodes { id } } }')], [406, graphql('{ viewer { access } }', { accept: 'text/plain' })],
    [201, running.fetch(fredrik, '/exports', { method: 'POST', headers: json, body: '{"kind":"projects"}' })], [204, running.fetch(fredrik, '/views/mine', { method: 'PUT', headers: json, body: '{"query":""}' })],
    [204, running.fetch(fredrik, '/views/mine', { method: 'DELETE' })], [200, running.fetch(fredrik, '/views')], [200, running.fetch(fredrik, '/recording')], [200, running.fetch(fredrik, '/question')],
    [200, running.fetch(null, '/livez')], [200, running.fetch(null, '/readyz')], [404, running.fetch(null, '/livez', { method: 'OPTIONS' })], [405, running.fetch(fredrik, '/views/mine', { method: 'OPTIONS' })], [405, running.fetch(fredrik, '/graphql', { method: 'OPTIONS' })],
    [204, running.fetch(null, '/session', { method: 'DELETE' })], [404, running.fetch(null, '/nothing')],
  ]
  for (const [status, answer] of asked) {
    const { url, headers, status: found } = await answer
    assert.equal([found, headers.get('cache-control')], [status, 'no-store'], url)
  }
  const script = readdirSync(`${builtScreens}/assets`).find((name) => name.endsWith('.js'))
  assert.match((await running.fetch(null, `/assets/${script}`)).headers.get('cache-control') ?? '', 'immutable')
  assert.is((await running.fetch(null, '/company/audit-log')).headers.get('cache-control'), 'no-cache')
})

it('says of a body that cannot be read where, and in which form it can', async ({ running, fredrik }) => {
  const send = async (path: string, body: string, type = 'application/json') => {
    const response = await running.fetch(fredrik, path, { method: 'POST', headers: { 'content-type': type }, body })
    const { error } = z.object({ error: z.object({ code: z.string(), message: z.string(), detail: z.string().optional(), hint: z.string().optional() }) }).parse(await response.json())
    return [response.status, error.code, error.message, error.detail ?? error.hint]
  }
  for (const path of ['/graphql', '/exports', '/session']) {
    assert.equal(await send(path, '{"kind":\n canary}'), [400, 'BAD_REQUEST', 'The body is not JSON.', 'Send one JSON object, with each name and each text in double quotes.'], path)
    assert.equal(await send(path, '{"kind":"projects"'), [400, 'BAD_REQUEST', 'The body is not JSON.', 'It stops being JSON at position 18 (line 1 column 19).'], path)
    assert.equal(await send(path, '{}', 'application/json; charset=latin1'), [415, 'UNSUPPORTED_TYPE', 'A body in the charset latin1 is not read.', 'Send it in UTF-8.'], path)
  }
  assert.equal(await send('/session', JSON.stringify({ token: 'x'.repeat(20_000) })), [413, 'TOO_LARGE', 'The body is too large.', 'It can have 16384 bytes at most.'])
  assert.equal((await send('/exports/%ff/end', '{}')).slice(0, 2), [400, 'BAD_REQUEST'])
})

it('writes no address with a header Host that names no host', async ({ running, fredrik }) => {
  const token = await tokenFor(fredrik)
  for (const [host, status] of [['audit.example', 200], ['audit.example:8443', 200], ['[::1]:5050', 200], ['', 400], [' ', 400], ['a b', 400], ["a'b", 400], ['a/b', 400], ['me@host', 400], ['host:', 400], ['host:x', 400], ['a,b', 400]] as const) {
    // As bytes: a client of HTTP would put a name of its own there.
    const answer = await new Promise<string>((resolve, reject) => {
      let text = ''
      connect(Number(new URL(running.url).port), '127.0.0.1').setEncoding('utf8').on('data', (chunk: string) => { text += chunk }).on('error', reject).on('close', () => resolve(text))
        .write(`GET /question HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`)
    })
    assert.match(answer, `HTTP/1.1 ${status} `, host)
    assert.match(answer, status === 200 ? `http://${host}/company/audit-log` : 'BAD_HOST', host)
  }
})

it('stays on its own paths [case 184]', async ({ running }) => {
  for (const path of ['/../package.json', '/%2e%2e/package.json', '/..%2fpackage.json', '/%2e%2e%2f%2e%2e%2fetc/passwd', '//etc/passwd', '/assets/../../../package.json', '/.env', '/company%00']) {
    const status = await rawStatus(running.url, path)
    assert.ok(status === 404 || status === 400, `${path} ${status}`)
  }
})

it('masks what PostgreSQL says, and finds it in the log by its id [case 175]', async ({ running, database, fredrik }) => {
  await database.superuser.query('revoke execute on function audit.viewer() from audit_admin')
  try {
    const response = await running.fetch(fredrik, '/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"query":"{ viewer { access } events(first: 1) { nodes { id } } }"}' })
    assert.is(response.status, 500, 'an alarm that counts those shall see it')
    const { data, errors } = z.object({ data: z.object({ viewer: z.null(), events: z.object({ nodes: z.array(z.unknown()) }) }), errors: z.array(z.object({ message: z.string(), extensions: z.record(z.string(), z.string()) })) }).parse(await response.json())
    assert.is(data.events.nodes.length, 1, 'what could be read is there')
    assert.is(errors?.[0]?.message, 'Something went wrong on the server.')
    const { code, id } = errors?.[0]?.extensions ?? {}
    assert.is(code, 'INTERNAL')
    const line = running.log().split('\n').find((entry) => entry.includes(id ?? 'no id')) ?? ''
    assert.match(line, /permission denied for function viewer/)
  } finally {
    await database.superuser.query('grant execute on function audit.viewer() to audit_admin')
  }
})

it('stops a query that takes too long, and says what to do [case 180]', async ({ database, fredrik }) => {
  const hurried = await startServer(database, { statementTimeout: 100 })
  await database.superuser.query('begin; lock table audit.event in access exclusive mode')
  try {
    const late = new Promise<never>((_resolve, reject) => setTimeout(() => reject(new Error('It still runs after five seconds.')), 5_000).unref())
    const { errors } = await Promise.race([hurried.graphql(fredrik, '{ events { totalCount } }'), late])
    assert.is(errors?.[0]?.extensions?.['code'], 'TOO_SLOW')
    assert.match(errors?.[0]?.extensions?.['hint'] ?? '', /Narrow the filter/)
  } finally {
    await database.superuser.query('rollback')
    await hurried.close()
  }
})

it('keeps the screens going while exports wait for their turn [case 179]', async ({ database, fredrik }) => {
  const small = await startServer(database, { poolSize: 1, exportPoolSize: 1, exportWait: 300 })
  await database.superuser.query('begin; lock table audit.event in access exclusive mode')
  try {
    const first = small.fetch(fredrik, '/export/events.csv')
    await new Promise((resolve) => setTimeout(resolve, 100))
    const second = await small.fetch(fredrik, '/export/events.csv')
    assert.is(second.status, 503)
    assert.is(second.headers.get('retry-after'), '60')
    assert.is((await second.json()).error.code, 'TOO_MANY_EXPORTS')
    assert.is((await small.graphql(fredrik, '{ viewer { access } }')).data?.['viewer'].access, 'granted')
    await database.superuser.query('rollback')
    const response = await first
    assert.is(response.status, 200)
    await response.text()
  } finally {
    await database.superuser.query('rollback')
    await small.close()
  }
})

it('limits requests and sign-ins from one address', async ({ database }) => {
  const strict = await startServer(database, { requestsPerMinute: 4, signInsPerMinute: 1 })
  try {
    const signIn = () => strict.fetch(null, '/session', { method: 'POST', headers: json, body: '{"token":"x"}' })
    assert.is((await signIn()).status, 401)
    const refused = await signIn()
    assert.is(refused.status, 429)
    assert.ok(Number(refused.headers.get('retry-after')) > 50)
    assert.is((await refused.json()).error.code, 'TOO_MANY_REQUESTS')
    await strict.fetch(null, '/nowhere')
    await strict.fetch(null, '/nowhere')
    assert.is((await strict.fetch(null, '/nowhere')).status, 429)
    assert.is((await strict.fetch(null, '/livez')).status, 200)
  } finally {
    await strict.close()
  }
})

it.run()
