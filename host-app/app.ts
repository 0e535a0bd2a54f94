import { isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import express from 'express'
import type { ErrorRequestHandler, Express } from 'express'
import helmet from 'helmet'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { makeAccountPages } from './account-pages.ts'
import { makeAdminTool } from './admin-tool.ts'
import { makeApi } from './api.ts'
import { makeAuditLogToken } from './audit-log-token.ts'
import type { TokenSettings } from './audit-log-token.ts'
import { makeCookies } from './cookies.ts'
import { makeFlash } from './flash.ts'
import { html } from './html.ts'
import { sendPage } from './layout.ts'
import { makeLogSession } from './log-session.ts'
import { makePages } from './pages.ts'
import { Refusal } from './refusal.ts'
import { sameOrigin } from './same-origin.ts'
import { makeSession } from './session.ts'

/** A pool for each login: pages, HTTP API, admin tool, nightly job. Each has a listener for errors. */
export type HostPools = {
  readonly app: Pool
  readonly api: Pool
  readonly adminTool: Pool
  readonly job: Pool
}

/** What the host application needs; `auditServerUrl` is the address at which a browser finds the audit server. */
export type HostAppSettings = TokenSettings & {
  readonly pools: HostPools
  readonly auditServerUrl: string
  readonly logger: Pick<Logger, 'error'>
}

const contentSecurityPolicy = (auditServerUrl: string) => ({
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    styleSrc: ["'self'"],
    scriptSrc: ["'self'"],
    imgSrc: ["'self'"],
    formAction: ["'self'", new URL(auditServerUrl).origin],
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
  },
})

function statusOf(error: unknown): number {
  const status: unknown = error instanceof Error && 'status' in error ? error.status : undefined
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500
}

/** For the reader of forms, which would put U+FFFD in place of bytes that are not UTF-8. */
function onlyUtf8(_request: unknown, _response: unknown, body: Buffer): void {
  if (!isUtf8(body)) throw new Refusal(400, 'The form is not UTF-8. Send it in UTF-8.')
}

const makeErrorHandler =
  (logger: Pick<Logger, 'error'>): ErrorRequestHandler =>
  (error, request, response, next) => {
    if (response.headersSent) {
      next(error)
      return
    }
    const status = statusOf(error)
    const errorId = randomUUID()
    if (status === 500) logger.error({ err: error, errorId }, 'Konsultboard could not answer a request')
    const message =
      status === 500
        ? `Something went wrong here. It is noted as ${errorId}.`
        : error instanceof Refusal
          ? error.message
          : 'This request is not right.'
    response.status(status)
    if (request.path.startsWith('/api/')) {
      response.json({ error: message })
      return
    }
    const body = html`
      <section class="card">
        <h1>This did not work</h1>
        <p>${message}</p>
        <p><a class="button" href="/">Back to the start</a></p>
      </section>`
    sendPage(response, { title: 'This did not work', body })
  }

/**
 * Makes Konsultboard, the demonstration host application: an express application that listens nowhere yet.
 * It lives at the root of its own origin. Throws if `tokenKey` is shorter than 32 bytes.
 */
export function makeHostApp({ pools, auditServerUrl, logger, tokenKey, issuer, audience }: HostAppSettings): Express {
  const auditLogToken = makeAuditLogToken({ tokenKey, issuer, audience })
  const cookies = makeCookies(tokenKey)
  const session = makeSession(pools.app, cookies)
  const flash = makeFlash(cookies)
  const logSession = makeLogSession(cookies, auditServerUrl)

  const app = express()
  app.disable('x-powered-by')
  app.use(
    helmet({
      contentSecurityPolicy: contentSecurityPolicy(auditServerUrl),
      // Without a referrer, browsers send "Origin: null" with forms, and nobody could tell where they come from.
      referrerPolicy: { policy: 'strict-origin-when-cross-origin' },
    }),
  )
  app.use('/static', express.static(fileURLToPath(new URL('./static', import.meta.url)), { index: false, maxAge: '1h' }))
  app.use((_request, response, next) => {
    response.set('Cache-Control', 'no-store')
    next()
  })
  app.use('/api', makeApi(pools.api))
  app.use(sameOrigin, express.urlencoded({ extended: false, limit: '16kb', verify: onlyUtf8 }))
  app.use(makeAccountPages({ pool: pools.app, session, logSession, flash, auditServerUrl, auditLogToken }))
  app.use('/admin-tool', makeAdminTool({ pool: pools.adminTool, jobPool: pools.job, session, flash }))
  app.use(makePages(pools.app, session, flash))
  app.use(() => {
    throw new Refusal(404, 'There is no such page.')
  })
  app.use(makeErrorHandler(logger))
  return app
}
