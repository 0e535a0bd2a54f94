import './graphile-production.ts'
import type { IncomingMessage } from 'node:http'
import express, { json, Router, type RequestHandler } from 'express'
import { parse, printSchema } from 'postgraphile/graphql'
import { postgraphile } from 'postgraphile'
import { grafserv } from 'postgraphile/grafserv/express/v4'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { makeMaskError } from './graphql/errors.ts'
import { makePreset } from './graphql/preset.ts'
import { readerSettings, type Identities, type Identity } from './identity.ts'
import { onlyBodies, onlyMethods } from './only.ts'
import { Refusal } from './refusal.ts'
import { identify } from './request-identity.ts'
import { refuseForeign } from './same-origin.ts'

export interface GraphqlOptions {
  readonly identities: Identities
  readonly pool: Pool
  /** Milliseconds. */
  readonly statementTimeout: number
  /** Whether the schema may be asked for. */
  readonly introspection: boolean
  readonly requestId: (request: IncomingMessage) => string
  readonly logger: Logger
}

export interface Graphql {
  readonly router: Router
  /** Whether the schema has been built, for which the database must have answered once. */
  readonly isReady: () => boolean
  /** The schema as SDL, once it can be built. */
  readonly printSchema: () => Promise<string>
  readonly close: () => Promise<void>
}

const limits = { rootFields: 6, fields: 250 }

/** `POST /graphql`: PostGraphile over schema audit, read-only, one JSON operation a request, from our own pages or programs. */
export async function makeGraphql({ identities, pool, statementTimeout, introspection, requestId, logger }: GraphqlOptions): Promise<Graphql> {
  const identityOf = new WeakMap<IncomingMessage, Identity>()
  let isReady = false

  const instance = postgraphile(makePreset({
    pool,
    limits: { ...limits, introspection },
    settingsOf: ({ expressv4 }) => {
      if (!expressv4) throw new Error('A GraphQL request did not come through express.')
      return readerSettings(identityOf.get(expressv4.req) ?? null, requestId(expressv4.req), statementTimeout)
    },
    maskError: makeMaskError((error) => {
      const id = crypto.randomUUID()
      logger.error({ id, err: error }, 'a GraphQL request failed')
      return id
    }),
    notReady: (error, attempts) => logger.warn({ attempts, err: error }, 'the GraphQL schema cannot be built yet'),
  }))
  void Promise.resolve(instance.getSchema()).then(() => { isReady = true }, (error: unknown) => logger.fatal({ err: error }, 'the GraphQL schema cannot be built'))

  const handler = express()
  handler.disable('x-powered-by')
  const serv = instance.createServ(grafserv)
  await serv.addTo(handler, null, false)

  const signIn: RequestHandler = async (request, _response, next) => {
    const identity = await identify(request, identities)
    if (identity !== null) identityOf.set(request, identity)
    next()
  }

  const router = Router()
  router.use('/graphql', onlyMethods('POST'), refuseForeign(), onlyBodies('application/json'),
    json({ limit: '64kb', inflate: false }), refuseBatch, refuseLong, refuseUntilReady, signIn)
  router.use(handler)
  return {
    router,
    isReady: () => isReady,
    printSchema: async () => `${printSchema(await instance.getSchema())}\n`,
    close: async () => instance.release(),
  }

  function refuseUntilReady(...[, , next]: Parameters<RequestHandler>) {
    if (isReady) return next()
    throw new Refusal({
      status: 503, code: 'DATABASE_UNAVAILABLE', message: 'The database cannot be reached, or the audit log is not installed in it.',
      hint: 'Try again in a few seconds. An operator finds the reason in the log.', headers: { 'retry-after': '5' },
    })
  }
}

const refuseBatch: RequestHandler = (request, _response, next) => {
  if (!Array.isArray(request.body)) return next()
  throw new Refusal({ status: 400, code: 'BATCH_REFUSED', message: 'Several operations in one request are not possible.', hint: 'Send one operation.' })
}

const mostTokens = 2_000

/** Refuses a document before anything walks through it: some rules of validation take time that grows with its square. */
const refuseLong: RequestHandler = (request, _response, next) => {
  const body: unknown = request.body
  const query: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'query') : undefined
  try {
    if (typeof query === 'string') parse(query, { maxTokens: mostTokens, noLocation: true })
  } catch (error) {
    if (error instanceof Error && error.message.includes(`${mostTokens} tokens`)) {
      throw new Refusal({ status: 400, code: 'DOCUMENT_TOO_LARGE', message: 'The document is too long.', detail: `It has more than ${mostTokens} words and signs.`, hint: 'Ask for less at once.' })
    }
  }
  next()
}
