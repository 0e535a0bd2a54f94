import { json, Router, urlencoded, type CookieOptions, type Request } from 'express'
import { z } from 'zod'
import type { Identities } from './identity.ts'
import { onlyBodies, onlyMethods } from './only.ts'
import { Refusal } from './refusal.ts'
import { sessionCookie } from './request-identity.ts'
import { refuseForeign } from './same-origin.ts'

export interface SessionOptions {
  readonly identities: Identities
  readonly sessionSeconds: number
  /** Origins whose pages may post a token with a form. */
  readonly formOrigins: readonly string[]
}

const handedOver = z.strictObject({ token: z.string().max(8_192) })
const form = 'application/x-www-form-urlencoded'
const limit = '16kb'

/**
 * `POST /session` turns a token of the host application into a cookie: from JSON `{token}` with 204, from a form with
 * 303 to the audit log. `DELETE /session` takes the cookie away.
 */
export function makeSessionRouter({ identities, sessionSeconds, formOrigins }: SessionOptions): Router {
  const router = Router()
  router.use(onlyMethods('POST', 'DELETE'), refuseForeign(formOrigins))

  router.post('/', onlyBodies('application/json', form), json({ limit, inflate: false }), urlencoded({ limit, inflate: false, extended: false }), async (request, response) => {
    const body = handedOver.safeParse(request.body)
    if (!body.success) {
      throw new Refusal({ status: 400, code: 'BAD_REQUEST', message: 'The body holds no token.', hint: 'Send {"token": "…"} as JSON, or token=… as a form, and nothing else.' })
    }
    const identity = await identities.verifyToken(body.data.token)
    response.cookie(sessionCookie(request.secure), await identities.issueSession(identity), { ...cookieOptions(request), maxAge: sessionSeconds * 1_000 })
    response.set('cache-control', 'no-store')
    if (request.is(form)) response.redirect(303, '/company/audit-log')
    else response.status(204).end()
  })

  router.delete('/', (request, response) => {
    response.clearCookie(sessionCookie(request.secure), cookieOptions(request))
    response.set('cache-control', 'no-store').status(204).end()
  })
  return router
}

function cookieOptions(request: Request): CookieOptions {
  return { httpOnly: true, sameSite: 'lax', secure: request.secure, path: '/' }
}
