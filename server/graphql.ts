import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import express, { json, type Express, type Request, type RequestHandler, type Response } from 'express'
import { printSchema } from 'postgraphile/graphql'
import { postgraphile } from 'postgraphile'
import { grafserv } from 'postgraphile/grafserv/express/v4'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { FairQueue } from './fair-queue.ts'
import type { Fitness } from './fitness.ts'
import { refusalOf } from './database-error.ts'
import { isSearch, readAsked, readsOf, type Asked } from './graphql/document.ts'
import { makeMaskError } from './graphql/errors.ts'
import { makePreset } from './graphql/preset.ts'
import { makeReaderService, type ReaderRequest } from './graphql/reader-client.ts'
import type { TrustedDocuments } from './graphql/trusted-documents.ts'
import { readerSettings, type Identities, type Identity } from './identity.ts'
import { onlyBodies, onlyMethods, onlyUtf8 } from './only.ts'
import type { RateLimits } from './rate-limit.ts'
import type { Readings } from './readings.ts'
import { Refusal } from './refusal.ts'
import { bearerToken, identify } from './request-identity.ts'
import { refuseForeign } from './same-origin.ts'

export interface GraphqlOptions {
  readonly identities: Identities
  readonly pool: Pool
  /** Where queries wait for a connection of it. */
  readonly queue: FairQueue
  /** Milliseconds. */
  readonly statementTimeout: number
  /** Whether the schema may be asked for. */
  readonly introspection: boolean
  /** Which documents are answered; every one if it is left out. */
  readonly trustedDocuments?: TrustedDocuments | undefined
  readonly limits: Pick<RateLimits, 'person'>
  readonly readings: Readings
  /** Resolves once the database has what the schema is built from. */
  readonly whenFit: Fitness['whenFit']
  readonly requestId: (request: IncomingMessage) => string
  /** Told the code of each error that a document caused, and why whoever sent it may not read. */
  readonly refused: (code: string) => void
  readonly logger: Logger
}

export interface Graphql {
  readonly router: Express
  /** Whether the schema has been built, for which the database must have answered once. */
  readonly isReady: () => boolean
  /** The schema as SDL, once it can be built. */
  readonly printSchema: () => Promise<string>
  readonly close: () => Promise<void>
}

/** `POST /graphql`: PostGraphile over schema audit, read-only, one JSON operation a request, from our own pages or programs. */
export function makeGraphql({ identities, pool, queue, statementTimeout, introspection, trustedDocuments, limits, readings, whenFit, requestId, refused, logger }: GraphqlOptions): Graphql {
  const identityOf = new WeakMap<IncomingMessage, Identity>()
  const askedOf = new WeakMap<IncomingMessage, Asked>()
  const requestBySettings = new WeakMap<object, ReaderRequest>()
  const failureOf = new WeakMap<IncomingMessage, Refusal>()
  const closing = new AbortController()
  let isBuilt = false

  // PostGraphile wants to be added to an application. As one that is mounted, it knows the proxies that the outer one trusts.
  const router = express().disable('x-powered-by').enable('case sensitive routing').enable('strict routing')
  const preset = makePreset({
    service: makeReaderService(pool, queue, (settings) => requestBySettings.get(settings)),
    rules: { introspection },
    failureOf: (request) => failureOf.get(request),
    onRefused: (codes) => codes.forEach(refused),
    settingsOf: ({ expressv4 }) => {
      if (!expressv4) throw new Error('A GraphQL request did not come through express.')
      const { req, res } = expressv4
      const identity = identityOf.get(req) ?? null
      const settings = readerSettings(identity, requestId(req), statementTimeout)
      // Whoever is not signed in is let in like one person of one company.
      const who = { companyId: identity?.companyId ?? '', personId: identity?.viewerId ?? '' }
      requestBySettings.set(settings, { who, signal: goneSignal(res), onAccess: (access) => noteAccess(req, access), onFailure: (error) => noteFailure(req, error) })
      return settings
    },
    maskError: makeMaskError((error, refusal) => {
      const id = crypto.randomUUID()
      logger[refusal !== null && refusal.status < 500 ? 'debug' : 'error']({ id, err: error }, 'a GraphQL request failed')
      return id
    }),
    notReady: async (error, attempts) => {
      logger.warn({ attempts, err: error }, 'the GraphQL schema cannot be built yet')
      await sleep(500, undefined, { signal: closing.signal })
      await whenFit(closing.signal)
    },
  })

  // Built from a database of another version it would stay wrong for as long as this process runs.
  const built = whenFit(closing.signal).then(async () => {
    const instance = postgraphile(preset)
    await instance.createServ(grafserv).addTo(router, null, false)
    return { instance, schema: await instance.getSchema() }
  })
  built.then(() => { isBuilt = true }, (error: unknown) => {
    if (!closing.signal.aborted) logger.fatal({ err: error }, 'the GraphQL schema cannot be built')
  })

  const signIn: RequestHandler = async (request, response, next) => {
    const identity = await identify(request, identities)
    if (identity === null) return next()
    identityOf.set(request, identity)
    await limits.person('read', request, response, identity)
    const asked = askedOf.get(request)
    if (asked && isSearch(readsOf(asked))) await limits.person('search', request, response, identity)
    next()
  }

  const readDocument: RequestHandler = (request, _response, next) => {
    const body: unknown = request.body
    trustedDocuments?.refuseUnknown(body, bearerToken(request) !== null)
    const asked = readAsked(body)
    if (asked !== null) askedOf.set(request, asked)
    next()
  }

  function noteAccess(request: Request, access: string): void {
    // Under the codes of server/viewer-refusal.ts: whoever may not read is the same to who watches, whichever way they ask.
    if (access !== 'granted') refused(access.toUpperCase())
    noteReading(request, access)
  }

  function noteReading(request: Request, access: string): void {
    const identity = identityOf.get(request)
    const asked = askedOf.get(request)
    if (identity === undefined || asked === undefined) return
    const common = { identity, isRefused: access !== 'granted', requestId: requestId(request), address: request.ip }
    const reads = readsOf(asked)
    if (reads.length === 0) readings.note({ ...common, subject: 'access', filter: null })
    for (const { subject, filter } of reads) readings.note({ ...common, subject, filter })
  }

  function noteFailure(request: Request, error: unknown): void {
    const refusal = refusalOf(error)
    if (refusal?.status === 503) failureOf.set(request, refusal)
  }

  router.use('/graphql', markGraphql, onlyMethods('POST'), refuseForeign(), onlyBodies('application/json'),
    json({ limit: '64kb', verify: onlyUtf8, inflate: false }), refuseBatch, readDocument, refuseUntilReady, signIn)
  return {
    router,
    isReady: () => isBuilt,
    printSchema: async () => `${printSchema((await built).schema)}\n`,
    close: async () => {
      closing.abort()
      await built.then(({ instance }) => instance.release(), () => undefined)
    },
  }

  function refuseUntilReady(...[, , next]: Parameters<RequestHandler>) {
    if (isBuilt) return next()
    throw new Refusal({
      status: 503, code: 'DATABASE_UNAVAILABLE', message: 'The database cannot be reached, or the audit log is not installed in it.',
      hint: 'Try again in a few seconds. An operator finds the reason in the log.', headers: { 'retry-after': '5' },
    })
  }
}

/** Tells server/error-handler.ts that whoever asks expects the errors of GraphQL. */
const markGraphql: RequestHandler = (_request, response, next) => {
  response.locals['isGraphql'] = true
  next()
}

const refuseBatch: RequestHandler = (request, _response, next) => {
  if (!Array.isArray(request.body)) return next()
  throw new Refusal({ status: 400, code: 'BATCH_REFUSED', message: 'Several operations in one request are not possible.', hint: 'Send one operation.' })
}

/** Aborted when the connection is closed before the answer is through. */
function goneSignal(response: Response): AbortSignal {
  const gone = new AbortController()
  if (response.destroyed) gone.abort()
  response.once('close', () => { if (!response.writableFinished) gone.abort() })
  return gone.signal
}
