import { json, Router, urlencoded, type CookieOptions, type Request, type Response } from 'express'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { z } from 'zod'
import { readerSettings, type Identities, type Identity } from './identity.ts'
import { onlyBodies, onlyMethods, onlyUtf8, onlyUtf8Form } from './only.ts'
import { pageLanguage } from './page-language.ts'
import { Refusal } from './refusal.ts'
import { sessionCookie, sessionOf } from './request-identity.ts'
import { signedOutPage } from './signed-out-page.ts'
import { ownOrigin, refuseForeign } from './same-origin.ts'
import { inTransaction } from './transaction.ts'

export interface SessionOptions {
  readonly identities: Identities
  readonly pool: Pool
  /** Milliseconds. */
  readonly statementTimeout: number
  readonly requestId: (request: Request) => string
  readonly logger: Logger
  /** Told of everybody who signs in, before they get a session; throws to refuse it. */
  readonly limitPerson?: (request: Request, response: Response, identity: Identity) => Promise<void>
  readonly sessionSeconds: number
  /** Origins whose pages may sign a person in and out with a form. */
  readonly formOrigins: readonly string[]
}

// Below the log only: whatever it says, it cannot lead anywhere else.
const place = z.string().max(4_200).regex(/^(\/[a-z0-9-]{1,30})?(\?[^\s#\\]*)?$/i)
const handedOver = z.strictObject({ token: z.string(), next: place.optional().catch(undefined) })
const leaving = z.object({ next: z.string().max(4_200).optional().catch(undefined) })
const form = 'application/x-www-form-urlencoded'
const limit = '16kb'
/** Bytes that a browser keeps of a cookie with its name and attributes (RFC 6265, 6.1); a larger one it drops without a word. */
const largestCookie = 4_096

/**
 * `POST /session` turns a token of the host application into a cookie: from JSON `{token}` with 204, from a form with
 * 303 to the audit log, at the place below it that `next` names, such as `?object=customer/42`. `DELETE /session` takes the cookie
 * away and ends the session, so that a copy of the cookie is worth nothing. Signing in ends the session that was there before.
 * `POST /session/end` does what `DELETE /session` does for a form of the host application, when its person signs out there: 303 to `next`,
 * an address of the host application or of this server, or a plain page.
 */
export function makeSessionRouter({ identities, pool, statementTimeout, requestId, logger, limitPerson, sessionSeconds, formOrigins }: SessionOptions): Router {
  const router = Router({ caseSensitive: true, strict: true })
  router.use(onlyMethods('POST', 'DELETE'), refuseForeign(formOrigins))

  router.post('/', onlyBodies('application/json', form), json({ limit, verify: onlyUtf8, inflate: false }), urlencoded({ limit, verify: onlyUtf8Form, inflate: false, extended: false }), async (request, response) => {
    const body = handedOver.safeParse(request.body)
    if (!body.success) throw notHandedOver(request.body)
    const identity = await identities.verifyToken(body.data.token)
    await limitPerson?.(request, response, identity)
    giveSession(request, response, await identities.issueSession(identity))
    const before = await sessionOf(request, identities)
    // Whether a database that is away knows it or not, the person may come in: it reads nothing until it is back.
    await endSession(before, request).catch((error: unknown) => logger.warn({ id: requestId(request), err: error }, 'the session before this one could not be ended'))
    logger.info({ id: requestId(request), viewer: identity.viewerId, company: identity.companyId, address: request.ip }, 'somebody signed in')
    if (request.is(form)) response.redirect(303, `${request.baseUrl.replace(/\/session$/i, '')}/company/audit-log${body.data.next ?? ''}`)
    else response.status(204).end()
  })

  router.delete('/', async (request, response) => {
    await takeAway(request, response)
    response.status(204).end()
  })

  router.post('/end', onlyBodies(form), urlencoded({ limit, verify: onlyUtf8Form, inflate: false, extended: false }), async (request, response) => {
    await takeAway(request, response)
    const next = placeToGo(leaving.safeParse(request.body).data?.next, [...formOrigins, ownOrigin(request)])
    if (next === null) response.type('html').vary('accept-language').send(signedOutPage(pageLanguage(request)))
    else response.redirect(303, next)
  })
  return router

  /** Before the session before ends: whoever cannot have this one keeps that. */
  function giveSession(request: Request, response: Response, session: string): void {
    const others = response.getHeader('set-cookie')
    response.cookie(sessionCookie(request.secure), session, { ...cookieOptions(request), maxAge: sessionSeconds * 1_000 })
    const bytes = Buffer.byteLength(String([response.getHeader('set-cookie')].flat().at(-1)))
    if (bytes <= largestCookie) return
    response.removeHeader('set-cookie')
    if (others !== undefined) response.setHeader('set-cookie', others)
    throw tooLarge(bytes)
  }

  async function takeAway(request: Request, response: Response): Promise<void> {
    response.clearCookie(sessionCookie(request.secure), cookieOptions(request))
    await endSession(await sessionOf(request, identities), request).catch((cause: unknown) => { throw notEnded(cause) })
  }

  async function endSession(identity: Identity | null, request: Request): Promise<void> {
    const session = identity?.session
    if (!session) return
    await inTransaction(pool, readerSettings(identity, requestId(request), statementTimeout), (client) => client.query('select audit.end_session($1)', [session.endsAt]))
  }
}

/** Why a body hands no token over. */
function notHandedOver(body: unknown): Refusal {
  const token: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'token') : undefined
  const message = Array.isArray(token) ? 'The body holds more than one token.' : typeof token === 'string' ? 'The body holds something beside the token.' : 'The body holds no token.'
  return new Refusal({ status: 400, code: 'BAD_REQUEST', message, hint: 'Send {"token": "…"} as JSON, or token=… as a form, and nothing else but next.' })
}

/** An address on one of the origins, without a name or a password in it; null for any other. */
function placeToGo(next: string | undefined, origins: readonly string[]): string | null {
  if (next === undefined || !URL.canParse(next)) return null
  const { href, origin, username, password } = new URL(next)
  return origins.includes(origin) && username === '' && password === '' ? href : null
}

function tooLarge(bytes: number): Refusal {
  return new Refusal({
    status: 400, code: 'SESSION_TOO_LARGE', message: 'The session of this token is larger than a browser keeps.',
    detail: `Its cookie has ${bytes} bytes, of which ${largestCookie} are possible.`, hint: 'Sign a token with a shorter name, sub or company.',
  })
}

function notEnded(cause: unknown): Refusal {
  return new Refusal({
    status: 503, code: 'SESSION_NOT_ENDED', message: 'This browser is signed out, but a copy of its session would still be good.',
    hint: 'The database could not be reached. Sign in and out again in a few seconds.', headers: { 'retry-after': '5' }, cause,
  })
}

function cookieOptions(request: Request): CookieOptions {
  return { httpOnly: true, sameSite: 'lax', secure: request.secure, path: '/' }
}
