import './graphile-production.ts'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { fileURLToPath } from 'node:url'
import express, { static as serveFolder, type ErrorRequestHandler, type Express, type Request, type RequestHandler } from 'express'
import { rateLimit } from 'express-rate-limit'
import helmet from 'helmet'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { pinoHttp } from 'pino-http'
import type { Config } from './config.ts'
import { refusalOf } from './database-error.ts'
import { makeExportRouter } from './export.ts'
import { makeExportsRouter } from './exports-api.ts'
import { makeGraphql } from './graphql.ts'
import { readerSettings, type Identities } from './identity.ts'
import { errorPage } from './error-page.ts'
import { Refusal } from './refusal.ts'
import { makeSessionRouter } from './session.ts'
import { inTransaction } from './transaction.ts'

export interface AuditServerOptions {
  readonly config: Pick<Config, 'hostAppOrigins' | 'sessionSeconds' | 'statementTimeout' | 'exportTimeout'
    | 'requestsPerMinute' | 'signInsPerMinute' | 'introspection' | 'trustProxy'>
  readonly identities: Identities
  readonly pools: { readonly interactive: Pool; readonly exports: Pool }
  readonly logger: Logger
  /** Folder of the built screens; admin-ui/dist by default. */
  readonly screens?: string
}

export interface AuditServer {
  readonly app: Express
  /** The GraphQL schema as SDL. */
  readonly printSchema: () => Promise<string>
  /** Lets go of the schema. The pools belong to the caller. */
  readonly close: () => Promise<void>
}

const defaultScreens = fileURLToPath(new URL('../admin-ui/dist', import.meta.url))

/** The audit server as an express application, without listening. It starts while the database is away and recovers by itself. */
export async function makeAuditServer({ config, identities, pools, logger, screens = defaultScreens }: AuditServerOptions): Promise<AuditServer> {
  const { statementTimeout, exportTimeout, sessionSeconds, introspection } = config
  const graphql = await makeGraphql({ identities, pool: pools.interactive, statementTimeout, introspection, requestId, logger })

  const app = express()
  app.disable('x-powered-by')
  app.set('trust proxy', config.trustProxy)
  app.set('etag', false)
  app.use(pinoHttp({ logger, genReqId: newRequestId, serializers: { req: describeRequest, res: ({ statusCode }: { statusCode: number }) => ({ statusCode }) } }))
  app.use(helmet({
    contentSecurityPolicy: { useDefaults: false, directives: contentSecurity },
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    referrerPolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
  }))
  app.get('/livez', (_request, response) => void response.json({ status: 'ok' }))
  app.get('/readyz', async (request, response) => {
    // Under the policy and the role of a reader, so that grants and functions are tried too.
    await inTransaction(pools.interactive, readerSettings(null, requestId(request), statementTimeout), (client) => client.query('select id from audit.event limit 1'))
    if (!graphql.isReady()) throw notReady()
    response.json({ status: 'ok' })
  })
  app.use(limitPerMinute(config.requestsPerMinute))
  app.use('/session', limitPerMinute(config.signInsPerMinute), makeSessionRouter({ identities, sessionSeconds, formOrigins: config.hostAppOrigins }))
  app.use('/export', makeExportRouter({ identities, exportPool: pools.exports, pool: pools.interactive, statementTimeout, exportTimeout, requestId, logger }))
  app.use('/exports', makeExportsRouter({ identities, pool: pools.interactive, statementTimeout }))
  app.use(graphql.router)
  app.use(serveScreens(screens))
  app.use(() => { throw new Refusal({ status: 404, code: 'NOT_FOUND', message: 'There is nothing at this address.' }) })
  app.use(makeErrorHandler(logger))
  return { app, printSchema: graphql.printSchema, close: graphql.close }
}

/** Everything comes from our own files; what the component library styles at run time goes into constructed style sheets, which need no exception. */
const contentSecurity = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'"],
  'font-src': ["'self'"],
  'connect-src': ["'self'"],
  'manifest-src': ["'self'"],
  'form-action': ["'self'"],
  'frame-ancestors': ["'none'"],
  'base-uri': ["'none'"],
}

function serveScreens(folder: string): RequestHandler {
  const router = express.Router()
  router.use(serveFolder(folder, {
    index: false, redirect: false, dotfiles: 'ignore',
    setHeaders: (response, path) => void response.setHeader('cache-control', path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'),
  }))
  router.get(['/', '/company{/*page}'], (_request, response, next) => {
    if (!existsSync(`${folder}/index.html`)) {
      throw new Refusal({ status: 503, code: 'NOT_BUILT', message: 'The screens are not built.', hint: 'npm start builds them.' })
    }
    response.set('cache-control', 'no-cache').sendFile('index.html', { root: folder }, (error) => error && next(error))
  })
  return router
}

function limitPerMinute(limit: number): RequestHandler {
  return rateLimit({
    windowMs: 60_000, limit, standardHeaders: 'draft-8', legacyHeaders: false,
    handler: (_request, _response, next) => next(new Refusal({
      status: 429, code: 'TOO_MANY_REQUESTS', message: 'Too many requests from this address.', hint: `${limit} a minute are allowed. Try again in a minute.`,
      headers: { 'retry-after': '60' },
    })),
  })
}

function makeErrorHandler(logger: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const refusal = refusalOf(error) ?? requestRefusal(error)
    const id = requestId(request)
    if (refusal === null || refusal.status >= 500) logger.error({ id, err: error }, 'a request failed')
    if (response.headersSent) return void response.destroy()
    const { status, code, message, detail, hint, headers } = refusal ?? unknownError
    response.status(status).set({ ...headers, 'cache-control': 'no-store', vary: 'accept' })
    const body = { error: { code, message, ...(detail && { detail }), ...(hint && { hint }), id } }
    if (request.accepts(['json', 'html']) === 'html') response.type('html').send(errorPage(body.error))
    else response.json(body)
  }
}

const unknownError = new Refusal({ status: 500, code: 'INTERNAL', message: 'Something went wrong on the server.', hint: 'Its log has the reason under this id.' })

/** What express and its body parsers found wrong with a request. */
function requestRefusal(error: unknown): Refusal | null {
  const status: unknown = error instanceof Error ? Reflect.get(error, 'status') : undefined
  if (typeof status !== 'number' || status < 400 || status > 499) return null
  const known: Record<number, { code: string; message: string }> = {
    400: { code: 'BAD_REQUEST', message: 'The request cannot be read.' },
    413: { code: 'TOO_LARGE', message: 'The body is too large.' },
    415: { code: 'UNSUPPORTED_TYPE', message: 'A body of this type is not read.' },
  }
  return new Refusal({ status, ...(known[status] ?? { code: 'BAD_REQUEST', message: 'The request cannot be read.' }), cause: error })
}

function notReady(): Refusal {
  return new Refusal({ status: 503, code: 'NOT_READY', message: 'The GraphQL schema is not built yet.', headers: { 'retry-after': '5' } })
}

function newRequestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && /^[\w.:-]{1,100}$/.test(given) ? given : randomUUID()
}

function requestId(request: IncomingMessage | Request): string {
  return String(request.id)
}

/** Query strings and headers hold names and tokens; the log gets neither. */
function describeRequest({ id, method, url }: { id: unknown; method: string; url: string }) {
  return { id, method, path: url.replace(/\?.*$/s, '') }
}
