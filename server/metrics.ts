import type { RequestHandler } from 'express'
import type { Pool } from 'pg'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { FairQueue } from './fair-queue.ts'
import type { Figures } from './figures.ts'

export interface MetricsOptions {
  readonly pools: { readonly interactive: Pool; readonly exports: Pool }
  /** Where one waits in front of each pool. */
  readonly queues: Readonly<Record<'interactive' | 'exports', Pick<FairQueue, 'size'>>>
  /** What only the database knows; asked at each reading of the metrics, and never waited for longer than it allows. */
  readonly figures: Figures
  /** Whether memory, event loop and so on of the process are told too. Not where the process is a host application's. */
  readonly withProcess: boolean
}

export interface Metrics {
  /** Measures every request from here on. */
  readonly measure: RequestHandler
  /** Counts an answer of "no". @param code of ours, never a text of a caller */
  readonly refused: (code: string) => void
  /** Everything in the text format of Prometheus. */
  readonly text: () => Promise<string>
  readonly contentType: string
}

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** The metrics of one audit server, in a registry of its own. No label holds a company, a person or a text of a caller. */
export function makeMetrics({ pools, queues, figures, withProcess }: MetricsOptions): Metrics {
  const registers = [new Registry()]
  const [registry = new Registry()] = registers
  if (withProcess) collectDefaultMetrics({ register: registry })

  const requests = new Counter({ registers, name: 'audit_log_requests_total', help: 'Requests that were answered or broken off, by kind and status.', labelNames: ['kind', 'status'] })
  const durations = new Histogram({ registers, name: 'audit_log_request_duration_seconds', help: 'How long requests took, by kind.', labelNames: ['kind'], buckets: seconds })
  const running = new Gauge({ registers, name: 'audit_log_requests_running', help: 'Requests that are being answered, by kind.', labelNames: ['kind'] })
  const exports = new Counter({ registers, name: 'audit_log_exports_total', help: 'Exports of the log that ended, by format and outcome: complete, broken or refused.', labelNames: ['format', 'outcome'] })
  const refusals = new Counter({ registers, name: 'audit_log_refusals_total', help: 'Requests and GraphQL documents that were refused, by code.', labelNames: ['code'] })

  new Gauge({
    registers, name: 'audit_log_pool_connections', help: 'Database connections of a pool: in use, idle, and requests that wait for one.', labelNames: ['pool', 'state'],
    collect() {
      for (const pool of ['interactive', 'exports'] as const) {
        const { totalCount, idleCount, waitingCount } = pools[pool]
        this.set({ pool, state: 'used' }, totalCount - idleCount)
        this.set({ pool, state: 'idle' }, idleCount)
        this.set({ pool, state: 'waiting' }, waitingCount + queues[pool].size().waiting)
      }
    },
  })
  new Gauge({
    registers, name: 'audit_log_pool_size', help: 'How many database connections a pool may have.', labelNames: ['pool'],
    collect() { for (const [pool, { options }] of Object.entries(pools)) this.set({ pool }, options.max) },
  })

  const isUp = new Gauge({ registers, name: 'audit_log_database_up', help: '1 if the database answered the last question of the metrics, else 0.' })
  const events = new Counter({ registers, name: 'audit_log_events_total', help: 'Entries since this server began to count, by action and source. Every server counts all: take the maximum, not the sum.', labelNames: ['action', 'source'] })
  const oldest = new Gauge({ registers, name: 'audit_log_oldest_transaction_seconds', help: 'Age of the oldest transaction that holds back what follows the entries.' })
  const lag = new Gauge({ registers, name: 'audit_log_keeper_lag_seconds', help: 'How far the keeper of search and totals is behind the entries.' })
  const waiting = new Gauge({ registers, name: 'audit_log_keeper_lag_events', help: 'Entries that the keeper of search and totals has not taken up.' })
  const health = new Gauge({ registers, name: 'audit_log_health', help: 'Checks of audit.health: 0 ok, 1 warning, 2 failed.', labelNames: ['check'] })

  async function ask(): Promise<void> {
    const found = await figures.read()
    isUp.set(found === null ? 0 : 1)
    if (found === null) return
    for (const { action, source, count } of found.events) events.inc({ action, source }, count)
    oldest.set(found.oldestTransaction)
    lag.set(found.keeperLag.seconds)
    waiting.set(found.keeperLag.events)
    for (const [check, level] of Object.entries(found.health)) health.set({ check }, level)
  }

  return {
    measure(request, response, next) {
      const { path } = request
      const began = performance.now()
      let kind = kindOf(path, undefined)
      running.inc({ kind })
      response.once('close', () => {
        running.dec({ kind })
        kind = kindOf(path, request.body)
        const status = response.writableFinished ? String(response.statusCode) : 'broken'
        requests.inc({ kind, status })
        durations.observe({ kind }, (performance.now() - began) / 1_000)
        if (kind !== 'export') return
        const outcome = !response.writableFinished ? 'broken' : response.statusCode < 400 ? 'complete' : 'refused'
        exports.inc({ format: /\.(csv|jsonl|xlsx)$/.exec(path)?.[1] ?? 'other', outcome })
      })
      next()
    },
    refused: (code) => refusals.inc({ code }),
    text: async () => {
      await ask()
      return registry.metrics()
    },
    contentType: registry.contentType,
  }
}

const kinds: readonly (readonly [RegExp, string])[] = [
  [/^\/(livez|readyz)$/, 'health'], [/^\/metrics$/, 'metrics'], [/^\/session\b/, 'session'], [/^\/export\//, 'export'], [/^\/exports\b/, 'report'],
  [/^\/(views|recording|left-out|question)\b/, 'settings'], [/^\/(company\b.*|assets\/.*|[\w-]+\.(svg|css))?$/, 'page'],
]

/** What a request is about; one with a text to search for takes longer than others. */
function kindOf(path: string, body: unknown): string {
  if (path === '/graphql') return hasQuery(body) ? 'search' : 'list'
  return kinds.find(([pattern]) => pattern.test(path))?.[1] ?? 'other'
}

function hasQuery(body: unknown): boolean {
  const filter = property(property(body, 'variables'), 'filter')
  return typeof property(filter, 'query') === 'string'
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
