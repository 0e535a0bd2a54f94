import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, SignJWT } from 'jose'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeIdentities, readerSettings, type IdentitySettings } from '../../server/identity.ts'
import { Refusal } from '../../server/refusal.ts'
import type { TokenAlgorithm, TokenKey } from '../../server/token-key.ts'

type KeyPair = { publicKey: KeyObject; privateKey: KeyObject }
type PublicAlgorithm = Exclude<TokenAlgorithm, 'HS256'>
type Context = { keys: Record<PublicAlgorithm, KeyPair>; others: Record<PublicAlgorithm, KeyPair> }
const it = suite<Context>('Tokens of the host application', Object.create(null))

const secret = 'a secret of the tests that has 32 bytes'
const settings: IdentitySettings = { secret, issuer: 'host', audience: 'audit-log', sessionSeconds: 60 }

const pairs = (): Record<PublicAlgorithm, KeyPair> => ({
  RS256: generateKeyPairSync('rsa', { modulusLength: 2_048 }),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: generateKeyPairSync('ed25519'),
})
it.before((context) => { Object.assign(context, { keys: pairs(), others: pairs() }) })

const now = () => Math.floor(Date.now() / 1_000)
const pem = ({ publicKey }: KeyPair) => publicKey.export({ type: 'spki', format: 'pem' }).toString()
const jwk = async ({ publicKey }: KeyPair, more: object) => ({ ...await exportJWK(publicKey), ...more })

function signed(algorithm: string, key: KeyObject | Uint8Array, claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> {
  const payload = Object.fromEntries(Object.entries({ sub: '20', company: '1', iss: 'host', aud: 'audit-log', iat: now(), exp: now() + 60, ...claims }).filter(([, value]) => value !== undefined))
  return new SignJWT(payload).setProtectedHeader({ alg: algorithm, typ: 'JWT', ...header }).sign(key)
}

/** The detail of the refusal, or the person. */
async function tried(key: TokenKey | undefined, token: string, more: Partial<IdentitySettings> = {}): Promise<string> {
  try {
    const { viewerId, companyId, session } = await makeIdentities({ ...settings, ...more, ...(key && { key }) }).verifyToken(token)
    return `${viewerId} of ${companyId}${session === null ? '' : ' in a session'}`
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return `${error.status} ${error.code} ${error.detail ?? ''}`.trim()
  }
}

for (const algorithm of ['RS256', 'ES256', 'EdDSA'] as const) {
  it(`are believed with ${algorithm}, by the key that was agreed on and no other [case 158]`, async ({ keys, others }) => {
    const mine = keys[algorithm]
    const key = { algorithm, publicKey: pem(mine) }
    assert.is(await tried(key, await signed(algorithm, mine.privateKey)), '20 of 1')
    assert.match(await tried(key, await signed(algorithm, others[algorithm].privateKey)), /^401 BAD_TOKEN Its signature/)
    // The public key as the secret of HS256: the oldest trick.
    const publicText = new TextEncoder().encode(pem(mine))
    assert.is(await tried(key, await signed('HS256', publicText)), `401 BAD_TOKEN It is not signed with ${algorithm}.`)
    for (const other of (['RS256', 'ES256', 'EdDSA'] as const).filter((name) => name !== algorithm)) {
      assert.is(await tried(key, await signed(other, keys[other].privateKey)), `401 BAD_TOKEN It is not signed with ${algorithm}.`)
    }
    assert.is(await tried(undefined, await signed(algorithm, mine.privateKey)), '401 BAD_TOKEN It is not signed with HS256.')
  })

  it(`are believed by any ${algorithm} key of a set, chosen by its kid [case 159]`, async ({ keys, others }) => {
    const jwks = { keys: [await jwk(keys[algorithm], { kid: 'new', alg: algorithm }), await jwk(others[algorithm], { kid: 'old', alg: algorithm })] }
    const key = { algorithm, jwks }
    assert.is(await tried(key, await signed(algorithm, keys[algorithm].privateKey, {}, { kid: 'new' })), '20 of 1')
    assert.is(await tried(key, await signed(algorithm, others[algorithm].privateKey, {}, { kid: 'old' })), '20 of 1')
    assert.match(await tried(key, await signed(algorithm, keys[algorithm].privateKey, {}, { kid: 'old' })), /signature/)
    assert.match(await tried(key, await signed(algorithm, keys[algorithm].privateKey, {}, { kid: `../../etc/passwd' or 1=1` })), /No key/)
    assert.match(await tried(key, await signed(algorithm, keys[algorithm].privateKey)), /needs a kid/)
  })
}

it('never bring their own key: jwk, jku, x5u and x5c are not looked at [case 159]', async ({ keys, others }) => {
  let asked = 0
  const server = createServer((_request, response) => { asked += 1; response.end('{}') })
  const url = await listening(server)
  try {
    const evil = { jwk: await jwk(others.ES256, {}), jku: `${url}/keys`, x5u: `${url}/chain`, kid: `${url}/key` }
    for (const header of [{ jwk: evil.jwk }, { jku: evil.jku }, { x5u: evil.x5u }, evil]) {
      for (const key of [{ algorithm: 'ES256' as const, publicKey: pem(keys.ES256) }, { algorithm: 'ES256' as const, jwks: { keys: [await jwk(keys.ES256, { kid: 'mine' })] } }]) {
        assert.match(await tried(key, await signed('ES256', others.ES256.privateKey, {}, header)), /^401 BAD_TOKEN/)
      }
    }
    assert.is(asked, 0)
  } finally {
    server.close()
  }
})

it('are believed by keys at an address, which is asked again for a new key, but not for every invented one', async ({ keys, others }) => {
  let set: unknown = { keys: [await jwk(keys.RS256, { kid: 'first', alg: 'RS256' })] }
  let asked = 0
  const server = createServer((_request, response) => { asked += 1; response.setHeader('content-type', 'application/json').end(JSON.stringify(set)) })
  const key = { algorithm: 'RS256' as const, jwksUrl: new URL(`${await listening(server)}/keys`) }
  const identities = makeIdentities({ ...settings, key })
  try {
    assert.is((await identities.verifyToken(await signed('RS256', keys.RS256.privateKey, {}, { kid: 'first' }))).viewerId, '20')
    for (let n = 0; n < 20; n += 1) {
      const bad = await signed('RS256', others.RS256.privateKey, {}, { kid: `invented ${n}` })
      assert.match(await identities.verifyToken(bad).then(() => '', (error: Refusal) => error.detail ?? ''), /No key/)
    }
    assert.is(asked, 1)
  } finally {
    server.close()
    server.closeAllConnections()
  }
  set = null
  const away = makeIdentities({ ...settings, key })
  const refusal = await away.verifyToken(await signed('RS256', keys.RS256.privateKey, {}, { kid: 'first' })).then(() => null, (error: unknown) => error)
  assert.instance(refusal, Refusal)
  assert.equal(refusal instanceof Refusal && [refusal.status, refusal.code, refusal.headers['retry-after']], [503, 'TOKEN_KEYS_UNAVAILABLE', '5'])
})

it('are not called wrong where the way to the keys is: with a name and a password in the address fetch throws a TypeError', async ({ keys }) => {
  const identities = makeIdentities({ ...settings, key: { algorithm: 'RS256', jwksUrl: new URL('http://me:hush@127.0.0.1:1/keys') } })
  const refusal = await identities.verifyToken(await signed('RS256', keys.RS256.privateKey, {}, { kid: 'first' })).then(() => null, (error: unknown) => error)
  assert.equal(refusal instanceof Refusal && [refusal.status, refusal.code], [503, 'TOKEN_KEYS_UNAVAILABLE'])
})

it('may not be old, come from the future, or live for ever', async () => {
  const key = new TextEncoder().encode(secret)
  const at = (claims: Record<string, unknown>) => signed('HS256', key, claims)
  const limits = { maxAge: 600, clockTolerance: 5 }
  assert.is(await tried(undefined, await at({ iat: now() - 590, exp: now() + 9_999 }), limits), '20 of 1')
  assert.match(await tried(undefined, await at({ iat: now() - 700, exp: now() + 9_999 }), limits), /older than 600 seconds/)
  assert.match(await tried(undefined, await at({ iat: now() + 60 }), limits), /issued in the future/)
  assert.is(await tried(undefined, await at({ iat: now() + 4 }), limits), '20 of 1')
  assert.is(await tried(undefined, await at({ iat: undefined }), limits), '20 of 1')
  assert.match(await tried(undefined, await at({ iat: undefined, exp: now() + 700 }), limits), /valid for longer than 600/)
  assert.is(await tried(undefined, await at({ exp: now() - 3 }), limits), '20 of 1')
  assert.match(await tried(undefined, await at({ exp: now() - 8 }), limits), /expired/)
  assert.match(await tried(undefined, await at({ nbf: now() + 30 }), limits), /nbf/)
})

it('must be of the agreed type', async () => {
  const key = new TextEncoder().encode(secret)
  const typed = (typ: string | undefined) => signed('HS256', key, {}, { typ })
  assert.is(await tried(undefined, await typed('audit+jwt'), { type: 'audit+jwt' }), '20 of 1')
  assert.match(await tried(undefined, await typed('JWT'), { type: 'audit+jwt' }), /typ is not the expected one/)
  for (const typ of ['refresh+jwt', 'at+jwt', undefined]) assert.match(await tried(undefined, await typed(typ)), /typ/)
})

it('set nothing but person, company, name and source, whatever they claim [case 163]', async () => {
  const claims = {
    role: 'postgres', search_path: 'evil', statement_timeout: '0', 'audit.company_id': '2', session_id: 'x', jti: 'y', 'request.jwt.claims': '{}', companyId: '2', is_admin: true, source: 'admin', name: 'Fredrik',
    __proto__: { role: 'postgres' }, constructor: { prototype: { role: 'postgres' } },
  }
  const identity = await makeIdentities(settings).verifyToken(await signed('HS256', new TextEncoder().encode(secret), claims))
  assert.equal(identity, { viewerId: '20', companyId: '1', name: 'Fredrik', source: 'admin', session: null })
  assert.equal(readerSettings(identity, 'request', 1_000), {
    role: 'audit_admin', 'audit.company_id': '1', 'audit.viewer_id': '20', 'audit.session_id': '', 'audit.request_id': 'request', statement_timeout: '1000', standard_conforming_strings: 'on',
  })
})

it('cannot be made out of a session, nor a session out of one', async () => {
  const identities = makeIdentities(settings)
  const token = await signed('HS256', new TextEncoder().encode(secret))
  const session = await identities.issueSession(await identities.verifyToken(token))
  assert.match(await tried(undefined, session), /^401/)
  assert.is(await identities.verifySession(token), null)
  const verified = await identities.verifySession(session)
  assert.ok(verified?.session && verified.session.endsAt.getTime() > Date.now())
  assert.is.not((await identities.verifySession(await identities.issueSession(verified)))?.session?.id, verified.session.id)
  // Not the secret itself signs sessions.
  const [head = '', body = ''] = session.split('.')
  assert.is(await identities.verifySession(`${head}.${body}.${createHmac('sha256', secret).update(`${head}.${body}`).digest('base64url')}`), null)
})

it('need a key that is strong, public and of the right kind [case 160]', ({ keys }) => {
  const made = (key: TokenKey) => () => makeIdentities({ ...settings, key })
  assert.throws(() => makeIdentities({ ...settings, secret: 'short' }), /32 random bytes/)
  assert.throws(made({ algorithm: 'HS256', secret: 'short' }), /32 random bytes/)
  assert.throws(made({ algorithm: 'RS256', publicKey: pem(generateKeyPairSync('rsa', { modulusLength: 1_024 })) }), /2048 bits or more; this one is rsa 1024/)
  assert.throws(made({ algorithm: 'RS256', publicKey: pem(keys.ES256) }), /this one is ec prime256v1/)
  assert.throws(made({ algorithm: 'ES256', publicKey: pem(generateKeyPairSync('ec', { namedCurve: 'P-384' })) }), /P-256/)
  assert.throws(made({ algorithm: 'EdDSA', publicKey: keys.EdDSA.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }), /private key/)
})

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // It listens on TCP, so that this is no path of a socket.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

it.run()
