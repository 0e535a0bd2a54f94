import { readFileSync } from 'node:fs'
import type { JSONWebKeySet } from 'jose'
import { z } from 'zod'
import type { Config } from './config.ts'
import type { IdentitySettings } from './identity.ts'
import { StartRefusal } from './start-refusal.ts'
import { makeKeySource, type TokenKey } from './token-key.ts'

const isPublic = { message: 'is a private or a shared key: the audit server needs public ones only' }
const publicKey = z.looseObject({ kty: z.enum(['RSA', 'EC', 'OKP'], isPublic) }).refine((key) => !('d' in key) && !('k' in key), isPublic)
const keySet = z.looseObject({ keys: z.array(publicKey).min(1, 'holds no key') })
/** Of what kind the keys of an algorithm are; others in a set are for something else. */
const kinds = { RS256: 'RSA', ES256: 'EC', EdDSA: 'OKP' } as const

/**
 * What the configuration says about tokens beside the secret. Reads the files that it names.
 * @throws StartRefusal if a key cannot be read or does not fit the algorithm
 */
export function tokenSettings(config: Config): Pick<IdentitySettings, 'key' | 'type' | 'maxAge' | 'clockTolerance'> {
  const { tokenType: type, tokenMaxAge: maxAge, tokenClockTolerance: clockTolerance } = config
  const key = tokenKey(config)
  return { type, maxAge, clockTolerance, ...(key && { key }) }
}

function tokenKey({ tokenAlgorithm: algorithm, tokenKeyFile, tokenJwksFile, tokenJwksUrl }: Config): TokenKey | null {
  if (algorithm === 'HS256') return null
  if (tokenJwksUrl !== null) return { algorithm, jwksUrl: new URL(tokenJwksUrl) }
  if (tokenKeyFile !== null) return fitting('TOKEN_KEY_FILE', tokenKeyFile, () => ({ algorithm, publicKey: readFileSync(tokenKeyFile, 'utf8') }))
  if (tokenJwksFile !== null) return fitting('TOKEN_JWKS_FILE', tokenJwksFile, () => ({ algorithm, jwks: readKeySet(tokenJwksFile, kinds[algorithm]) }))
  throw new StartRefusal(`There is no key for ${algorithm}.`, 'Set TOKEN_KEY_FILE, TOKEN_JWKS_FILE or TOKEN_JWKS_URL.')
}

function fitting(variable: string, path: string, read: () => TokenKey): TokenKey {
  try {
    const key = read()
    makeKeySource(key)
    return key
  } catch (cause) {
    throw new StartRefusal(`The key in ${path} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`, `${variable} names a file with public keys that fit TOKEN_ALGORITHM.`, { cause })
  }
}

function readKeySet(path: string, kind: string): JSONWebKeySet {
  const { data, error } = keySet.safeParse(JSON.parse(readFileSync(path, 'utf8')))
  if (data === undefined) throw new Error(error.issues.map((issue) => [...issue.path, issue.message].join(' ')).join('; '))
  if (!data.keys.some(({ kty }) => kty === kind)) throw new Error(`it holds no key of the kind ${kind}`)
  return data
}
