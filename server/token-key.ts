import { createPublicKey, type KeyObject } from 'node:crypto'
import { createLocalJWKSet, createRemoteJWKSet, errors, type CryptoKey, type JSONWebKeySet, type JWSHeaderParameters, type FlattenedJWSInput } from 'jose'
import { z } from 'zod'
import { Refusal } from './refusal.ts'

/** The algorithms of which one is agreed on. Those with a public key leave the host application the only one who can sign. */
export const tokenAlgorithms = ['HS256', 'RS256', 'ES256', 'EdDSA'] as const
export type TokenAlgorithm = (typeof tokenAlgorithms)[number]
type PublicAlgorithm = Exclude<TokenAlgorithm, 'HS256'>

/** With what the host application signs its tokens. */
export type TokenKey =
  /** A secret of at least 32 bytes. */
  | { readonly algorithm: 'HS256'; readonly secret: string }
  /** A public key as PEM (SPKI). */
  | { readonly algorithm: PublicAlgorithm; readonly publicKey: string }
  /** Public keys by their kid, which makes changing them possible without a gap. */
  | { readonly algorithm: PublicAlgorithm; readonly jwks: JSONWebKeySet }
  /** The same, at an address that is asked again when an unknown kid comes, at most twice a minute. */
  | { readonly algorithm: PublicAlgorithm; readonly jwksUrl: URL }

type KeySource = (header?: JWSHeaderParameters, token?: FlattenedJWSInput) => Promise<CryptoKey | KeyObject | Uint8Array>

/**
 * Where the key comes from with which a token is verified. Of the token's header only kid and alg are looked at, and only to
 * choose among the agreed keys: an address or a key in it (jku, x5u, jwk) is never used.
 * @throws Error if the key does not fit the algorithm
 */
export function makeKeySource(key: TokenKey): KeySource {
  if (key.algorithm === 'HS256') {
    const secret = new TextEncoder().encode(key.secret)
    if (secret.length < 32) throw new Error(`The token secret has ${secret.length} bytes. Give at least 32 random bytes in TOKEN_SECRET.`)
    return async () => secret
  }
  if ('publicKey' in key) {
    const publicKey = readPublicKey(key.algorithm, key.publicKey)
    return async () => publicKey
  }
  if ('jwks' in key) return createLocalJWKSet(key.jwks)
  const remote = createRemoteJWKSet(key.jwksUrl, { timeoutDuration: 5_000, cooldownDuration: 30_000 })
  return async (header, token) => {
    try {
      return await remote(header, token)
    } catch (error) {
      // Anything but an error of jose itself, such as a TypeError of fetch, says something about the way to the keys.
      if (error instanceof errors.JOSEError && isAboutToken(error)) throw error
      throw new Refusal({
        status: 503, code: 'TOKEN_KEYS_UNAVAILABLE', message: 'The keys of the host application cannot be read at the moment.',
        hint: 'Try again in a few seconds. An operator looks at TOKEN_JWKS_URL.', headers: { 'retry-after': '5' }, cause: error,
      })
    }
  }
}

/**
 * A public key for that algorithm.
 * @param pem the text of a file that begins with -----BEGIN PUBLIC KEY-----
 * @throws Error if it is none, is a private one, or is too weak
 */
function readPublicKey(algorithm: PublicAlgorithm, pem: string): KeyObject {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) throw new Error('It is a private key. The audit server needs the public one only.')
  const key = publicKeyOf(pem)
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {}
  const found = `${key.asymmetricKeyType ?? 'unknown'}${namedCurve ? ` ${namedCurve}` : ''}${modulusLength ? ` ${modulusLength}` : ''}`
  const fits = {
    RS256: key.asymmetricKeyType === 'rsa' && modulusLength >= 2_048,
    ES256: key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1',
    EdDSA: key.asymmetricKeyType === 'ed25519',
  }
  if (fits[algorithm]) return key
  throw new Error(`${algorithm} needs ${{ RS256: 'an RSA key of 2048 bits or more', ES256: 'a key on the curve P-256', EdDSA: 'an Ed25519 key' }[algorithm]}; this one is ${found}.`)
}

function publicKeyOf(pem: string): KeyObject {
  try {
    return createPublicKey(pem)
  } catch (cause) {
    throw new Error('It is no public key as PEM, which begins with -----BEGIN PUBLIC KEY-----.', { cause })
  }
}

/** Whether an error says something about the token, rather than about the way to the keys. */
export function isAboutToken(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return false
  return error instanceof z.ZodError || error instanceof TypeError || error instanceof errors.JOSEError && error.code !== 'ERR_JOSE_GENERIC'
}

/** The refusal of a token; `why` is an error of its verification or a sentence. */
export function badToken(why: unknown, algorithm = 'the agreed algorithm'): Refusal {
  return new Refusal({
    status: 401,
    code: 'BAD_TOKEN',
    message: 'The token of the host application is not accepted.',
    detail: typeof why === 'string' ? why : reason(why, algorithm),
    hint: 'Open the audit log from the host application again.',
    headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
    cause: typeof why === 'string' ? undefined : why,
  })
}

function reason(error: unknown, algorithm: string): string {
  if (error instanceof errors.JWTExpired) return 'It has expired.'
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'nbf' && error.reason === 'check_failed') return 'Its nbf lies in the future: compare the clocks.'
    return error.reason === 'missing' ? `Its ${error.claim} is missing.` : `Its ${error.claim} is not the expected one.`
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'Its signature is not made with the agreed key.'
  if (error instanceof errors.JOSEAlgNotAllowed) return `It is not signed with ${algorithm}.`
  if (error instanceof errors.JWKSNoMatchingKey) return 'No key of the host application fits its kid.'
  if (error instanceof errors.JWKSMultipleMatchingKeys) return 'Several keys of the host application fit: it needs a kid.'
  if (error instanceof z.ZodError) return error.issues.map(({ path, code, message }) => `Its ${path.join('.')} ${code === 'custom' ? message : 'cannot be used'}.`).join(' ')
  return 'It is not a signed JSON Web Token.'
}
