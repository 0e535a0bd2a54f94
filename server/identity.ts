import { createHmac, randomUUID } from 'node:crypto'
import { errors, jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import { Refusal } from './refusal.ts'
import { sources } from './event-filter.ts'

/** Who asks. It comes from a signed token and from nothing else. */
export interface Identity {
  readonly viewerId: string
  readonly companyId: string
  readonly name: string | null
  /** From where this person's deeds come, if the host application says so in its token; used when an export is reported. */
  readonly source: (typeof sources)[number]
}

/** Verifies tokens of the host application and sessions of this server. */
export interface Identities {
  /** @throws Refusal BAD_TOKEN (401) with an honest reason */
  readonly verifyToken: (token: string) => Promise<Identity>
  /** Signs a session for a person whose token was verified. */
  readonly issueSession: (identity: Identity) => Promise<string>
  /** Returns null for a session that is forged, broken or over: its owner is simply not signed in. */
  readonly verifySession: (session: string) => Promise<Identity | null>
}

export interface IdentitySettings {
  /** At least 32 bytes, shared with the host application. */
  readonly secret: string
  readonly issuer: string
  readonly audience: string
  readonly sessionSeconds: number
}

const longest = 500
const name = z.string().max(longest).refine((value) => value.isWellFormed() && !value.includes('\0'))
const identifier = z.union([name.min(1), z.int().transform(String)])
const claims = z.object({ sub: identifier, company: identifier, name: name.optional(), source: z.enum(sources).optional() })

const sessionType = 'audit-session+jwt'

export function makeIdentities({ secret, issuer, audience, sessionSeconds }: IdentitySettings): Identities {
  const tokenKey = new TextEncoder().encode(secret)
  if (tokenKey.length < 32) throw new Error(`The token secret has ${tokenKey.length} bytes. Give at least 32 random bytes in TOKEN_SECRET.`)
  // A key of its own, so that neither can ever be taken for the other.
  const sessionKey = createHmac('sha256', tokenKey).update('audit log session').digest()

  return {
    async verifyToken(token) {
      try {
        const { payload } = await jwtVerify(token, tokenKey, {
          algorithms: ['HS256'], issuer, audience, typ: 'JWT', requiredClaims: ['sub', 'exp', 'company'], clockTolerance: 5,
        })
        return identityOf(payload)
      } catch (error) {
        throw badToken(error)
      }
    },

    issueSession({ viewerId, companyId, name, source }) {
      return new SignJWT({ company: companyId, source, ...(name !== null && { name }) })
        .setProtectedHeader({ alg: 'HS256', typ: sessionType })
        .setSubject(viewerId)
        .setIssuer('audit-log')
        .setAudience('audit-log')
        .setJti(randomUUID())
        .setIssuedAt()
        .setExpirationTime(`${sessionSeconds} s`)
        .sign(sessionKey)
    },

    async verifySession(session) {
      try {
        const { payload } = await jwtVerify(session, sessionKey, {
          algorithms: ['HS256'], issuer: 'audit-log', audience: 'audit-log', typ: sessionType, requiredClaims: ['sub', 'exp', 'company'],
        })
        return identityOf(payload)
      } catch {
        return null
      }
    },
  }
}

/**
 * The transaction-local settings under which a reading request runs. The role is a constant; of the identity only person
 * and company are taken, whatever else the token says.
 * @param statementTimeout milliseconds
 */
export function readerSettings(identity: Identity | null, requestId: string, statementTimeout: number) {
  return {
    role: 'audit_admin',
    'audit.company_id': identity?.companyId ?? '',
    'audit.viewer_id': identity?.viewerId ?? '',
    'audit.request_id': requestId,
    statement_timeout: String(statementTimeout),
  }
}

function identityOf(payload: unknown): Identity {
  const { sub, company, name, source } = claims.parse(payload)
  return { viewerId: sub, companyId: company, name: name ?? null, source: source ?? 'app' }
}

function badToken(error: unknown): Refusal {
  return new Refusal({
    status: 401,
    code: 'BAD_TOKEN',
    message: 'The token of the host application is not accepted.',
    detail: reason(error),
    hint: 'Open the audit log from the host application again.',
    headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
    cause: error,
  })
}

function reason(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'It has expired.'
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.reason === 'missing' ? `Its ${error.claim} is missing.` : `Its ${error.claim} is not the expected one.`
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'Its signature is not made with the agreed secret.'
  if (error instanceof errors.JOSEAlgNotAllowed) return 'It is not signed with HS256.'
  if (error instanceof z.ZodError) return `Its ${error.issues.map(({ path }) => path.join('.')).join(', ')} cannot be used.`
  return 'It is not a signed JSON Web Token.'
}
