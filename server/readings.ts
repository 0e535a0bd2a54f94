import { isIP } from 'node:net'
import type { Request, RequestHandler } from 'express'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { readerSettings, type Identities, type Identity } from './identity.ts'
import { identify } from './request-identity.ts'
import { inTransaction } from './transaction.ts'

/** What of the log somebody asks for; see audit.reading. */
export type Subject = 'access' | 'entries' | 'entry' | 'export' | 'recording' | 'views'

export interface Reading {
  readonly identity: Identity
  readonly subject: Subject
  /** The filter as it was asked for, null for none. */
  readonly filter: unknown
  /** Whether nothing was shown. */
  readonly isRefused: boolean
  readonly requestId: string
  /** Network address of who asks. */
  readonly address: string | undefined
}

export interface Readings {
  /** Sees to it that a reading is recorded, once per sitting, soon, and without making anybody wait. */
  readonly note: (reading: Reading) => void
  /** Records what still waits, for two seconds at most. */
  readonly close: () => Promise<void>
}

export interface ReadingsOptions {
  readonly pool: Pool
  /** Milliseconds. */
  readonly statementTimeout: number
  readonly logger: Logger
}

const sittingMilliseconds = 30 * 60_000
const most = { sittings: 20_000, waiting: 5_000, batch: 100 }

type Waiting = { readonly reading: Reading; readonly key: string }

const recordQuery = `
  select set_config('audit.request_id', r.request_id, true), audit.record_reading(r.subject, r.filter::jsonb, r.address::inet)
    from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as r (request_id, subject, filter, address)`

/**
 * Writes readings to the database behind the answers, by one connection. What waits when the process is killed is lost,
 * as is what comes while 5,000 wait already; then the log of the server says so.
 */
export function makeReadings({ pool, statementTimeout, logger }: ReadingsOptions): Readings {
  /** When each sitting began, the oldest first. */
  const sittings = new Map<string, number>()
  const waiting: Waiting[] = []
  let lost = 0
  let toldAt = 0
  let working: Promise<void> | null = null
  let isClosing = false

  async function work(): Promise<void> {
    for (let batch = nextBatch(); batch.length > 0; batch = nextBatch()) {
      const [first] = batch
      if (first === undefined) break
      try {
        await inTransaction(pool, readerSettings(first.reading.identity, '', statementTimeout), (client) => client.query(recordQuery, columnsOf(batch)))
      } catch (error) {
        for (const { key } of batch) sittings.delete(key)
        logger.error({ id: first.reading.requestId, count: batch.length, err: error }, 'readings of the log could not be recorded')
      }
    }
    working = null
  }

  /** What waits first, and what the same person asked after it. */
  function nextBatch(): Waiting[] {
    const [first] = waiting
    const until = waiting.findIndex(({ reading }) => reading.identity !== first?.reading.identity && !isSamePerson(reading.identity, first?.reading.identity))
    return waiting.splice(0, Math.min(most.batch, until < 0 ? waiting.length : until))
  }

  function lose(requestId: string): void {
    lost += 1
    if (Date.now() - toldAt < 1_000) return
    toldAt = Date.now()
    logger.error({ id: requestId, lost }, 'readings of the log are not recorded: too many wait')
    lost = 0
  }

  return {
    note(reading) {
      const { identity, subject, filter, isRefused, requestId } = reading
      // A refusal always goes on: the database knows whether it is in the same sitting.
      if (isRefused) logger.warn({ id: requestId, viewer: identity.viewerId, company: identity.companyId, subject }, 'a reading of the log was refused')
      else if (subject === 'access') return
      const key = JSON.stringify([identity.companyId, identity.viewerId, identity.session?.id ?? null, isRefused, subject, filter])
      const now = Date.now()
      const began = sittings.get(key)
      if (!isRefused && began !== undefined && now - began < sittingMilliseconds) return
      if (isClosing || waiting.length >= most.waiting) return lose(requestId)
      sittings.delete(key)
      sittings.set(key, now)
      if (sittings.size > most.sittings) for (const oldest of sittings.keys()) { sittings.delete(oldest); break }
      waiting.push({ reading, key })
      working ??= work()
    },
    async close() {
      isClosing = true
      const late = new Promise<void>((resolve) => setTimeout(resolve, 2_000).unref())
      await Promise.race([working, late])
    },
  }
}

/**
 * Notes what becomes of a reading request once it is answered. What the database decided about it is asked there again.
 * @param filterOf the filter that a request asks with
 */
export function noteReadings(
  { readings, identities, requestId }: { readings: Readings; identities: Identities; requestId: (request: Request) => string },
  subject: Subject, filterOf: (request: Request) => unknown = () => null,
): RequestHandler {
  return (request, response, next) => {
    if (request.method === 'GET') {
      response.once('close', () => {
        const isRefused = response.statusCode === 401 || response.statusCode === 403
        if (!isRefused && response.statusCode >= 300) return
        identify(request, identities).then((identity) => {
          if (identity !== null) readings.note({ identity, subject, filter: filterOf(request), isRefused, requestId: requestId(request), address: request.ip })
        }, () => undefined)
      })
    }
    next()
  }
}

function columnsOf(batch: readonly Waiting[]): (string | null)[][] {
  const readings = batch.map(({ reading }) => reading)
  return [
    readings.map(({ requestId }) => requestId), readings.map(({ subject }) => subject),
    readings.map(({ filter }) => filter === null ? null : storable(filter)), readings.map(({ address }) => addressOrNull(address)),
  ]
}

function isSamePerson(one: Identity, other: Identity | undefined): boolean {
  return one.viewerId === other?.viewerId && one.companyId === other.companyId && one.session?.id === other.session?.id
}

/** The filter in the address of a request, by the names that it has there. */
export function filterOfAddress(request: Request): unknown {
  const parameters = new URL(request.originalUrl, 'http://audit-log').searchParams
  const names = [...new Set(parameters.keys())].filter((name) => name !== 'separator' && name !== 'locale').sort()
  return names.length === 0 ? null : Object.fromEntries(names.map((name) => [name, parameters.getAll(name)]))
}

/** JSON that jsonb can hold: without NUL and without halves of surrogate pairs. */
function storable(filter: unknown): string {
  return JSON.stringify(filter, (_key, value: unknown) => typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '') : typeof value === 'bigint' ? String(value) : value)
}

function addressOrNull(address: string | undefined): string | null {
  const plain = address?.replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '')
  return plain !== undefined && isIP(plain) !== 0 ? plain : null
}
