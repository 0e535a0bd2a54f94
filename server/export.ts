import { setTimeout as sleep } from 'node:timers/promises'
import { Router, type Request, type Response } from 'express'
import type { Pool, PoolClient } from 'pg'
import type { Logger } from 'pino'
import { z } from 'zod'
import { limitHolding } from './abandon-connection.ts'
import { causeCode } from './export/cause-code.ts'
import { makeDelivery } from './export/delivery.ts'
import { filterInWords } from './export/filter-in-words.ts'
import { localTimes, wholeSecond } from './export/local-time.ts'
import { namesOf } from './export/names.ts'
import { partsOf } from './export/parts.ts'
import { beginReading, makeSecondReaders, readerOf, type SecondReaders } from './export/readers.ts'
import { formats, type Asked, type Format } from './export/receipt.ts'
import { sentenceCode } from './export/sentence-code.ts'
import { timeCode } from './export/time-code.ts'
import { parseWanted, type Wanted } from './export/wanted.ts'
import { writeCsv, writeJsonLines, writeWorkbook, type AlmostSent, type FileJob } from './export/write-rows.ts'
import { makeFairQueue, type FairQueue, type FairQueueOptions } from './fair-queue.ts'
import { readerSettings, type Identities, type Identity } from './identity.ts'
import { onlyMethods } from './only.ts'
import { Refusal } from './refusal.ts'
import { identify } from './request-identity.ts'
import { inTransaction, setLocally } from './transaction.ts'
import { parseViewer, viewerQuery, type Viewer } from './viewer.ts'
import { refusedAccess } from './viewer-refusal.ts'

export interface ExportOptions {
  readonly identities: Identities
  /** Connections for nothing but exports: each holds one as long as it runs. With one more than `queue` lets in, an export that runs alone uses two. */
  readonly exportPool: Pool
  /** Connections of the screens, for the entries about the export and to cancel it. */
  readonly pool: Pool
  /** Milliseconds for the query of a screen, for a whole export, and for a reader who takes nothing. */
  readonly statementTimeout: number
  readonly exportTimeout: number
  readonly stallTimeout: number
  /** Where exports wait for their turn. */
  readonly queue: FairQueue
  /** How many rows a sheet of a workbook takes, below its header. */
  readonly rowsPerSheet: number
  readonly requestId: (request: Request) => string
  readonly logger: Logger
}

/** The exports of a server. */
export interface Exports {
  readonly router: Router
  /** Breaks off those that run or wait for their turn, and lets none begin any more. */
  readonly breakOff: () => void
  /** Breaks off those that run, and waits a moment until the log knows how they ended. */
  readonly close: () => Promise<void>
}

type Outcome = 'complete' | 'cancelled' | 'failed'
type Settings = Readonly<Record<string, string>>

const contentTypes: Record<Format, string> = {
  csv: 'text/csv; charset=utf-8; header=present',
  jsonl: 'application/jsonl; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
}
const startedRow = z.tuple([z.object({ id: z.string(), at: z.string() })])
const snapshotRow = z.tuple([z.object({ at: z.string(), transactions: z.string() })])
/** An ISO 8601 time in UTC, to the microsecond, whatever time zone the session has. */
const utc = (time: string) => `replace((${time} at time zone interval '0')::text, ' ', 'T') || 'Z'`

/**
 * `GET /export/events.csv`, `.jsonl` and `.xlsx`: every entry that the filter lets through, as the viewer may read it,
 * streamed from one snapshot. That it happens is an entry, committed before the first byte; how it ended is another.
 */
export function makeExports(options: ExportOptions): Exports {
  const router = Router({ caseSensitive: true, strict: true })
  const { queue } = options
  const closing = new AbortController()
  const running = new Set<Promise<void>>()
  const track = (work: Promise<void>) => {
    const done = work.catch(() => undefined).finally(() => running.delete(done))
    running.add(done)
  }
  limitHolding(options.exportPool, options.exportTimeout + options.stallTimeout + graceOfDatabase)
  const secondReaders = options.exportPool.options.max <= queue.places ? null : makeSecondReaders({
    pool: options.exportPool, toReader: (client) => readerOf(client, options.pool), isAlone: () => queue.size().running === 1, logger: options.logger,
  })
  router.use(onlyMethods('GET'))
  for (const format of formats) {
    router.get(`/events.${format}`, async (request, response) => {
      const wanted = parseWanted(format, request.originalUrl)
      const identity = await identify(request, options.identities)
      if (identity === null) throw refusedAccess('not_signed_in', null)
      const waiting = new AbortController()
      const left = () => waiting.abort(new ReaderLeft())
      const ending = () => waiting.abort(serverEnds())
      response.once('close', left)
      closing.signal.addEventListener('abort', ending, { once: true })
      if (closing.signal.aborted) ending()
      // Behind a connection that is closed already the event is over.
      if (response.destroyed) left()
      try {
        const leave = await queue.enter({ companyId: identity.companyId, personId: identity.viewerId }, waiting.signal)
        const work = exportEvents({ ...options, track, secondReaders, closing: closing.signal }, { wanted, identity, response, requestId: options.requestId(request) }).finally(leave)
        track(work)
        await work
      } catch (error) {
        if (!(error instanceof ReaderLeft)) throw error
      } finally {
        response.off('close', left)
        closing.signal.removeEventListener('abort', ending)
      }
    })
  }
  return {
    router,
    breakOff: () => closing.abort(),
    close: async () => {
      closing.abort()
      const patience = sleep(patienceAtClose, 'late', { ref: false })
      while (running.size > 0) if (await Promise.race([Promise.all(running), patience]) === 'late') return
    },
  }
}

/** Milliseconds beyond its own limits after which the connection of an export is cut off: the database has said nothing for so long. */
const graceOfDatabase = 10_000
/** Milliseconds that the server waits at most, at its end, until exports are recorded as broken off. */
const patienceAtClose = 5_000

/** The queue of exports, in front of the connections that they hold. */
export function makeExportQueue(options: Omit<FairQueueOptions, 'refuse'>): FairQueue {
  return makeFairQueue({ ...options, refuse: tooMany })
}

/** Why an export cannot begin now. */
function tooMany(detail: string, cause?: unknown): Refusal {
  return new Refusal({
    status: 503, code: 'TOO_MANY_EXPORTS', message: 'Too many exports are running.', detail, hint: 'Try again in a minute.',
    headers: { 'retry-after': '60' }, cause,
  })
}

function serverEnds(): Refusal {
  return new Refusal({
    status: 503, code: 'SERVER_ENDS', message: 'The server ends, so that no export begins.', hint: 'Try again in a few seconds.', headers: { 'retry-after': '5' },
  })
}

/** Whoever asked has gone before its turn came: nothing was exported, and nobody is there to be told. */
class ReaderLeft extends Error {}

interface Asking {
  readonly wanted: Wanted
  readonly identity: Identity
  readonly response: Response
  readonly requestId: string
}

/** How an export belongs to its server. */
interface Belonging extends ExportOptions {
  /** Null where there is no connection for them. */
  readonly secondReaders: SecondReaders | null
  /** Aborted when the server ends. */
  readonly closing: AbortSignal
  /** Lets the server wait at its end for something that goes on. */
  readonly track: (work: Promise<void>) => void
}

/**
 * Room for a hash table of some million transactions; nothing is taken that is not needed. With the usual cost of a page out of order,
 * entries of a big company were sorted as a whole (76 MB on disk, first byte after 1.5 s) and not read in order. Compiling expressions of
 * this size takes longer than it spares.
 */
const roomForAnExport: Settings = { work_mem: '64MB', random_page_cost: '1.1', jit: 'off' }

async function exportEvents(options: Belonging, { wanted, identity, response, requestId }: Asking): Promise<void> {
  const settings = readerSettings(identity, requestId, options.statementTimeout)
  const ownSettings = { ...settings, ...roomForAnExport, statement_timeout: String(options.exportTimeout) }
  // The snapshot is taken before the export is recorded, so that an export does not list itself.
  await inTransaction(options.exportPool, ownSettings, async (client) => {
    const viewer = parseViewer((await client.query(viewerQuery)).rows[0])
    if (viewer.access !== 'granted') throw refusedAccess(viewer.access, viewer.contact)
    const causes = await causeCode(client, 'event')
    // Every zone is looked at as that of a filter is, before anything is done in it: Node and SET know names that the database takes for something else.
    const parts = await partsOf(client, { ...wanted.filter, timeZone: wanted.timeZone }, causes)
    const { facts, localSnapshot } = await factsOf(client, wanted, viewer)
    const query = { sentence: await sentenceCode(client, facts.locale, 'event'), causes, times: await timeCode(client, 'event') }
    const started = await recordStart(options.pool, settings, facts)
    const asked: Asked = { ...facts, entry: started.id, at: started.at }
    const [localStart] = await localTimes(client, [started.at])
    const local = { at: wholeSecond(localStart ?? started.at), snapshot: wholeSecond(localSnapshot) }
    const planning: Settings = parts.isInOrder ? { enable_sort: 'off' } : {}
    await setLocally(client, planning)
    const reading = { ...ownSettings, ...sessionOf(facts.timeZone), ...planning }
    // A workbook is made more slowly than one connection reads.
    const second = wanted.format === 'xlsx' ? null : await options.secondReaders?.(client, reading) ?? null
    try {
      await stream({ ...options, first: readerOf(client, options.pool), second, query, parts, wanted, asked, local, settings, response })
    } finally {
      await second?.end()
    }
  }, beginReading).catch((error: unknown) => {
    throw isPoolBusy(error) ? tooMany('No database connection was free.', error) : error
  })
}

type Facts = Omit<Asked, 'entry' | 'at'>

/** The clock of the reader. */
const sessionOf = (timeZone: string): Settings => ({ TimeZone: timeZone, DateStyle: 'ISO' })

async function factsOf(client: PoolClient, { format, filter, timeZone: wantedZone, locale: wantedLocale }: Wanted, viewer: Viewer): Promise<{ facts: Facts; localSnapshot: string }> {
  const locale = wantedLocale ?? viewer.locale
  const timeZone = wantedZone ?? viewer.timeZone
  await setLocally(client, sessionOf(timeZone))
  const { rows } = await client.query(`select pg_current_snapshot()::text as transactions, ${utc('transaction_timestamp()')} as at`)
  const [{ at, transactions }] = snapshotRow.parse(rows)
  const [from = null, to = null, localSnapshot] = await localTimes(client, [filter.from ?? null, filter.to ?? null, at])
  const given = Object.fromEntries(Object.entries(filter).flatMap(([key, value]) => (value === null || value === undefined ? [] : [[key, value]])))
  const facts = {
    format, timeZone, locale, filter: given, filterInWords: filterInWords(filter, locale, { from, to, timeZone }, await namesOf(client, filter)), snapshot: { at, transactions },
    company: { id: viewer.companyId ?? '', name: viewer.companyName }, person: { id: viewer.viewerId ?? '', name: viewer.viewerName },
  }
  return { facts, localSnapshot: localSnapshot ?? at }
}

interface Stream extends Belonging, Omit<FileJob, 'delivery'> {
  readonly wanted: Wanted
  readonly settings: Settings
  readonly response: Response
}

async function stream(job: Stream): Promise<void> {
  const { wanted, asked, response } = job
  const delivery = makeDelivery(response, { total: job.exportTimeout, stall: job.stallTimeout }, job.closing)
  response.status(200).set({
    'content-type': contentTypes[wanted.format],
    'content-disposition': `attachment; filename="${fileName(asked, job.local.at)}"`,
    'cache-control': 'no-store',
    'accept-ranges': 'none',
    'x-accel-buffering': 'no',
    'x-audit-export-id': asked.entry,
  })
  // A query that finds its first row late is seen to be on its way; one that fails at once is still answered by an error.
  const patience = setTimeout(() => response.flushHeaders(), 500)
  let recorded = false
  try {
    const sent = await writeFile({ ...job, delivery }, wanted)
    await recordEnd(job, 'complete', { ...sent, fileSha256: delivery.sha256(sent.lastBytes) })
    recorded = true
    delivery.signal.throwIfAborted()
    // The last bytes too wait for a reader who takes nothing.
    delivery.signal.addEventListener('abort', () => response.destroy(), { once: true })
    if (!await delivery.end(sent.lastBytes)) throw new Error('the reader left')
  } catch (error) {
    const reason = delivery.signal.aborted ? delivery.signal.reason : error
    const outcome: Outcome = reason instanceof Error && reason.message === 'the reader left' ? 'cancelled' : 'failed'
    job.logger.warn({ exportId: asked.entry, outcome, recorded, err: reason }, 'an export ended early')
    job.track(recordEndLater(job, outcome))
    if (response.headersSent) response.destroy()
    throw error
  } finally {
    clearTimeout(patience)
    delivery.close()
  }
}

function writeFile(job: FileJob, { format, separator, hasByteOrderMark }: Wanted): Promise<AlmostSent> {
  if (format === 'csv') return writeCsv(job, separator, hasByteOrderMark)
  return format === 'jsonl' ? writeJsonLines(job) : writeWorkbook(job)
}

/** Fails closed: what cannot be recorded does not begin. */
async function recordStart(pool: Pool, settings: Settings, { format, filter, ...about }: Facts): Promise<{ id: string; at: string }> {
  try {
    const [started] = await inTransaction(pool, settings, async (client) => {
      const { rows: [row] } = await client.query('select audit.record_log_export($1, $2, $3) as id', [format, JSON.stringify(filter), JSON.stringify(about)])
      const { rows } = await client.query(`select id::text, ${utc('occurred_at')} as at from audit.event where id = $1`, [row.id])
      return startedRow.parse(rows)
    })
    return started
  } catch (cause) {
    if (isPoolBusy(cause)) throw cause
    throw new Refusal({
      status: 503, code: 'NOT_RECORDED', message: 'The export cannot be recorded at the moment, and therefore does not begin.',
      hint: 'Try again in a minute. An operator finds the reason in the log.', headers: { 'retry-after': '60' }, cause,
    })
  }
}

interface End {
  readonly rows: number
  readonly sha256: string
  readonly fileSha256: string
}

async function recordEnd({ pool, settings, asked }: Stream, outcome: Outcome, end: End | null): Promise<void> {
  await inTransaction(pool, settings, (client) => client.query('select audit.record_log_export_end($1, $2, $3, $4, $5)',
    [asked.entry, end?.rows ?? null, end?.sha256 ?? null, outcome, end?.fileSha256 ?? null]))
}

/** The database may be what made the export fail: its end is tried again for about a minute. */
async function recordEndLater(job: Stream, outcome: Outcome): Promise<void> {
  for (const seconds of [1, 2, 4, 8, 16, 32, null]) {
    try {
      return await recordEnd(job, outcome, null)
    } catch (error) {
      if (seconds === null || job.pool.ending) return job.logger.error({ exportId: job.asked.entry, outcome, err: error }, 'the end of an export could not be recorded')
      await sleep(seconds * 1_000, undefined, { ref: false })
    }
  }
}

function isPoolBusy(error: unknown): boolean {
  return error instanceof Error && error.message === 'timeout exceeded when trying to connect'
}

/** `audit-log-2026-11-30-1432-e12065.csv`: with the minute in the reader's zone, and with the number of the entry, so that no two exports have one name. */
function fileName({ entry, format }: Asked, at: string): string {
  return `audit-log-${at.slice(0, 16).replace(' ', '-').replace(':', '')}-e${entry}.${format}`
}
