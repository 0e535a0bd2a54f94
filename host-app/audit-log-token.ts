import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import type { Person } from './session.ts'

/** What the audit server and this application agreed on. The secret has at least 32 bytes of UTF-8. */
export type TokenSettings = { readonly tokenKey: string; readonly issuer: string; readonly audience: string }

/**
 * Makes the function that signs a token which says to the audit server who comes: a JWT (HS256) for five minutes with
 * the claims sub, company, name, iss, aud, iat, exp, jti. Throws if the secret is short.
 */
export function makeAuditLogToken({ tokenKey, issuer, audience }: TokenSettings): ((person: Person) => Promise<string>) {
  const key = new TextEncoder().encode(tokenKey)
  if (key.length < 32) {
    throw new Error(`The key that signs tokens for the audit server has ${key.length} bytes. Give at least 32 random bytes.`)
  }
  return ({ id, name, companyId }) =>
    new SignJWT({ company: companyId, name })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setSubject(id)
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime('5 min')
      .setJti(randomUUID())
      .sign(key)
}
