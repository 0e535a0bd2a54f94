import { createHmac } from 'node:crypto'
import * as assert from 'uvu/assert'
import { hostAppOrigin, startServer, tokenFor, type RunningServer } from './running-server.ts'
import { serverSuite } from './server-suite.ts'

const it = serverSuite('Signing in')

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

function postToken(running: RunningServer, token: string, headers: Record<string, string> = {}): Promise<Response> {
  return running.fetch(null, '/session', { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify({ token }) })
}

function postForm(running: RunningServer, token: string, headers: Record<string, string> = {}): Promise<Response> {
  return running.fetch(null, '/session', { method: 'POST', headers, body: new URLSearchParams({ token }) })
}

async function viewerOf(running: RunningServer, cookie: string): Promise<unknown> {
  const response = await running.fetch(null, '/graphql', { method: 'POST', headers: { 'content-type': 'application/json', cookie }, body: JSON.stringify({ query: '{ viewer { access viewerName } }' }) })
  return response.json()
}

it('turns a token into a cookie that scripts cannot read and other sites do not send', async ({ running, fredrik }) => {
  const response = await postToken(running, await tokenFor(fredrik))
  assert.is(response.status, 204)
  assert.is(response.headers.get('cache-control'), 'no-store')
  const cookie = response.headers.get('set-cookie') ?? ''
  assert.match(cookie, /^audit-session=[\w.-]+; Max-Age=28800; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/)
  assert.equal(await viewerOf(running, cookie.split(';')[0] ?? ''), { data: { viewer: { access: 'granted', viewerName: 'Fredrik Isaksson' } } })
})

it('sends a person who comes by a form of the host application on to the log', async ({ running, fredrik }) => {
  const response = await postForm(running, await tokenFor(fredrik), { origin: hostAppOrigin, 'sec-fetch-site': 'cross-site' })
  assert.is(response.status, 303)
  assert.is(response.headers.get('location'), '/company/audit-log')
  assert.ok(response.headers.get('set-cookie'))
})

it('ties the cookie to TLS and to this host when there is TLS', async ({ database, fredrik }) => {
  const running = await startServer(database, { trustProxy: 1 })
  try {
    const response = await postToken(running, await tokenFor(fredrik), { 'x-forwarded-proto': 'https' })
    assert.match(response.headers.get('set-cookie') ?? '', /^__Host-audit-session=.*; Path=\/; .*HttpOnly; Secure; SameSite=Lax$/)
  } finally {
    await running.close()
  }
})

it('has one limit for the length of a token, whichever way it comes, and says when it is reached', async ({ running, fredrik }) => {
  const long = await tokenFor(fredrik, { more: 'x'.repeat(5_900) })
  const longer = await tokenFor(fredrik, { more: 'x'.repeat(6_100) })
  assert.ok(long.length <= 8_192 && longer.length > 8_192, `${long.length} ${longer.length}`)
  const bearer = (token: string, path: string, init = {}) => running.fetch(null, path, { ...init, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } })
  const ways = (token: string) => [
    postToken(running, token), postForm(running, token), bearer(token, '/graphql', { method: 'POST', body: '{"query":"{ viewer { access } }"}' }), bearer(token, '/views'),
    bearer(token, '/exports', { method: 'POST', body: '{"kind":"projects"}' }),
  ]
  assert.equal((await Promise.all(ways(long))).map(({ status }) => status), [204, 303, 200, 200, 201])
  for (const response of await Promise.all(ways(longer))) {
    const { error } = await response.json()
    assert.equal([response.status, error.code, error.detail], [401, 'BAD_TOKEN', 'It is longer than 8192 characters.'], response.url)
  }
})

it('says of a body without one token what it holds instead', async ({ running, fredrik }) => {
  const token = await tokenFor(fredrik)
  const form = (body: string) => running.fetch(null, '/session', { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body })
  for (const [response, message] of [
    [await form(`token=${token}&token=${token}`), 'The body holds more than one token.'], [await form('tok=x'), 'The body holds no token.'], [await form(`token=${token}&company=2`), 'The body holds something beside the token.'],
    [await running.fetch(null, '/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token: [token] }) }), 'The body holds more than one token.'],
  ] as const) {
    const { error } = await response.json()
    assert.equal([response.status, error.code, error.message], [400, 'BAD_REQUEST', message])
    assert.not.match(JSON.stringify(error), token)
  }
})

it('takes a name and a source of null for none', async ({ running, fredrik }) => {
  const token = await tokenFor(fredrik, { name: null, source: null })
  const response = await postToken(running, token)
  assert.is(response.status, 204)
  assert.equal(await viewerOf(running, (response.headers.get('set-cookie') ?? '').split(';')[0] ?? ''), { data: { viewer: { access: 'granted', viewerName: 'Fredrik Isaksson' } } })
  assert.is((await running.fetch(null, '/recording', { headers: { authorization: `Bearer ${token}` } })).status, 200)
})

it('refuses a session that a browser would drop, and leaves the one before', async ({ running, fredrik }) => {
  const before = (await postToken(running, await tokenFor(fredrik))).headers.get('set-cookie')?.split(';')[0] ?? ''
  for (const post of [postToken, postForm]) {
    const response = await post(running, await tokenFor(fredrik, { name: '\u0001'.repeat(499) }), { cookie: before })
    const { error } = await response.json()
    assert.equal([response.status, error.code, response.headers.get('set-cookie')], [400, 'SESSION_TOO_LARGE', null])
    assert.match(error.detail, /^Its cookie has 4\d\d\d bytes, of which 4096 are possible\.$/)
    assert.match(error.hint, 'shorter name')
  }
  assert.equal(await viewerOf(running, before), { data: { viewer: { access: 'granted', viewerName: 'Fredrik Isaksson' } } })
  // Each of these characters has six in JSON, and so eight in the cookie.
  let [longest, isRefused] = [0, false]
  for (let length = 410; length < 500 && !isRefused; length += 1) {
    const response = await postToken(running, await tokenFor(fredrik, { name: '\u0001'.repeat(length) }))
    isRefused = response.status === 400
    if (!isRefused) longest = response.headers.get('set-cookie')?.length ?? 0
  }
  assert.ok(isRefused && longest > 4_080 && longest <= 4_096, String(longest))
})

it('takes the cookie away', async ({ running }) => {
  const response = await running.fetch(null, '/session', { method: 'DELETE' })
  assert.is(response.status, 204)
  assert.match(response.headers.get('set-cookie') ?? '', /^audit-session=; Path=\/; Expires=Thu, 01 Jan 1970/)
})

it('refuses a token that is not meant for it, with the reason [case 158, 159]', async ({ running, fredrik }) => {
  const [, payload = ''] = (await tokenFor(fredrik)).split('.')
  const now = Math.floor(Date.now() / 1000)
  const wrong: Array<[string, RegExp]> = [
    [await tokenFor(fredrik, { iss: 'another' }), /iss is not the expected one/],
    [await tokenFor(fredrik, { iss: undefined }), /iss is missing/],
    [await tokenFor(fredrik, { aud: 'billing' }), /aud is not the expected one/],
    [await tokenFor(fredrik, { exp: now - 60 }), /expired/],
    [await tokenFor(fredrik, { exp: undefined }), /exp is missing/],
    [await tokenFor(fredrik, { nbf: now + 600 }), /nbf/],
    [await tokenFor(fredrik, { company: undefined }), /company is missing/],
    [await tokenFor(fredrik, { company: { id: 1 } }), /company cannot be used/],
    [await tokenFor(fredrik, { sub: '' }), /sub/],
    [await tokenFor(fredrik, { name: 'a\0b' }), /name cannot be used/],
    [await tokenFor(fredrik, { sub: ' 1 ' }), /^Its sub begins or ends with a blank\.$/],
    [await tokenFor(fredrik, { sub: '1\n' }), /^Its sub holds a control character/],
    [await tokenFor(fredrik, { sub: '1\t2', company: '1 ' }), /^Its sub holds a control character.*\. Its company begins or ends with a blank\.$/],
    [await tokenFor(fredrik, { company: 'x'.repeat(201) }), /^Its company has 201 characters, of which 200 can be kept\.$/],
    [await tokenFor(fredrik, {}, { typ: 'refresh+jwt' }), /typ is not the expected one/],
    [await tokenFor(fredrik, {}, { kid: '../../etc/passwd', jku: 'https://evil.example/keys' }, 'a quite different secret of 32 bytes'), /signature/],
    [`${base64url({ alg: 'none', typ: 'JWT' })}.${payload}.`, /./],
    [`${base64url({ alg: 'HS512', typ: 'JWT' })}.${payload}.${createHmac('sha512', 'x').update('x').digest('base64url')}`, /HS256/],
    ['no token at all', /not a signed JSON Web Token/],
  ]
  for (const [token, reason] of wrong) {
    const response = await postToken(running, token)
    const { error } = await response.json()
    assert.is(response.status, 401, error.detail)
    assert.is(error.code, 'BAD_TOKEN')
    assert.match(error.detail, reason)
    assert.is(response.headers.get('set-cookie'), null)
  }
})

it('takes no token for a session and no session for a token', async ({ running, fredrik }) => {
  const token = await tokenFor(fredrik)
  assert.equal(await viewerOf(running, `audit-session=${token}`), { data: { viewer: { access: 'not_signed_in', viewerName: null } } })
  const forged = await tokenFor(fredrik, { iss: 'audit-log', aud: 'audit-log' }, { typ: 'audit-session+jwt' })
  assert.equal(await viewerOf(running, `audit-session=${forged}`), { data: { viewer: { access: 'not_signed_in', viewerName: null } } })
  const session = ((await postToken(running, token)).headers.get('set-cookie') ?? '').slice('audit-session='.length).split(';')[0] ?? ''
  assert.is((await postToken(running, session)).status, 401)
})

it('lets a changed or finished session count as not signed in', async ({ running, database, fredrik }) => {
  const short = await startServer(database, { sessionSeconds: 1 })
  try {
    const cookie = ((await postToken(short, await tokenFor(fredrik))).headers.get('set-cookie') ?? '').split(';')[0] ?? ''
    assert.equal(await viewerOf(running, `${cookie.slice(0, -3)}AAA`), { data: { viewer: { access: 'not_signed_in', viewerName: null } } })
    await new Promise((resolve) => setTimeout(resolve, 2_100))
    assert.equal(await viewerOf(short, cookie), { data: { viewer: { access: 'not_signed_in', viewerName: null } } })
  } finally {
    await short.close()
  }
})

it('is not done by the page of another site', async ({ running, fredrik }) => {
  const token = await tokenFor(fredrik)
  for (const response of [
    await postForm(running, token, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }),
    await postForm(running, token, { origin: 'null', 'sec-fetch-site': 'cross-site' }),
    await postForm(running, token, { origin: 'https://evil.example' }),
    await postToken(running, token, { origin: hostAppOrigin, 'sec-fetch-site': 'cross-site' }),
    await running.fetch(null, '/session', { method: 'DELETE', headers: { origin: hostAppOrigin, 'sec-fetch-site': 'cross-site' } }),
  ]) {
    assert.is(response.status, 403)
    assert.is((await response.json()).error.code, 'FOREIGN_ORIGIN')
    assert.is(response.headers.get('set-cookie'), null)
  }
})

it('reads no token from an address, and no other fields', async ({ running, fredrik }) => {
  const token = await tokenFor(fredrik)
  assert.is((await running.fetch(null, `/session?token=${token}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })).status, 400)
  assert.is((await running.fetch(null, '/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token, company: '2' }) })).status, 400)
  assert.is((await running.fetch(null, `/session?token=${token}`)).status, 405)
})

it('leaves no token, name or search in the log [case 235]', async ({ running, fredrik }) => {
  const token = await tokenFor(fredrik)
  await postToken(running, `${token}x`)
  await running.fetch(fredrik, '/export/events.csv?q=canary-of-a-search&action=nonsense')
  const log = running.log()
  assert.match(log, /"path":"\/session"/)
  assert.not.match(log, /eyJ|canary|Isaksson/)
})

it('comes back to the place in the log that the form names, and never to another site', async ({ running, fredrik }) => {
  const toPlace = async (next: string) => {
    const response = await running.fetch(null, '/session', {
      method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', origin: hostAppOrigin, 'sec-fetch-site': 'cross-site' },
      body: new URLSearchParams({ token: await tokenFor(fredrik), next }),
    })
    return response.headers.get('location')
  }
  assert.is(await toPlace('?object=customer/42'), '/company/audit-log?object=customer/42')
  assert.is(await toPlace('/17?q=%C3%85sa&zone=utc'), '/company/audit-log/17?q=%C3%85sa&zone=utc')
  for (const elsewhere of ['//evil.example', '/../../evil', 'https://evil.example', '@evil.example', '.evil.example', '/\\evil.example', '?a\r\nset-cookie: x']) {
    assert.is(await toPlace(elsewhere), '/company/audit-log', elsewhere)
  }
})

it.run()
