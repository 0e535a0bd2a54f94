import type { Pool } from 'pg'
import type { WithPgClient } from 'postgraphile/@dataplan/pg'
import { makePgService, type NodePostgresPgClient } from 'postgraphile/adaptors/pg'
import { z } from 'zod'
import { cancelQuery } from '../cancel-query.ts'
import { makeFairQueue, type FairQueue, type Waiter } from '../fair-queue.ts'
import { Refusal } from '../refusal.ts'

/** What belongs to one GraphQL request, while its queries run. */
export interface ReaderRequest {
  /** Who asks, as a signature says. */
  readonly who: Waiter
  /** Aborted when whoever asked is gone. */
  readonly signal: AbortSignal
  /** Told once whether the viewer may read, as the database decided in the first transaction of the request. */
  readonly onAccess: (access: string) => void
  /** Told what went wrong in the database. */
  readonly onFailure: (error: unknown) => void
}

/** Queries that may wait for a connection, and for how many milliseconds where the pool itself would wait for ever. */
const mostWaiting = 1_000
const patience = 5_000

const accessRow = z.tuple([z.object({ access: z.string() })])

/**
 * The connection of PostGraphile to the database: its own, but that a free connection goes to the company that has the fewest, that
 * the queries of a request are cancelled when whoever asked is gone, and that the answer of audit.viewer_access() is made known.
 * @param queue in front of the pool, as `makeReaderQueue` makes it
 * @param requestOf finds the request by its settings
 */
export function makeReaderService(pool: Pool, queue: FairQueue, requestOf: (settings: object) => ReaderRequest | undefined) {
  const service = makePgService({ pool, schemas: ['audit'], pubsub: false })
  const { createWithPgClient } = service.adaptor
  const asked = new WeakSet<ReaderRequest>()

  async function watched<Result>(client: NodePostgresPgClient, request: ReaderRequest, work: (client: NodePostgresPgClient) => Result | Promise<Result>): Promise<Result> {
    let cancelling: Promise<void> | undefined
    const cancel = () => { cancelling = cancelQuery(client.rawClient, pool) }
    request.signal.addEventListener('abort', cancel, { once: true })
    try {
      if (request.signal.aborted) throw gone()
      if (!asked.has(request)) {
        asked.add(request)
        const { rows } = await client.query({ text: 'select audit.viewer_access() as access' })
        request.onAccess(accessRow.parse(rows)[0].access)
      }
      return await work(client)
    } catch (error) {
      throw request.signal.aborted ? gone(error) : error
    } finally {
      request.signal.removeEventListener('abort', cancel)
      // Before anybody else gets the connection, so that the cancellation cannot reach their query.
      await cancelling
    }
  }

  /** Waits for a connection behind nobody who has had more, and does the work. */
  async function inTurn<Result>({ who, signal }: ReaderRequest, work: () => Result | Promise<Result>): Promise<Result> {
    const leave = await queue.enter(who, signal).catch((error: unknown) => { throw signal.aborted ? gone(error) : error })
    try {
      return await work()
    } finally {
      leave()
    }
  }

  return {
    ...service,
    adaptor: {
      ...service.adaptor,
      createWithPgClient: async (...given: Parameters<typeof createWithPgClient>): Promise<WithPgClient<NodePostgresPgClient>> => {
        const withPgClient = await createWithPgClient(...given)
        const withWatchedClient: WithPgClient<NodePostgresPgClient> = (settings, work) => {
          const request = settings === null ? undefined : requestOf(settings)
          if (request === undefined) return withPgClient(settings, work)
          if (request.signal.aborted) return Promise.reject(gone())
          return inTurn(request, () => withPgClient(settings, (client) => watched(client, request, work))).catch((error: unknown) => {
            request.onFailure(error)
            throw error
          })
        }
        if (withPgClient.release) withWatchedClient.release = withPgClient.release
        return withWatchedClient
      },
    },
  }
}

/** Where queries of readers wait for a connection of the pool: as long as for the pool itself. */
export function makeReaderQueue({ options: { max, connectionTimeoutMillis = 0 } }: Pool): FairQueue {
  return makeFairQueue({ running: max, waiting: mostWaiting, patience: connectionTimeoutMillis > 0 ? connectionTimeoutMillis : patience, refuse: noConnection })
}

/** What somebody gets who waits in vain: the same as of a pool without a free connection. */
function noConnection(detail: string): Refusal {
  return new Refusal({
    status: 503, code: 'DATABASE_UNAVAILABLE', message: 'No database connection is free at the moment.', detail, hint: 'Try again in a few seconds.', headers: { 'retry-after': '5' },
  })
}

/** Nobody reads this answer; the status is nginx's. */
function gone(cause?: unknown): Refusal {
  return new Refusal({ status: 499, code: 'REQUEST_CANCELLED', message: 'Whoever asked did not wait for the answer.', cause })
}
