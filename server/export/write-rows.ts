import { actionInWords, columnTitle, workbookColumns } from './column-titles.ts'
import { copyParts, type PartsJob } from './copy-parts.ts'
import { longestCell, makeCsvLines } from './csv-lines.ts'
import type { Delivery } from './delivery.ts'
import { labelOf, languageOf, type Language } from './labels.ts'
import { timeInWords } from './local-time.ts'
import { notesOf } from './notes.ts'
import { columnNames, csvCopy, jsonLinesCopy, type ExportQuery } from './query.ts'
import { csvReceiptLine, jsonReceiptLine, sealedReceipt, type Asked, type Receipt } from './receipt.ts'
import { cut, isExcelDate, type Cell } from './sheet.ts'
import { makeWorkbook } from './workbook.ts'

/** What a file is made of. */
export interface FileJob extends PartsJob {
  readonly query: ExportQuery
  readonly asked: Asked
  /** When it began and what state of the log it shows, as the clock of the reader shows it. */
  readonly local: { readonly at: string; readonly snapshot: string }
  /** How many rows a sheet takes, below its header. */
  readonly rowsPerSheet: number
  readonly delivery: Delivery
}

/** A file that was sent but for its last bytes. */
export interface AlmostSent {
  readonly rows: number
  readonly sha256: string
  readonly lastBytes: Buffer
}

/** More than what comes at once from the database, 64 KiB, with its line ends. */
const roomSize = 80 * 1024
const byteOrderMark = Buffer.from('\u{FEFF}')

/** Sends the rows as CSV. @throws once the reader is gone, or the time is over */
export async function writeCsv(job: FileJob, separator: string, hasByteOrderMark: boolean): Promise<AlmostSent> {
  const { asked, delivery } = job
  const lines = makeCsvLines()
  // The same few buffers again and again: a new one for each chunk would be 60 MB of garbage before it is collected.
  const free: Buffer[] = []
  let isFirst = hasByteOrderMark
  const rows = await copyParts(job, (conditions, hasHeader) => csvCopy(job.query, conditions, { separator, hasHeader }), async (chunk) => {
    if (isFirst) await delivery.send(byteOrderMark)
    isFirst = false
    const room = free.pop() ?? Buffer.allocUnsafe(roomSize)
    const bytes = lines.push(chunk, room)
    giveBack(chunk)
    await delivery.send(bytes, () => void free.push(room))
  })
  await delivery.send(lines.end())
  const result = { rows, sha256: delivery.sha256(), notes: notesOf({ rows, longCells: lines.longCells(), sheets: 0, rowsPerSheet: job.rowsPerSheet }, asked.locale) }
  return { ...result, lastBytes: Buffer.from(csvReceiptLine(sealedReceipt(asked, result), result, separator, columnNames.length)) }
}

/** Sends the rows as JSON Lines. @throws once the reader is gone, or the time is over */
export async function writeJsonLines(job: FileJob): Promise<AlmostSent> {
  const { asked, delivery } = job
  const free: Buffer[] = []
  const rows = await copyParts(job, (conditions) => jsonLinesCopy(job.query, conditions), async (chunk) => {
    if (chunk.length > roomSize) return delivery.send(chunk)
    const room = free.pop() ?? Buffer.allocUnsafe(roomSize)
    const bytes = room.subarray(0, chunk.copy(room))
    giveBack(chunk)
    await delivery.send(bytes, () => void free.push(room))
  })
  const result = { rows, sha256: delivery.sha256(), notes: [] }
  return { ...result, lastBytes: Buffer.from(jsonReceiptLine(sealedReceipt(asked, result))) }
}

/** Sends the rows as a workbook. @throws once the reader is gone, or the time is over */
export async function writeWorkbook(job: FileJob): Promise<AlmostSent> {
  const { asked, delivery, rowsPerSheet } = job
  const language = languageOf(asked.locale)
  const columns = workbookColumns.map((name) => ({ title: columnTitle(name, language, asked.timeZone), width: widths[name] ?? 16 }))
  const book = makeWorkbook({ columns, ...sheetNames[language], rowsPerSheet })
  let held = Buffer.alloc(0)
  const send = async () => {
    for await (const chunk of book.file) {
      await delivery.send(held)
      held = Buffer.from(chunk)
    }
  }
  const make = async (): Promise<Pick<Receipt, 'rows' | 'sha256'>> => {
    const decoder = new TextDecoder()
    let begun = ''
    let longCells = 0
    await copyParts(job, (conditions) => jsonLinesCopy(job.query, conditions, true), async (chunk) => {
      const text = decoder.decode(chunk, { stream: true })
      giveBack(chunk)
      // Of a line that comes in hundreds of pieces none is looked through twice.
      const end = text.lastIndexOf('\n')
      const lines = end < 0 ? [] : (begun + text.slice(0, end)).split('\n')
      begun = end < 0 ? begun + text : text.slice(end + 1)
      for (const line of lines) {
        await book.addRow(cellsOf(line, language, () => { longCells += 1 }))
      }
    })
    const { sheets, ...result } = await book.endRows()
    const notes = notesOf({ rows: result.rows, longCells, sheets, rowsPerSheet }, asked.locale)
    book.end(receiptRows(job, { ...result, notes }, sealedReceipt(asked, { ...result, notes })))
    return result
  }
  const failed = (error: unknown): never => {
    book.fail(error instanceof Error ? error : new Error(String(error)))
    throw error
  }
  // Both have ended before anything else happens on this connection.
  const [made, sent] = await Promise.allSettled([make().catch(failed), send().catch(failed)])
  if (made.status === 'rejected') throw made.reason
  if (sent.status === 'rejected') throw sent.reason
  return { ...made.value, lastBytes: held }
}

/**
 * Frees the memory of what came from the database, now and not when it is collected: until then it would be 60 MB and more.
 * What shares its memory with something else is left to the collector.
 */
function giveBack({ buffer, length }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === length && length > 0) buffer.transfer(0)
}

/** A line of the query above; its values are texts or null. @param isCut called for each that is longer than Excel takes */
function cellsOf(line: string, language: Language, isCut: () => void): Cell[] {
  const row: unknown = JSON.parse(line)
  return workbookColumns.map((name) => {
    const text: unknown = Reflect.get(Object(row), name === actionInWords ? 'action' : name)
    if (typeof text !== 'string') return null
    if (name === actionInWords) return { text: labelOf('actions', text, language) }
    if (text.length > longestCell) {
      isCut()
      return { text: cut(text) }
    }
    if (name !== 'occurred_at' && name !== 'occurred_at_local') return { text }
    const date = new Date(name === 'occurred_at' ? text : `${text.replace(' ', 'T')}Z`)
    return Number.isNaN(date.getTime()) || !isExcelDate(date) ? { text } : { date }
  })
}

/** In characters; what is not named here has 16. */
const widths: Readonly<Record<string, number>> = { sentence: 60, occurred_at: 22, occurred_at_local: 26, [actionInWords]: 26, action: 20 }

const sheetNames = {
  en: { sheetName: 'Entries', receiptName: 'Receipt' },
  sv: { sheetName: 'Poster', receiptName: 'Kvitto' },
} as const

const receiptWords = {
  en: { title: 'Export of the audit log', company: 'Company', person: 'Exported by', at: 'At', filter: 'What was asked for', zone: 'Time zone of local times', snapshot: 'State of the log at', rows: 'Rows', sha256: 'SHA-256 of the rows', entry: 'Number of the entry in the log', note: 'Note', data: 'The same for programs', check: 'To check this file' },
  sv: { title: 'Export av granskningsloggen', company: 'Företag', person: 'Exporterad av', at: 'Tid', filter: 'Urval', zone: 'Tidszon för lokala tider', snapshot: 'Loggens läge vid', rows: 'Rader', sha256: 'SHA-256 av raderna', entry: 'Postens nummer i loggen', note: 'Anmärkning', data: 'Samma för program', check: 'Kontrollera filen med' },
} as const

function receiptRows({ asked, local }: FileJob, { rows, sha256, notes }: Pick<Receipt, 'rows' | 'sha256' | 'notes'>, sealed: string): Array<readonly [string, string]> {
  const language = languageOf(asked.locale)
  const words = receiptWords[language]
  const inZone = (time: string) => `${timeInWords(time, language)} (${asked.timeZone})`
  const named = ({ id, name }: Asked['company']) => (name === null ? id : `${name} (${id})`)
  return [
    [words.title, ''], [words.company, named(asked.company)], [words.person, named(asked.person)], [words.at, inZone(local.at)], [words.filter, asked.filterInWords],
    [words.zone, asked.timeZone], [words.snapshot, inZone(local.snapshot)], [words.rows, String(rows)], [words.sha256, sha256], [words.entry, asked.entry],
    ...notes.map((note) => [words.note, note] as const), [words.check, 'npm run audit -- check-export FILE'], [words.data, sealed],
  ]
}
