import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Router, type Request, type Response } from 'express'
import type { Pool, PoolClient } from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import type { Logger } from 'pino'
import { z } from 'zod'
import { parseEventFilterParameters, parseQueryString, type EventFilter } from './event-filter.ts'
import { columnCount, csvCopy, jsonLinesCopy } from './export-query.ts'
import { readerSettings, type Identities, type Identity } from './identity.ts'
import { onlyMethods } from './only.ts'
import { Refusal } from './refusal.ts'
import { identify } from './request-identity.ts'
import { refuseForeign } from './same-origin.ts'
import { inTransaction } from './transaction.ts'
import { parseViewer, viewerQuery, type Viewer } from './viewer.ts'

export interface ExportOptions {
  readonly identities: Identities
  /** Connections for nothing but exports: each holds one as long as it runs. */
  readonly exportPool: Pool
  /** Connections of the screens, for the entries about the export and to cancel it. */
  readonly pool: Pool
  /** Milliseconds for the query of a screen, and for a whole export. */
  readonly statementTimeout: number
  readonly exportTimeout: number
  readonly requestId: (request: Request) => string
  readonly logger: Logger
}

type Format = 'csv' | 'jsonl'
type Outcome = 'complete' | 'cancelled' | 'failed'

interface Wanted {
  readonly format: Format
  readonly filter: EventFilter
  readonly separator: ',' | ';'
  readonly locale: string | null
}

/** The end of a file: without it, or with other numbers, the file is not whole. */
interface Receipt {
  readonly rows: number
  /** SHA-256 of all bytes before the receipt, in hex. */
  readonly sha256: string
}

const contentType: Record<Format, string> = { csv: 'text/csv; charset=utf-8; header=present', jsonl: 'application/jsonl; charset=utf-8' }
const byteOrderMark = Buffer.from('\u{FEFF}')
const numberRow = z.tuple([z.object({ id: z.string() })])

/**
 * `GET /export/events.csv` and `.jsonl`: every entry that the filter lets through, as the viewer may read it, streamed
 * from one snapshot. That it happens is an entry, committed before the first byte; how it ended is another.
 */
export function makeExportRouter(options: ExportOptions): Router {
  const router = Router()
  router.use(onlyMethods('GET'), refuseForeign())
  router.get('/events.csv', (request, response) => exportEvents(options, 'csv', request, response))
  router.get('/events.jsonl', (request, response) => exportEvents(options, 'jsonl', request, response))
  return router
}

async function exportEvents(options: ExportOptions, format: Format, request: Request, response: Response): Promise<void> {
  const wanted = parseWanted(format, request.originalUrl)
  const identity = await identify(request, options.identities)
  if (identity === null) throw refusedAccess('not_signed_in', null)
  const settings = readerSettings(identity, options.requestId(request), options.statementTimeout)

  // The snapshot is taken before the export is recorded, so that an export does not list itself.
  await inTransaction(options.exportPool, { ...settings, statement_timeout: String(options.exportTimeout) }, async (client) => {
    const viewer = parseViewer((await client.query(viewerQuery)).rows[0])
    if (viewer.access !== 'granted') throw refusedAccess(viewer.access, viewer.contact)
    const exportId = await recordStart(options.pool, settings, wanted)
    await stream({ ...options, client, wanted, viewer, exportId, settings, identity, response })
  }, 'begin isolation level repeatable read read only').catch((error: unknown) => {
    throw isPoolBusy(error) ? tooManyExports(error) : error
  })
}

interface Stream extends ExportOptions {
  readonly client: PoolClient
  readonly wanted: Wanted
  readonly viewer: Viewer
  readonly exportId: string
  readonly settings: Readonly<Record<string, string>>
  readonly identity: Identity
  readonly response: Response
}

async function stream(job: Stream): Promise<void> {
  const { wanted, viewer, exportId, response, pool, settings } = job
  const abort = new AbortController()
  const stop = (outcome: Outcome) => () => { if (!response.writableFinished) abort.abort(outcome) }
  const left = stop('cancelled')
  response.once('close', left)
  const timer = setTimeout(stop('failed'), job.exportTimeout)
  try {
    response.status(200).set({
      'content-type': contentType[wanted.format],
      'content-disposition': `attachment; filename="audit-log-${today(viewer.timeZone)}.${wanted.format}"`,
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    const receipt = await sendRows(job, abort.signal)
    await recordEnd(pool, settings, exportId, receipt, 'complete')
    response.end(wanted.format === 'csv' ? csvReceipt(receipt, wanted.separator) : `${JSON.stringify({ receipt })}\n`)
  } catch (error) {
    const outcome: Outcome = abort.signal.reason === 'cancelled' ? 'cancelled' : 'failed'
    job.logger.warn({ exportId, outcome, err: error }, 'an export ended early')
    await recordEnd(pool, settings, exportId, null, outcome)
    if (response.headersSent) response.destroy()
    else throw error
  } finally {
    clearTimeout(timer)
    response.off('close', left)
  }
}

/** Sends what COPY delivers, as fast as the reader reads. @throws once the reader is gone or the time is over */
async function sendRows({ client, wanted, viewer, response, pool }: Stream, signal: AbortSignal): Promise<Receipt> {
  const query = { filter: wanted.filter, timeZone: viewer.timeZone, locale: wanted.locale ?? viewer.locale }
  const copy = client.query(copyTo(wanted.format === 'csv' ? csvCopy(query, wanted.separator) : jsonLinesCopy(query)))
  const cancel = () => void pool.query('select pg_cancel_backend($1)', [processId(client)]).catch(() => copy.destroy())
  signal.addEventListener('abort', cancel)
  const hash = createHash('sha256')
  const send = async (chunk: Buffer) => {
    hash.update(chunk)
    if (!response.write(chunk) && !signal.aborted) await once(response, 'drain', { signal }).catch(() => undefined)
  }
  try {
    if (signal.aborted) cancel()
    let isFirst = wanted.format === 'csv'
    // After an abort the rest is read and dropped, until the cancelled query says so itself.
    for await (const chunk of copy) {
      if (signal.aborted) continue
      if (isFirst) await send(byteOrderMark)
      isFirst = false
      await send(chunk)
    }
    signal.throwIfAborted()
    return { rows: copy.rowCount, sha256: hash.digest('hex') }
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

async function recordStart(pool: Pool, settings: Readonly<Record<string, string>>, { format, filter }: Wanted): Promise<string> {
  const [{ id }] = await inTransaction(pool, settings, async (client) => {
    const { rows } = await client.query('select audit.record_log_export($1, $2)::text as id', [format, JSON.stringify(filter)])
    return numberRow.parse(rows)
  })
  return id
}

async function recordEnd(pool: Pool, settings: Readonly<Record<string, string>>, exportId: string, receipt: Receipt | null, outcome: Outcome): Promise<void> {
  await inTransaction(pool, settings, (client) =>
    client.query('select audit.record_log_export_end($1, $2, $3, $4)', [exportId, receipt?.rows ?? null, receipt?.sha256 ?? null, outcome]))
}

/** A line of its own with as many cells as every other, the first of which begins with `#`. */
function csvReceipt({ rows, sha256 }: Receipt, separator: string): string {
  return `"# end of export: rows=${rows} sha256=${sha256}"${separator.repeat(columnCount - 1)}\n`
}

function parseWanted(format: Format, url: string): Wanted {
  const own = new Map<string, string>()
  const filter = parseQueryString(url).filter(([name, value]) => {
    if (name !== 'locale' && (name !== 'separator' || format !== 'csv')) return true
    if (own.has(name)) throw badParameter(`${name} is given twice`)
    own.set(name, value)
    return false
  })
  const separator = own.get('separator') ?? ','
  if (separator !== ',' && separator !== ';') throw badParameter(`separator is ${JSON.stringify(separator)}; it can be , or ;`)
  const locale = own.get('locale') ?? null
  if (locale !== null && locale !== 'en' && locale !== 'sv') throw badParameter(`locale is ${JSON.stringify(locale)}; it can be en or sv`)
  return { format, filter: parseEventFilterParameters(filter), separator, locale }
}

function badParameter(detail: string): Refusal {
  return new Refusal({ status: 400, code: 'BAD_PARAMETER', message: 'The export cannot be made like this.', detail })
}

function refusedAccess(access: Exclude<Viewer['access'], 'granted'>, contact: string | null): Refusal {
  const refusals = {
    not_signed_in: { status: 401, message: 'Nobody is signed in.', hint: 'Open the audit log from the host application.' },
    company_unknown: { status: 403, message: 'The company of this session is not known.', hint: 'Sign in again from the host application.' },
    not_administrator: { status: 403, message: 'Only administrators of the company may read its audit log.', hint: 'Ask an administrator of your company.' },
    add_on_missing: { status: 403, message: 'The company has not bought the audit log.', hint: contact ? `Ask ${contact}.` : 'Ask your sales contact.' },
  }
  return new Refusal({ code: access.toUpperCase(), ...refusals[access] })
}

function tooManyExports(cause: unknown): Refusal {
  return new Refusal({
    status: 503, code: 'TOO_MANY_EXPORTS', message: 'Too many exports are running.', hint: 'Try again in a minute.',
    headers: { 'retry-after': '60' }, cause,
  })
}

function isPoolBusy(error: unknown): boolean {
  return error instanceof Error && error.message === 'timeout exceeded when trying to connect'
}

/** The date of today in a time zone, as in 2026-03-01. */
function today(timeZone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(new Date())
}

/** The server process of a connection; pg's types leave it out. */
function processId(client: PoolClient): number {
  return z.int().parse(Reflect.get(client, 'processID'))
}
