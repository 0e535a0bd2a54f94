import pg, { type Pool, type PoolClient } from 'pg'
import type { Logger } from 'pino'
import { z } from 'zod'
import { abandonConnection } from '../abandon-connection.ts'
import { cancelQuery } from '../cancel-query.ts'
import { inTransaction } from '../transaction.ts'

/** A connection in the snapshot of an export. */
export interface Reader {
  readonly client: PoolClient
  /** Asks the database to end what runs on it. */
  readonly cancel: () => Promise<void>
  /** Ends the connection, for a database that does not do so. */
  readonly abandon: () => void
}

/** One connection more for an export that runs alone, which no other would use meanwhile. */
export interface SecondReader {
  /**
   * The reader, with nothing running on it. Null while it is on its way, and where it does not come: the export is not alone, or the
   * database lets nobody else in.
   */
  readonly take: () => Reader | null
  /** Ends its transaction; nothing may run in it any more. */
  readonly end: () => Promise<void>
}

export interface SecondReaderOptions {
  /** Has room for one connection more than exports run at once. */
  readonly pool: Pool
  readonly toReader: (client: PoolClient) => Reader
  /** Whether no other export runs. */
  readonly isAlone: () => boolean
  readonly logger: Logger
}

/** Gives second readers to exports: one at a time. @param first in the transaction whose snapshot is shared @param settings of that transaction */
export type SecondReaders = (first: PoolClient, settings: Readonly<Record<string, string>>) => Promise<SecondReader>

/** The begin of every transaction that an export reads in. */
export const beginReading = 'begin isolation level repeatable read read only'

const snapshotRow = z.tuple([z.object({ snapshot: z.string() })])

export function readerOf(client: PoolClient, pool: Pool): Reader {
  return { client, cancel: () => cancelQuery(client, pool), abandon: () => abandonConnection(client) }
}

/** Two queries of one snapshot use two cores, as a parallel plan does; but each is under the policy, whose functions no worker may run. */
export function makeSecondReaders({ pool, toReader, isAlone, logger }: SecondReaderOptions): SecondReaders {
  let isGiven = false
  return async (first, settings) => {
    const [{ snapshot }] = snapshotRow.parse((await first.query('select pg_export_snapshot() as snapshot')).rows)
    let reader: Reader | null = null
    let isOver = false
    let leave = (): void => undefined
    let stay: Promise<void> = Promise.resolve()

    const join = async (): Promise<void> => {
      let hasLeft = false
      const left = new Promise<void>((resolve) => {
        leave = () => {
          // From here on its transaction ends: nobody may begin anything in it.
          hasLeft = true
          reader = null
          resolve()
        }
      })
      try {
        await inTransaction(pool, settings, (client) => {
          const one = toReader(client)
          if (!hasLeft) reader = one
          return left
        }, `${beginReading}; set transaction snapshot ${pg.escapeLiteral(snapshot)}`)
      } catch (error) {
        // One that comes when the export is over finds no snapshot any more, and nobody misses it.
        if (!isOver) logger.warn({ err: error }, 'an export goes on with one database connection')
        isOver = true
      } finally {
        reader = null
        isGiven = false
      }
    }
    return {
      take: () => {
        if (!isAlone()) leave()
        else if (reader !== null) return reader
        else if (!isGiven && !isOver) {
          isGiven = true
          stay = join()
        }
        return null
      },
      end: async () => {
        isOver = true
        const isThere = reader !== null
        leave()
        // One that is still on its way leaves by itself.
        if (isThere) await stay
      },
    }
  }
}
