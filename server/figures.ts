import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { z } from 'zod'
import { inTransaction } from './transaction.ts'

/** What only the database knows of how the log fares. */
export interface Reading {
  /** Entries committed since the last reading. */
  readonly events: readonly { readonly action: string; readonly source: string; readonly count: number }[]
  /** Seconds. */
  readonly oldestTransaction: number
  readonly keeperLag: { readonly events: number; readonly seconds: number }
  /** By check of audit.health: 0 ok, 1 warning, 2 failed. Empty until it was asked once. */
  readonly health: Readonly<Record<string, number>>
}

export interface Figures {
  /** Null if the database did not answer in time. */
  readonly read: () => Promise<Reading | null>
}

const patience = 2_000
/** The checks look at every function and trigger of the log; once a minute is often enough. */
const healthEvery = 60_000

const figuresRow = z.tuple([z.object({
  horizon: z.string(), newest: z.string(), oldest_seconds: z.number(), lag_events: z.coerce.number(), lag_seconds: z.number(),
  events: z.array(z.object({ action: z.string(), source: z.string(), count: z.number() })),
})])
const healthRows = z.array(z.object({ check_name: z.string(), status: z.enum(['ok', 'warning', 'failed']) }))
const levels = { ok: 0, warning: 1, failed: 2 } as const

/**
 * Reads the figures of the metrics, as audit_keeper. Entries are counted by transaction and below the oldest one that is
 * open, so that none is missed and none is counted twice; the first reading only marks where to begin.
 */
export function makeFigures(pool: Pool, logger: Logger): Figures {
  const settings = { role: 'audit_keeper', statement_timeout: String(patience) }
  let counted: string | null = null
  let health: Readonly<Record<string, number>> = {}
  let healthAsked = 0
  /** Since when the oldest open transaction is the same: seen from outside, for where its age may not be read. */
  let standing = { horizon: '', since: 0 }

  async function ask(): Promise<Reading & { readonly horizon: string }> {
    return inTransaction(pool, settings, async (client) => {
      const { rows } = await client.query('select horizon, newest, oldest_seconds, lag_events, lag_seconds, events from audit_private.figures($1)', [counted])
      const [row] = figuresRow.parse(rows)
      const now = performance.now()
      if (row.horizon !== standing.horizon || row.horizon === row.newest) standing = { horizon: row.horizon, since: now }
      return {
        horizon: row.horizon,
        events: row.events, health,
        oldestTransaction: Math.max(row.oldest_seconds, (now - standing.since) / 1_000),
        keeperLag: { events: row.lag_events, seconds: row.lag_seconds },
      }
    })
  }

  async function askHealth(): Promise<void> {
    if (performance.now() - healthAsked < healthEvery && healthAsked > 0) return
    healthAsked = performance.now()
    const { rows } = await inTransaction(pool, { ...settings, statement_timeout: '10000' }, (client) => client.query('select check_name, status from audit_private.health_rows()'))
    health = Object.fromEntries(healthRows.parse(rows).map(({ check_name, status }) => [check_name, levels[status]]))
  }

  return {
    async read() {
      try {
        const { horizon, ...reading } = await inTime(ask())
        counted = horizon
        await inTime(askHealth()).catch((error: unknown) => logger.warn({ err: error }, 'audit.health could not be read for the metrics'))
        return { ...reading, health }
      } catch (error) {
        logger.warn({ err: error }, 'the database did not answer the metrics')
        return null
      }
    },
  }
}

/** @throws Error after two seconds; what was asked ends by its own time limit */
function inTime<Result>(answer: Promise<Result>): Promise<Result> {
  answer.catch(() => undefined)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => { timer = setTimeout(() => reject(new Error(`No answer within ${patience} ms.`)), patience) })
  return Promise.race([answer, late]).finally(() => clearTimeout(timer))
}
