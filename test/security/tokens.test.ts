import { createHmac } from 'node:crypto'
import * as assert from 'uvu/assert'
import { secret, tokenFor, type Person } from '../server/running-server.ts'
import { serverSuite } from '../server/server-suite.ts'

const it = serverSuite('Bad tokens')

const json = { 'content-type': 'application/json' }
const part = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const now = () => Math.floor(Date.now() / 1_000)

/** Tokens of which none may be believed. Those with a header that must be refused are signed with the right secret, those whose header names a key with that key. */
async function badTokens(person: Person): Promise<string[]> {
  const good = await tokenFor(person)
  const [head = '', payload = '', signature = ''] = good.split('.')
  const otherSecret = 'a quite different secret with 32 bytes'
  const signedBy = (header: unknown, body: unknown, algorithm = 'sha256', key = secret) => {
    const said = `${part(header)}.${part(body)}`
    return `${said}.${createHmac(algorithm, key).update(said).digest('base64url')}`
  }
  const unencoded = (header: unknown, body: unknown) =>
    `${part(header)}.${part(body)}.${createHmac('sha256', secret).update(`${part(header)}.${JSON.stringify(body)}`).digest('base64url')}`
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  return [
    ...await Promise.all([
      { iss: 'another' }, { iss: undefined }, { iss: ['consultant-app', 'x'] }, { aud: 'billing' }, { aud: undefined }, { aud: [] }, { exp: now() - 60 }, { exp: undefined }, { exp: 'soon' },
      { nbf: now() + 600 }, { iat: now() + 600 }, { iat: now() - 90_000 }, { iat: undefined, exp: now() + 900_000 }, { iat: 'now' },
      { sub: undefined }, { sub: '' }, { sub: {} }, { sub: 'x'.repeat(501) }, { sub: 'a\0b' }, { company: undefined }, { company: '' }, { company: ['1', '2'] }, { company: { id: 1 } }, { company: 1.5 },
      { company: '\ud800' }, { name: 7 }, { source: 'root' },
    ].map((wrong) => tokenFor(person, wrong))),
    ...await Promise.all([{ typ: 'refresh+jwt' }, { typ: undefined }, { typ: 'audit-session+jwt' }, { typ: 'application/jose' }].map((header) => tokenFor(person, {}, header))),
    ...await Promise.all([{ kid: '../../../../dev/null' }, { jku: 'http://127.0.0.1:9/keys' }, { x5u: 'http://127.0.0.1:9/chain' }, { jwk: { kty: 'oct', k: part(otherSecret) } }]
      .map((header) => tokenFor(person, {}, header, otherSecret))),
    `${part({ alg: 'none', typ: 'JWT' })}.${payload}.`, `${part({ alg: 'None', typ: 'JWT' })}.${payload}.${signature}`, `${head}.${payload}.`, `${head}.${payload}`, `${head}.${payload}.${signature}x`,
    `${head}.${part({ ...claims, company: '2' })}.${signature}`, `${payload}.${head}.${signature}`,
    signedBy({ alg: 'HS512', typ: 'JWT' }, claims, 'sha512'), signedBy({ alg: 'HS384', typ: 'JWT' }, claims, 'sha384'), signedBy({ alg: 'hs256', typ: 'JWT' }, claims), signedBy({ alg: ['HS256'], typ: 'JWT' }, claims), signedBy({ typ: 'JWT' }, claims),
    ...[{ crit: ['exp'] }, { crit: ['exp'], exp: now() + 300 }, { crit: [] }, { crit: 'b64', b64: true }, { crit: ['b64'] }, { b64: false, crit: ['b64'] }].map((more) => signedBy({ alg: 'HS256', typ: 'JWT', ...more }, claims)),
    unencoded({ alg: 'HS256', typ: 'JWT', b64: false, crit: ['b64'] }, claims), unencoded({ alg: 'HS256', typ: 'JWT', b64: false }, claims),
    // As a session, and with another secret.
    signedBy({ alg: 'HS256', typ: 'audit-session+jwt' }, { ...claims, iss: 'audit-log', jti: 'x' }), signedBy({ alg: 'HS256', typ: 'JWT' }, claims, 'sha256', otherSecret),
    'null', '..', 'a.b.c', `${'e'.repeat(7_000)}.x.y`,
  ]
}

it('are bad for what is said of them: with the right secret and the right header they are good, whatever key it names besides', async ({ running, fredrik }) => {
  for (const header of [{}, { kid: '../../../../dev/null' }, { jku: 'http://127.0.0.1:9/keys' }, { x5u: 'http://127.0.0.1:9/chain' }, { jwk: { kty: 'oct', k: part('another') } }]) {
    const response = await running.fetch(null, '/recording', { headers: { authorization: `Bearer ${await tokenFor(fredrik, {}, header)}` } })
    assert.is(response.status, 200, JSON.stringify(header))
  }
})

it('none of 55 reaches the database, as a token of a program or as one to sign in with [case 158, 159]', async ({ running, fredrik }) => {
  const tokens = await badTokens(fredrik)
  assert.ok(tokens.length >= 55, String(tokens.length))
  const before = running.connections()
  for (const token of tokens) {
    const answers = await Promise.all([
      running.fetch(null, '/graphql', { method: 'POST', headers: { ...json, authorization: `Bearer ${token}` }, body: '{"query":"{ viewer { access } }"}' }),
      running.fetch(null, '/export/events.csv', { headers: { authorization: `Bearer ${token}` } }),
      running.fetch(null, '/exports', { method: 'POST', headers: { ...json, authorization: `Bearer ${token}` }, body: '{"kind":"customers"}' }),
      running.fetch(null, '/views', { headers: { authorization: `Bearer ${token}` } }),
      running.fetch(null, '/recording', { headers: { authorization: `Bearer ${token}` } }),
      running.fetch(null, '/session', { method: 'POST', headers: json, body: JSON.stringify({ token }) }),
    ])
    for (const answer of answers) {
      const { error } = await answer.json()
      assert.equal([answer.status, error.code], [401, 'BAD_TOKEN'], `${new URL(answer.url).pathname} ${token.slice(0, 300)}`)
      assert.ok(error.detail ?? error.hint)
      assert.is(answer.headers.get('set-cookie'), null)
    }
  }
  assert.is(running.connections(), before)
})

it('in a cookie they are nobody, which reads nothing [case 140]', async ({ running, fredrik }) => {
  for (const token of [await tokenFor(fredrik), ...await badTokens(fredrik)].filter((token) => !/[^\x20-\x7e]/.test(token))) {
    const response = await running.fetch(null, '/export/events.csv', { headers: { cookie: `audit-session=${token}` } })
    assert.is(response.status, 401)
    assert.is((await response.json()).error.code, 'NOT_SIGNED_IN')
  }
})

it('are not looked for in an address, and leave none in the log', async ({ running, fredrik }) => {
  const token = await tokenFor(fredrik)
  const before = running.connections()
  for (const name of ['token', 'access_token', 'jwt', 'authorization', 'session']) {
    const response = await running.fetch(null, `/export/events.csv?${name}=${token}`)
    assert.ok(response.status === 401 || response.status === 400, String(response.status))
    assert.is((await running.fetch(null, `/recording?${name}=${token}`)).status, 401)
  }
  assert.is(running.connections() - before <= 5, true)
  assert.not.match(running.log(), /eyJ/)
})

it('cannot be outvoted by headers that name another company or person [case 150]', async ({ running, fredrik }) => {
  const claimed = { 'x-company-id': '2', 'x-tenant-id': '2', 'x-user-id': '1', 'x-audit-company-id': '2', 'x-hasura-role': 'admin', 'x-forwarded-user': 'root', role: 'postgres' }
  const response = await running.fetch(fredrik, '/graphql?company=2', { method: 'POST', headers: { ...json, ...claimed }, body: JSON.stringify({ query: '{ viewer { companyId viewerId } }', company: '2', extensions: { company: '2' } }) })
  assert.equal((await response.json()).data, { viewer: { companyId: fredrik.companyId, viewerId: fredrik.id } })
})

it.run()
