import type { Pool } from 'pg'
import type { WithPgClient } from 'postgraphile/@dataplan/pg'
import { makePgService, type NodePostgresPgClient } from 'postgraphile/adaptors/pg'
import { z } from 'zod'
import { cancelQuery } from '../cancel-query.ts'
import { Refusal } from '../refusal.ts'

/** What belongs to one GraphQL request, while its queries run. */
export interface ReaderRequest {
  /** Aborted when whoever asked is gone. */
  readonly signal: AbortSignal
  /** Told once whether the viewer may read, as the database decided in the first transaction of the request. */
  readonly onAccess: (access: string) => void
  /** Told what went wrong in the database. */
  readonly onFailure: (error: unknown) => void
}

const accessRow = z.tuple([z.object({ access: z.string() })])

/**
 * The connection of PostGraphile to the database: its own, but that the queries of a request are cancelled when whoever
 * asked is gone, and that the answer of audit.viewer_access() is made known.
 * @param requestOf finds the request by its settings
 */
export function makeReaderService(pool: Pool, requestOf: (settings: object) => ReaderRequest | undefined) {
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
          return Promise.resolve(withPgClient(settings, (client) => watched(client, request, work))).catch((error: unknown) => {
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

/** Nobody reads this answer; the status is nginx's. */
function gone(cause?: unknown): Refusal {
  return new Refusal({ status: 499, code: 'REQUEST_CANCELLED', message: 'Whoever asked did not wait for the answer.', cause })
}
