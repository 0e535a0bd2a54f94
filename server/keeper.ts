import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from 'pino'
import { z } from 'zod'

export interface KeeperOptions {
  /** Or the same as options of pg. */
  readonly connectionString: string | pg.ClientConfig
  readonly logger: Logger
  /** Entries of one transaction. */
  readonly batchSize?: number
  /** Milliseconds to wait when everything is kept. */
  readonly interval?: number
  /** Milliseconds to wait at most before the database is tried again. */
  readonly longestWait?: number
}

/** What keeps search and totals up to date, in the background. */
export interface Keeper {
  /** Ends it, after the batch at work. */
  readonly close: () => Promise<void>
}

const keptRow = z.tuple([z.object({ kept: z.string().transform(Number).nullable() })])
const memberRow = z.tuple([z.object({ login: z.string(), is_member: z.boolean() })])

/**
 * Keeps what is committed, batch by batch, over one connection of its own; waits when there is nothing left, and waits
 * longer each time that the database fails. Several servers may run one each: one of them works at a time.
 */
export function startKeeper({ connectionString, logger, batchSize = 5_000, interval = 1_000, longestWait = 60_000 }: KeeperOptions): Keeper {
  const closing = new AbortController()
  const wait = (milliseconds: number) => sleep(milliseconds, undefined, { signal: closing.signal }).catch(() => undefined)
  let isAllowed = true

  async function work(): Promise<void> {
    let pause = interval
    while (!closing.signal.aborted) {
      try {
        await keepOn()
        pause = interval
      } catch (error) {
        if (closing.signal.aborted) break
        logger.warn({ err: error, pause }, 'the keeper lost the database; search and totals are right, but slower, until it is back')
      }
      await wait(pause)
      pause = Math.min(pause * 2, longestWait)
    }
  }

  async function keepOn(): Promise<void> {
    const client = await connectKeeper(connectionString)
    try {
      if (!await mayKeep(client)) return
      // Only a batch that fails leaves this loop, so that one connection serves as long as it lives.
      while (!closing.signal.aborted) {
        const kept = await keepBatch(client, batchSize)
        if (kept === null || kept < batchSize) await wait(interval)
      }
    } finally {
      await client.end().catch(() => undefined)
    }
  }

  async function mayKeep(client: pg.Client): Promise<boolean> {
    const [{ login, is_member: isMember }] = memberRow.parse((await client.query(`
      select session_user as login, coalesce((select pg_has_role(r.oid, 'member') from pg_roles r where r.rolname = 'audit_keeper'), false) as is_member`)).rows)
    if (!isMember && isAllowed) {
      logger.error({ login }, `the login may not keep search and totals up to date, so that they are slow; a DBA runs: grant audit_keeper to ${pg.escapeIdentifier(login)}`)
    }
    isAllowed = isMember
    return isMember
  }

  const working = work()
  return {
    close: async () => {
      closing.abort()
      await working
    },
  }
}

/** Opens a connection as a keeper, which may be lost at any moment without ending the process. */
export async function connectKeeper(connection: string | pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client({ ...(typeof connection === 'string' ? { connectionString: connection } : connection), application_name: 'audit keeper', keepAlive: true, connectionTimeoutMillis: 10_000 })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/**
 * Keeps one batch in a transaction of its own.
 * @returns how many entries, 0 when nothing is left; null when another keeper is at it
 */
export async function keepBatch(client: pg.Client, batchSize: number): Promise<number | null> {
  await client.query('begin')
  try {
    await client.query('set local role audit_keeper')
    const [{ kept }] = keptRow.parse((await client.query('select audit.keep($1) as kept', [batchSize])).rows)
    await client.query('commit')
    return kept
  } catch (error) {
    await client.query('rollback').catch(() => undefined)
    throw error
  }
}
