import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readConfig } from '../../server/config.ts'
import { makeIdentities } from '../../server/identity.ts'
import { StartRefusal } from '../../server/start-refusal.ts'
import { tokenSettings } from '../../server/token-settings.ts'

const it = suite('Keys of the host application in files')
const folder = mkdtempSync(join(tmpdir(), 'audit-log-keys-'))
it.after(() => rmSync(folder, { recursive: true }))

const pairs = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2_048 }),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: generateKeyPairSync('ed25519'),
}
const file = (name: string, content: string | object): string => {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}
const pem = (key: KeyObject) => key.export({ type: key.type === 'private' ? 'pkcs8' : 'spki', format: 'pem' }).toString()
const jwk = (key: KeyObject) => key.export({ format: 'jwk' })
const settings = (variables: Record<string, string>) => tokenSettings(readConfig(variables))

function signed(algorithm: string, key: KeyObject): Promise<string> {
  return new SignJWT({ sub: '1', company: '1' }).setProtectedHeader({ alg: algorithm, typ: 'JWT' }).setIssuer('host').setAudience('audit-log').setIssuedAt().setExpirationTime('5 min').sign(key)
}

for (const algorithm of ['RS256', 'ES256', 'EdDSA'] as const) {
  const { publicKey, privateKey } = pairs[algorithm]
  for (const [what, variables] of [
    ['PEM', { TOKEN_KEY_FILE: file(`${algorithm}.pem`, pem(publicKey)) }],
    ['a key set', { TOKEN_JWKS_FILE: file(`${algorithm}.json`, { keys: [jwk(publicKey)] }) }],
  ] as const) {
    it(`are believed with ${algorithm} from ${what}, and no other algorithm`, async () => {
      const identities = makeIdentities({ secret: 'a secret of the tests that has 32 bytes', issuer: 'host', audience: 'audit-log', sessionSeconds: 60, ...settings({ TOKEN_ALGORITHM: algorithm, ...variables }) })
      assert.is((await identities.verifyToken(await signed(algorithm, privateKey))).viewerId, '1')
      for (const other of (['RS256', 'ES256', 'EdDSA'] as const).filter((each) => each !== algorithm)) {
        await identities.verifyToken(await signed(other, pairs[other].privateKey)).then(() => assert.unreachable(), (error: { code?: string }) => assert.is(error.code, 'BAD_TOKEN'))
      }
    })
  }
}

it('are refused at the start, by the name of the file and the reason, when they do not fit or are not public [case 160, 178]', () => {
  const { RS256, ES256 } = pairs
  const wrong: Array<[Record<string, string>, RegExp]> = [
    [{ TOKEN_ALGORITHM: 'RS256', TOKEN_KEY_FILE: join(folder, 'nowhere.pem') }, /nowhere\.pem.*ENOENT/],
    [{ TOKEN_ALGORITHM: 'RS256', TOKEN_KEY_FILE: file('private.pem', pem(RS256.privateKey)) }, /private key/],
    [{ TOKEN_ALGORITHM: 'RS256', TOKEN_KEY_FILE: file('text.pem', 'hello') }, /no public key as PEM/],
    [{ TOKEN_ALGORITHM: 'RS256', TOKEN_KEY_FILE: file('ec.pem', pem(ES256.publicKey)) }, /RS256 needs an RSA key/],
    [{ TOKEN_ALGORITHM: 'RS256', TOKEN_KEY_FILE: file('short.pem', pem(generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey)) }, /2048 bits or more; this one is rsa 1024/],
    [{ TOKEN_ALGORITHM: 'ES256', TOKEN_KEY_FILE: file('p384.pem', pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey)) }, /P-256/],
    [{ TOKEN_ALGORITHM: 'RS256', TOKEN_JWKS_FILE: file('private.json', { keys: [jwk(RS256.privateKey)] }) }, /private or a shared key/],
    [{ TOKEN_ALGORITHM: 'RS256', TOKEN_JWKS_FILE: file('shared.json', { keys: [{ kty: 'oct', k: 'c2VjcmV0LWNhbmFyeQ' }] }) }, /private or a shared key/],
    [{ TOKEN_ALGORITHM: 'RS256', TOKEN_JWKS_FILE: file('empty.json', { keys: [] }) }, /holds no key/],
    [{ TOKEN_ALGORITHM: 'RS256', TOKEN_JWKS_FILE: file('other.json', { keys: [jwk(ES256.publicKey)] }) }, /no key of the kind RSA/],
    [{ TOKEN_ALGORITHM: 'RS256', TOKEN_JWKS_FILE: file('broken.json', '{') }, /broken\.json/],
  ]
  for (const [variables, reason] of wrong) {
    try {
      settings(variables)
      assert.unreachable(JSON.stringify(variables))
    } catch (error) {
      assert.instance(error, StartRefusal)
      assert.match(String(error), reason)
      assert.not.match(String(error), /canary|c2VjcmV0|BEGIN PRIVATE/)
    }
  }
})

it.run()
