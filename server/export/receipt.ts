import { createHash } from 'node:crypto'
import { z } from 'zod'

export const formats = ['csv', 'jsonl', 'xlsx'] as const
export type Format = (typeof formats)[number]

const instant = z.string().regex(/^\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/)

/** What was asked, by whom, and what came out. Its last key, `receiptSha256`, is the SHA-256 of the JSON text without it. */
const receipt = z.object({
  format: z.enum(formats),
  /** The entry `audit.exported` that was recorded before the first byte. */
  entry: z.string().regex(/^\d{1,19}$/),
  at: instant,
  company: z.object({ id: z.string(), name: z.string().nullable() }),
  person: z.object({ id: z.string(), name: z.string().nullable() }),
  timeZone: z.string().regex(/^[\w+/-]{1,100}$/),
  locale: z.string(),
  filter: z.record(z.string(), z.json()),
  filterInWords: z.string(),
  /** Which transactions were visible, as pg_current_snapshot() says it, and when. */
  snapshot: z.object({ at: instant, transactions: z.string() }),
  rows: z.int().min(0),
  /** SHA-256 of the rows: of all bytes before the receipt, in a workbook of the text of its sheets. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  notes: z.array(z.string()),
  receiptSha256: z.string().regex(/^[0-9a-f]{64}$/),
})

/** The end of a file: without it, or with other numbers, the file is not whole. */
export type Receipt = z.infer<typeof receipt>

/** What is known of an export before its first row. */
export type Asked = Omit<Receipt, 'rows' | 'sha256' | 'notes' | 'receiptSha256'>

/** The receipt as JSON text, which ends in its own hash. */
export function sealedReceipt(asked: Asked, result: Pick<Receipt, 'rows' | 'sha256' | 'notes'>): string {
  const { format, entry, at, company, person, timeZone, locale, filter, filterInWords, snapshot } = asked
  const { rows, sha256, notes } = result
  const text = JSON.stringify({ format, entry, at, company, person, timeZone, locale, filter, filterInWords, snapshot, rows, sha256, notes })
  return `${text.slice(0, -1)},"receiptSha256":"${sha256Of(text)}"}`
}

/**
 * Reads a sealed receipt.
 * @returns null if it is none, if a single character of it was changed, or if it has a time or a zone that no export has
 */
export function openReceipt(sealed: string): Receipt | null {
  try {
    const found = receipt.parse(JSON.parse(sealed))
    const seal = `,"receiptSha256":"${found.receiptSha256}"}`
    return sealed.endsWith(seal) && sha256Of(`${sealed.slice(0, -seal.length)}}`) === found.receiptSha256 ? found : null
  } catch {
    return null
  }
}

/** The last line of a CSV file, with as many cells as every other; the first begins with `#`, the second is the receipt as JSON. */
export function csvReceiptLine(sealed: string, { rows, sha256 }: Pick<Receipt, 'rows' | 'sha256'>, separator: string, columnCount: number): string {
  const cells = [`# end of export: rows=${rows} sha256=${sha256}`, sealed].map((cell) => `"${cell.replaceAll('"', '""')}"`)
  return `${cells.join(separator)}${separator.repeat(columnCount - cells.length)}\r\n`
}

/** The last line of a JSON Lines file. */
export function jsonReceiptLine(sealed: string): string {
  return `{"receipt":${sealed}}\n`
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
