import { createHmac, randomUUID } from 'node:crypto'
import { jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import { badToken, isAboutToken, makeKeySource, type TokenKey } from './token-key.ts'
import { changeOfIdentifier } from './identifier.ts'
import { Refusal } from './refusal.ts'
import { sources } from './event-filter.ts'

/** Who asks. It comes from a signed token and from nothing else. */
export interface Identity {
  readonly viewerId: string
  readonly companyId: string
  readonly name: string | null
  /** From where this person's deeds come, if the host application says so in its token; used when an export is reported. */
  readonly source: (typeof sources)[number]
  /** The session of a browser, so that it can be ended; null for a program with a token. */
  readonly session: { readonly id: string; readonly endsAt: Date } | null
}

/** Verifies tokens of the host application and sessions of this server. */
export interface Identities {
  /** @throws Refusal BAD_TOKEN (401) with an honest reason, or TOKEN_KEYS_UNAVAILABLE (503) */
  readonly verifyToken: (token: string) => Promise<Identity>
  /** Signs a session for a person whose token was verified, each time under a new identifier. */
  readonly issueSession: (identity: Identity) => Promise<string>
  /** Returns null for a session that is forged, broken or over: its owner is simply not signed in. Whether it was ended before its time is asked in the database. */
  readonly verifySession: (session: string) => Promise<Identity | null>
}

export interface IdentitySettings {
  /** At least 32 bytes. It signs the sessions, and without `key` it is also what the host application signs its tokens with (HS256). */
  readonly secret: string
  /** With what the host application signs its tokens, if that is not `secret`. */
  readonly key?: TokenKey
  readonly issuer: string
  readonly audience: string
  /** What the header typ of a token must say. Default: JWT. */
  readonly type?: string
  /** How old a token may be, in seconds; one that does not say when it was issued may not be valid for longer. Default: a day. */
  readonly maxAge?: number
  /** How far the clocks of the host application and of this server may be apart, in seconds. Default: 5. */
  readonly clockTolerance?: number
  readonly sessionSeconds: number
}

const longest = 500
/** Characters of a token, whichever way it comes; headers of more than 16 KB Node does not read. */
const longestToken = 8_192
const name = z.string().max(longest).refine((value) => value.isWellFormed() && !value.includes('\0'), 'cannot be used')
/** Kept as it is wherever it is recorded: of ' 1 ' the log would say 1, who is somebody else to whoever reads. */
const identifier = z.union([name.min(1), z.int().transform(String)]).refine((id) => changeOfIdentifier(id) === null, { error: ({ input }) => changeOfIdentifier(String(input)) ?? '' })
const claims = z.object({ sub: identifier, company: identifier, name: name.nullish(), source: z.enum(sources).nullish() })
const sessionClaims = z.object({ jti: z.string().max(100), exp: z.int() })

const sessionType = 'audit-session+jwt'

/** @throws Error if the secret is short or a key does not fit its algorithm */
export function makeIdentities(settings: IdentitySettings): Identities {
  const { secret, issuer, audience, sessionSeconds, type = 'JWT', maxAge = 86_400, clockTolerance = 5 } = settings
  const secretBytes = new TextEncoder().encode(secret)
  if (secretBytes.length < 32) throw new Error(`The token secret has ${secretBytes.length} bytes. Give at least 32 random bytes in TOKEN_SECRET.`)
  // Without them the library would not look at the claims at all.
  if (!issuer || !audience) throw new Error('The issuer and the audience of tokens are not set. Give what their claims iss and aud must say.')
  const tokenKey = settings.key ?? { algorithm: 'HS256', secret }
  const keySource = makeKeySource(tokenKey)
  // A key of its own, so that neither can ever be taken for the other.
  const sessionKey = createHmac('sha256', secretBytes).update('audit log session').digest()

  return {
    async verifyToken(token) {
      if (token.length > longestToken) throw badToken(`It is longer than ${longestToken} characters.`)
      try {
        const { payload } = await jwtVerify(token, keySource, {
          algorithms: [tokenKey.algorithm], issuer, audience, typ: type, requiredClaims: ['sub', 'exp', 'company'], clockTolerance,
        })
        refuseOld(payload, maxAge, clockTolerance)
        return { ...personOf(payload), session: null }
      } catch (error) {
        throw error instanceof Refusal || !isAboutToken(error) ? error : badToken(error, tokenKey.algorithm)
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
          algorithms: ['HS256'], issuer: 'audit-log', audience: 'audit-log', typ: sessionType, requiredClaims: ['sub', 'exp', 'company', 'jti'],
        })
        const { jti, exp } = sessionClaims.parse(payload)
        return { ...personOf(payload), session: { id: jti, endsAt: new Date(exp * 1_000) } }
      } catch {
        return null
      }
    },
  }
}

/**
 * The transaction-local settings under which a reading request runs. The role is a constant; of the identity only person,
 * company and session are taken, whatever else the token says.
 * @param statementTimeout milliseconds
 */
export function readerSettings(identity: Identity | null, requestId: string, statementTimeout: number) {
  return {
    role: 'audit_admin',
    'audit.company_id': identity?.companyId ?? '',
    'audit.viewer_id': identity?.viewerId ?? '',
    'audit.session_id': identity?.session?.id ?? '',
    'audit.request_id': requestId,
    statement_timeout: String(statementTimeout),
    // Functions of the log hold patterns with backslashes; a database may have been set up in the old way.
    standard_conforming_strings: 'on',
  }
}

function personOf(payload: unknown): Omit<Identity, 'session'> {
  const { sub, company, name, source } = claims.parse(payload)
  return { viewerId: sub, companyId: company, name: name ?? null, source: source ?? 'app' }
}

/** All times are in seconds. */
function refuseOld({ iat, exp = Infinity }: { iat?: number; exp?: number }, maxAge: number, clockTolerance: number): void {
  const now = Math.floor(Date.now() / 1_000)
  if (iat === undefined) {
    if (exp > now + maxAge + clockTolerance) throw badToken(`It does not say when it was issued, and is valid for longer than ${maxAge} seconds.`)
    return
  }
  if (iat > now + clockTolerance) throw badToken('It was issued in the future: compare the clocks.')
  if (iat < now - maxAge - clockTolerance) throw badToken(`It is older than ${maxAge} seconds.`)
}
