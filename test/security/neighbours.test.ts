import { createHmac } from 'node:crypto'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { secret, tokenFor, type Person } from '../server/running-server.ts'
import { serverSuite } from '../server/server-suite.ts'

const it = serverSuite('Requests that are nearly right')
const json = { 'content-type': 'application/json' }
const viewer = '{"query":"{ viewer { access companyId viewerId } }"}'
const now = () => Math.floor(Date.now() / 1_000)

/** Signs with the right key whatever stands in the two parts. */
function signed(header: string, payload: string, algorithm = 'sha256'): string {
  const said = [header, payload].map((part) => Buffer.from(part).toString('base64url')).join('.')
  return `${said}.${createHmac(algorithm, secret).update(said).digest('base64url')}`
}

const claims = (person: Person, more: Record<string, unknown> = {}): Record<string, unknown> => ({ sub: person.id, company: person.companyId, name: person.name, iss: 'consultant-app', aud: 'audit-log', iat: now(), exp: now() + 300, ...more })
const usual = { alg: 'HS256', typ: 'JWT' }

/** Sends bytes as they are, and gives back all that came until the server ends the connection, or until that time. */
function raw(url: string, text: string, { milliseconds = 3_000, halfClosed = false } = {}): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true })
    let got = ''
    socket.setTimeout(milliseconds, () => socket.destroy())
    socket.on('data', (piece) => { got += piece })
    socket.on('error', () => undefined)
    socket.on('end', () => socket.destroy())
    socket.on('close', () => resolve(got))
    socket.write(text)
    if (halfClosed) socket.end()
  })
}
const statuses = (text: string): string[] => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status ?? '')
const post = (token: string, body: string, more = '') => `POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nauthorization: Bearer ${token}\r\n${more}content-length: ${Buffer.byteLength(body)}\r\n`

it('a token with the right signature and a wrong header or time is not believed [case 158, 159]', async ({ running, fredrik }) => {
  const before = running.connections()
  const wrong: Record<string, string> = {
    'another algorithm with the same key': signed(JSON.stringify({ alg: 'HS512', typ: 'JWT' }), JSON.stringify(claims(fredrik)), 'sha512'),
    'a critical header that nobody knows': signed(JSON.stringify({ ...usual, crit: ['company'], company: '2' }), JSON.stringify(claims(fredrik))),
    'a payload that is not encoded': signed(JSON.stringify({ ...usual, crit: ['b64'], b64: false }), JSON.stringify(claims(fredrik))),
    'an algorithm in another case': signed(JSON.stringify({ alg: 'hs256', typ: 'JWT' }), JSON.stringify(claims(fredrik))),
    'exp as a text': signed(JSON.stringify(usual), JSON.stringify(claims(fredrik, { exp: String(now() + 300) }))),
    'exp as nothing': signed(JSON.stringify(usual), JSON.stringify(claims(fredrik, { exp: null }))),
    'exp as endless, and no iat': signed(JSON.stringify(usual), JSON.stringify(claims(fredrik, { iat: undefined })).replace(/"exp":\d+/, '"exp":1e400')),
    'exp in a thousand years, and iat of last week': signed(JSON.stringify(usual), JSON.stringify(claims(fredrik, { iat: now() - 604_800, exp: 32_503_680_000 }))),
    'nbf in the future': signed(JSON.stringify(usual), JSON.stringify(claims(fredrik, { nbf: now() + 60 }))),
    'nbf as a text': signed(JSON.stringify(usual), JSON.stringify(claims(fredrik, { nbf: 'now' }))),
    'an audience that only begins like ours': signed(JSON.stringify(usual), JSON.stringify(claims(fredrik, { aud: ['audit-log-2', 'audit'] }))),
    'a list as payload': signed(JSON.stringify(usual), '[]'),
    'a text as payload': signed(JSON.stringify(usual), '"fredrik"'),
    'a payload that is no JSON': signed(JSON.stringify(usual), '{sub:1}'),
    'nothing as header': signed('null', JSON.stringify(claims(fredrik))),
    'five parts, as if encrypted': `${signed(JSON.stringify(usual), JSON.stringify(claims(fredrik)))}.x.y`,
  }
  for (const [what, token] of Object.entries(wrong)) {
    const response = await running.fetch(null, '/graphql', { method: 'POST', headers: { ...json, authorization: `Bearer ${token}` }, body: viewer })
    assert.equal([response.status, (await response.json()).error.code], [401, 'BAD_TOKEN'], what)
  }
  // The other ways to write a signed token.
  const [header, payload, signature] = signed(JSON.stringify(usual), JSON.stringify(claims(fredrik))).split('.')
  for (const token of [{ payload, protected: header, signature }, { payload, signatures: [{ protected: header, signature }] }]) {
    const response = await running.fetch(null, '/session', { method: 'POST', headers: json, body: JSON.stringify({ token }) })
    assert.equal([response.status, (await response.json()).error.code], [400, 'BAD_REQUEST'])
  }
  assert.is(running.connections(), before)
})

it('a token that is unusual and right is believed, for the company that it names last', async ({ running, fredrik }) => {
  const twice = JSON.stringify(claims(fredrik, { company: '2' })).replace('"company":"2"', '"company":"2","company":"1"')
  for (const payload of [JSON.stringify(claims(fredrik, { aud: ['billing', 'audit-log'] })), JSON.stringify(claims(fredrik, { exp: now() + 300.5 })), twice]) {
    const response = await running.fetch(null, '/graphql', { method: 'POST', headers: { ...json, authorization: `Bearer ${signed(JSON.stringify(usual), payload)}` }, body: viewer })
    const { data } = await response.json()
    assert.equal([data.viewer.access, data.viewer.companyId], ['granted', '1'])
  }
})

it('two cookies are one person or nobody, and a token counts more than a cookie', async ({ running, fredrik, database }) => {
  const { rows: [other] } = await database.superuser.query<Person>(`select u.id::text, u.company_id::text as "companyId", 'Other' as name from app."user" u join app.company c on c.id = u.company_id where u.is_administrator and c.has_audit_log and c.id <> 1 limit 1`)
  assert.ok(other)
  const sessionOf = async (person: Person): Promise<string> => (await running.fetch(null, '/session', { method: 'POST', headers: json, body: JSON.stringify({ token: await tokenFor(person) }) })).headers.getSetCookie()[0]?.split(';')[0] ?? ''
  const [mine, others] = [await sessionOf(fredrik), await sessionOf(other)]
  const ask = async (headers: Record<string, string>) => (await running.fetch(null, '/graphql', { method: 'POST', headers: { ...json, ...headers }, body: viewer })).json()
  const company = async (headers: Record<string, string>) => (await ask(headers)).data.viewer.companyId
  assert.is(await company({ cookie: mine }), '1')
  assert.ok([null, other.companyId, '1'].includes(await company({ cookie: `${mine}; ${others}` })))
  assert.is(await company({ cookie: mine, authorization: `Bearer ${await tokenFor(other)}` }), other.companyId)
  // A token that is not good is an error, also beside a cookie that is.
  assert.is((await ask({ cookie: mine, authorization: 'Bearer x.y.z' })).error.code, 'BAD_TOKEN')
  assert.is((await ask({ cookie: mine, authorization: 'Basic YTpi' })).error.code, 'BAD_TOKEN')
  for (const cookie of [`${mine}x`, mine.toUpperCase(), `__Host-${mine}`, `${mine.split('=')[0]}=`, `${mine.split('=')[0]}="${mine.split('=')[1]}"`, ';;;=;', `a=${'b;'.repeat(2_000)}`]) assert.is(await company({ cookie }), null, cookie.slice(0, 60))
})

it('the name of the host and of proxies that are not trusted change nothing', async ({ running, fredrik }) => {
  const token = await tokenFor(fredrik)
  for (const host of ['evil.example', 'evil.example:80@localhost', '127.0.0.1:1', '[::1]', 'localhost, evil.example']) {
    const answer = await raw(running.url, `${post(token, viewer).replace('host: localhost', `host: ${host}`)}connection: close\r\n\r\n${viewer}`)
    assert.ok(['200', '400'].includes(statuses(answer)[0] ?? ''), `${host}: ${answer.slice(0, 80)}`)
    assert.not.match(answer, /evil\.example/)
  }
  // A page of another site with a name of its own for us, and one that claims to be ours.
  for (const headers of [{ origin: 'http://evil.example', 'x-forwarded-host': 'evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }] as Record<string, string>[]) {
    const response = await running.fetch(fredrik, '/graphql', { method: 'POST', headers: { ...json, ...headers }, body: viewer })
    assert.equal([response.status, (await response.json()).error.code], [403, 'FOREIGN_ORIGIN'])
  }
  const signedIn = await running.fetch(null, '/session', { method: 'POST', headers: { ...json, 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.example' }, body: JSON.stringify({ token }) })
  const [cookie = ''] = signedIn.headers.getSetCookie()
  assert.is(signedIn.status, 204)
  assert.not.match(cookie, /Secure|__Host-|evil/)
  // Two hosts, tokens or types: which one counts would be for each program on the way to decide.
  for (const [what, lines] of Object.entries({ hosts: 'host: a\r\nhost: b', tokens: `host: a\r\nauthorization: Bearer x.y.z\r\nauthorization: Bearer ${token}`, types: 'host: a\r\ncontent-type: text/plain\r\ncontent-type: application/json', origins: `host: a\r\norigin: ${running.url}\r\norigin: http://evil.example` })) {
    const answer = await raw(running.url, `POST /graphql HTTP/1.1\r\n${lines}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`)
    assert.equal(statuses(answer), ['400'], what)
    assert.match(answer, /AMBIGUOUS_HEADERS/, what)
  }
  assert.equal(statuses(await raw(running.url, 'GET /livez HTTP/1.1\r\nconnection: close\r\n\r\n')), ['400'])
})

it('methods that are for proxies and for looking are refused, and nothing is echoed', async ({ running }) => {
  for (const method of ['TRACE', 'OPTIONS', 'PUT', 'PATCH', 'PROPFIND']) {
    const answer = await raw(running.url, `${method} /graphql HTTP/1.1\r\nhost: localhost\r\nx-canary: canary-of-the-test\r\nconnection: close\r\n\r\n`)
    assert.equal(statuses(answer), ['405'], method)
    assert.not.match(answer, /canary-of-the-test/)
  }
  // Nobody is connected through to anywhere.
  assert.not.ok(statuses(await raw(running.url, 'CONNECT 127.0.0.1:5432 HTTP/1.1\r\nhost: 127.0.0.1:5432\r\n\r\n', { milliseconds: 500 })).includes('200'))
  assert.not.match(await raw(running.url, 'GET http://evil.example/ HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n'), /evil\.example/)
})

it('a body whose end can be read in two ways is refused', async ({ running, fredrik }) => {
  const token = await tokenFor(fredrik)
  const head = `POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nauthorization: Bearer ${token}\r\n`
  const chunked = `${Buffer.byteLength(viewer).toString(16)}\r\n${viewer}\r\n0\r\n\r\n`
  const smuggled = 'GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'
  for (const lines of ['content-length: 5\r\ntransfer-encoding: chunked\r\n', 'content-length: 5\r\ncontent-length: 6\r\n', 'transfer-encoding: chunked, identity\r\n', 'transfer-encoding: xchunked\r\n', 'transfer-encoding : chunked\r\n', 'content-length: +5\r\n', 'content-length: 5 5\r\n', 'content-length: -1\r\n']) {
    const answer = await raw(running.url, `${head}${lines}\r\n${chunked}${smuggled}`, { milliseconds: 1_000 })
    assert.ok(statuses(answer).every((status) => status.startsWith('4')), `${lines} ${statuses(answer)}`)
  }
  // One that is chunked and nothing else is as good as any.
  assert.equal(statuses(await raw(running.url, `${head}connection: close\r\ntransfer-encoding: chunked\r\n\r\n${chunked}`)), ['200'])
  // Line by line, folded, and with NUL.
  for (const text of [`${head}x: a\r\n b\r\n\r\n`, `${head}x: a\0b\r\n\r\n`, 'GET /livez HTTP/9.9\r\nhost: a\r\n\r\n', '\x16\x03\x01\x02\x00\x01\x00']) {
    assert.ok(statuses(await raw(running.url, text, { milliseconds: 1_000 })).every((status) => status.startsWith('4') || status === '505'), JSON.stringify(text.slice(-20)))
  }
})

it('requests one behind the other are answered each, in order, and who hangs up half a connection harms nobody', async ({ running, fredrik }) => {
  const token = await tokenFor(fredrik)
  const requests = `${post(token, viewer)}\r\n${viewer}GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\nGET /nowhere HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`
  assert.equal(statuses(await raw(running.url, requests)), ['200', '200', '404'])
  // Node takes whoever sends no more for gone.
  assert.ok(statuses(await raw(running.url, requests, { halfClosed: true })).every((status) => status === '200' || status === '404'))
  assert.is((await running.fetch(null, '/livez')).status, 200)
  assert.equal(statuses(await raw(running.url, `${post(token, viewer, 'expect: 100-continue\r\nconnection: close\r\n')}\r\n${viewer}`)), ['100', '200'])
  assert.ok(['417', '200'].includes(statuses(await raw(running.url, `${post(token, viewer, 'expect: tea\r\nconnection: close\r\n')}\r\n${viewer}`))[0] ?? ''))
})

it('a body in any compression is refused, and JSON that is deep or reaches for prototypes does nothing', async ({ running, fredrik }) => {
  for (const encoding of ['gzip', 'br', 'deflate', 'zstd', 'gzip, identity', 'x']) {
    assert.is((await running.fetch(fredrik, '/graphql', { method: 'POST', headers: { ...json, 'content-encoding': encoding }, body: viewer })).status, 415, encoding)
  }
  for (const body of [
    '{"query":"{ viewer { access } }","__proto__":{"isGraphql":true},"constructor":{"prototype":{"polluted":1}}}', '{"query":"{ viewer { access } }","variables":{"__proto__":{"polluted":1}}}',
    `{"query":"{ viewer { access } }","variables":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}}`, `{"query":"{ viewer { access } }","extensions":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
    '{"query":{"toString":1}}', '{"query":["{ viewer { access } }"]}', '"x"', 'null', '1', '{"query":"{ viewer { access } }","operationName":{"a":1}}', '{"query":"{ viewer { access } }","variables":[1]}', '{"query":"{ viewer { access } }","variables":"x"}',
  ]) {
    const response = await running.fetch(fredrik, '/graphql', { method: 'POST', headers: json, body })
    const text = await response.text()
    assert.ok(response.status < 500, `${response.status} for ${body.slice(0, 60)}: ${text.slice(0, 200)}`)
    assert.is(Reflect.get({}, 'polluted'), undefined)
  }
  await sleep(50)
  assert.is((await running.graphql(fredrik, '{ viewer { access } }')).data?.['viewer'].access, 'granted')
})

it.run()
