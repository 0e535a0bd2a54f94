import express, { type Express } from 'express'
import helmet from 'helmet'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { pinoHttp } from 'pino-http'
import type { Config } from './config.ts'
import { endInTime } from './deadline.ts'
import { makeErrorHandler } from './error-handler.ts'
import { makeExportQueue, makeExports } from './export.ts'
import { rowsOfSheet } from './export/workbook.ts'
import { makeExportsRouter } from './exports-api.ts'
import { makeFigures } from './figures.ts'
import { makeFitness } from './fitness.ts'
import { makeGraphql } from './graphql.ts'
import { makeReaderQueue } from './graphql/reader-client.ts'
import { trustScreens } from './graphql/trusted-documents.ts'
import { readerSettings, type Identities } from './identity.ts'
import { makeMetrics, type Metrics } from './metrics.ts'
import { serveMetrics, type MetricsAccess } from './metrics-access.ts'
import { onlyMethods, refuseAmbiguous, refuseCrooked, refuseNameless, refuseOversized } from './only.ts'
import { noteOtherCompany } from './other-company.ts'
import { makeRateLimits } from './rate-limit.ts'
import { filterOfAddress, makeReadings, noteReadings } from './readings.ts'
import { Refusal } from './refusal.ts'
import { makeQuestionRouter } from './question-api.ts'
import { makeLeftOutRouter, makeRecordingRouter } from './recording.ts'
import { describeRequest, newRequestId, requestId } from './request-id.ts'
import { sayForWhom } from './request-identity.ts'
import { refuseForeign } from './same-origin.ts'
import { makeSavedViewsRouter } from './saved-views.ts'
import { builtScreens, serveScreens } from './screens.ts'
import { makeSessionRouter } from './session.ts'
import { inTransaction } from './transaction.ts'

export interface AuditServerOptions {
  readonly config: Pick<Config, 'hostAppOrigins' | 'sessionSeconds' | 'statementTimeout' | 'exportTimeout' | 'exportStall' | 'exportWait' | 'exportQueueSize' | 'exportPoolSize'
    | 'requestsPerMinute' | 'signInsPerMinute' | 'readsPerMinute' | 'searchesPerMinute' | 'exportsPerMinute'
    | 'graphqlDocuments' | 'graphqlApiClients' | 'introspection' | 'appearance'> & { readonly trustProxy?: Config['trustProxy'] | undefined }
  readonly identities: Identities
  readonly pools: { readonly interactive: Pool; readonly exports: Pool }
  readonly logger: Logger
  /** Folder of the built screens; admin-ui/dist by default. */
  readonly screens?: string
  /** How many rows a sheet of an exported workbook takes. Default: as many as Excel shows, 1,048,575. */
  readonly rowsPerSheet?: number
  /** Who may read /metrics here. Default: nobody. */
  readonly metricsAccess?: MetricsAccess
  /** Whether the metrics tell of the whole process: only where it is the audit log's own. */
  readonly withProcess?: boolean
}

export interface AuditServer {
  readonly app: Express
  readonly metrics: Metrics
  /** The GraphQL schema as SDL. */
  readonly printSchema: () => Promise<string>
  /** Breaks off exports, and lets none begin any more: whoever ends the server calls it before the connections are cut off, or each would look as if its reader had left. */
  readonly breakOffExports: () => void
  /** Lets go of the schema, and records the readings that still wait. The pools belong to the caller. */
  readonly close: () => Promise<void>
}

/**
 * Every route of the audit log as an express application, without listening: to be served alone, or mounted into another
 * one under any path. It changes nothing of the process, starts while the database is away and recovers by itself.
 */
export async function makeAuditServer({ config, identities, pools, logger, screens = builtScreens, rowsPerSheet = rowsOfSheet, metricsAccess = 'off', withProcess = false }: AuditServerOptions): Promise<AuditServer> {
  const { statementTimeout, exportTimeout, sessionSeconds, introspection } = config
  const fitness = makeFitness(pools.interactive, logger)
  const queues = {
    interactive: makeReaderQueue(pools.interactive),
    exports: makeExportQueue({ running: config.exportPoolSize, waiting: config.exportQueueSize, patience: config.exportWait }),
  }
  const metrics = makeMetrics({ pools, queues, figures: makeFigures(pools.interactive, logger), withProcess })
  const answerError = makeErrorHandler(logger, metrics.refused)
  const limits = makeRateLimits(config, logger)
  const readings = makeReadings({ pool: pools.interactive, statementTimeout, logger })
  const trustedDocuments = config.graphqlDocuments === 'screens' ? await trustScreens(screens, config.graphqlApiClients) : undefined
  const graphql = makeGraphql({ identities, pool: pools.interactive, queue: queues.interactive, statementTimeout, introspection, trustedDocuments, limits, readings, whenFit: fitness.whenFit, requestId, refused: metrics.refused, logger })

  const app = express()
  app.disable('x-powered-by')
  // Mounted into another application it believes the proxies that that one believes.
  if (config.trustProxy !== undefined) app.set('trust proxy', config.trustProxy)
  app.set('etag', false)
  // A rule of a proxy about /metrics shall not be got round by /Metrics or /metrics/.
  app.enable('case sensitive routing').enable('strict routing')
  app.use(pinoHttp({ logger, genReqId: newRequestId, serializers: { req: describeRequest, res: ({ statusCode }: { statusCode: number }) => ({ statusCode }) } }))
  app.use(helmet({
    contentSecurityPolicy: { useDefaults: false, directives: contentSecurity },
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    referrerPolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
  }))
  // Nothing of what is answered may be kept by anybody; the files of the screens say otherwise.
  app.use((_request, response, next) => {
    response.set('cache-control', 'no-store')
    next()
  })
  app.use(metrics.measure)
  app.use(/^(?!\/export\/)/, endInTime(statementTimeout + patience, (refusal, request, response) => answerError(refusal, request, response, () => undefined)))
  app.use(refuseCrooked)
  app.get('/livez', (_request, response) => void response.json({ status: 'ok' }))
  const isReadable = oneAtATime(async (id: string) => {
    await fitness.check()
    // Under the policy and the role of a reader, so that grants and functions are tried too.
    await inTransaction(pools.interactive, readerSettings(null, id, statementTimeout), (client) => client.query('select id from audit.event limit 1'))
  })
  app.get('/readyz', async (request, response) => {
    await isReadable(requestId(request))
    if (!graphql.isReady()) throw notReady()
    response.json({ status: 'ok' })
  })
  app.get('/metrics', serveMetrics(metrics, metricsAccess))
  app.use(refuseNameless)
  app.use(refuseOversized, refuseAmbiguous, limits.address, noteOtherCompany({ identities, requestId, logger }))
  app.use('/session', limits.signInAddress, makeSessionRouter({
    identities, pool: pools.interactive, statementTimeout, requestId, logger, sessionSeconds, formOrigins: config.hostAppOrigins,
    limitPerson: (request, response, identity) => limits.person('sign_in', request, response, identity),
  }))
  const forWhom = sayForWhom(identities)
  const noting = { readings, identities, requestId }
  const exports = makeExports({
    identities, exportPool: pools.exports, pool: pools.interactive, statementTimeout, exportTimeout, stallTimeout: config.exportStall,
    queue: queues.exports, rowsPerSheet, requestId, logger,
  })
  // In front of all that counts or notes: the page of another site must not use up what a person may ask for, or have them recorded as a reader.
  const ours = refuseForeign()
  app.use('/export', ours, limits.reader('export', identities), forWhom, noteReadings(noting, 'export', filterOfAddress), exports.router)
  app.use('/exports', onlyMethods('POST'), limits.reader('export', identities), makeExportsRouter({ identities, pool: pools.interactive, statementTimeout, requestId }))
  app.use('/views', ours, limits.reader('read', identities), forWhom, noteReadings(noting, 'views'), makeSavedViewsRouter({ identities, pool: pools.interactive, statementTimeout, requestId }))
  app.use('/recording', ours, limits.reader('read', identities), forWhom, noteReadings(noting, 'recording'), makeRecordingRouter({ identities, pool: pools.interactive, statementTimeout, requestId }))
  app.use('/left-out', ours, limits.reader('read', identities), forWhom, makeLeftOutRouter({ identities, pool: pools.interactive, statementTimeout, requestId }))
  app.use('/question', ours, limits.reader('read', identities), forWhom, makeQuestionRouter({ identities, pool: pools.interactive, statementTimeout, requestId }))
  app.use(graphql.router)
  app.use(serveScreens(screens, config.appearance))
  app.use(() => { throw new Refusal({ status: 404, code: 'NOT_FOUND', message: 'There is nothing at this address.' }) })
  app.use(answerError)
  return { app, metrics, printSchema: graphql.printSchema, breakOffExports: exports.breakOff, close: () => Promise.all([graphql.close(), readings.close(), exports.close()]).then(() => undefined) }
}

/** How much longer than a statement a request may take, connection and all, in milliseconds. */
const patience = 1_500

/** Everything comes from our own files; what the component library styles at run time goes into constructed style sheets, which need no exception. */
export const contentSecurity = {
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

/** Whoever asks while the answer is on its way gets the same: nobody is known and counted here, and many at once must not take the connections of readers. */
function oneAtATime(ask: (id: string) => Promise<void>): (id: string) => Promise<void> {
  let asked: Promise<void> | null = null
  return (id) => (asked ??= ask(id).finally(() => { asked = null }))
}

function notReady(): Refusal {
  return new Refusal({ status: 503, code: 'NOT_READY', message: 'The GraphQL schema is not built yet.', headers: { 'retry-after': '5' } })
}
