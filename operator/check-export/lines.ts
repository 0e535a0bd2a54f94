import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { csvReceiptLine, jsonReceiptLine, openReceipt, type Receipt } from '../../server/export/receipt.ts'
import { counted } from '../counted.ts'
import { bytesOf, lookThrough } from './bytes.ts'
import { altered, cut, type Verdict } from './verdict.ts'

/** A receipt is shorter than this, whatever was asked for. */
const longestReceipt = 1024 * 1024

/** Bytes of the names of the columns; there are 27 of them, with some 350 in all. */
const longestHeader = 64 * 1024

interface LastLine {
  readonly receipt: Receipt | null
  /** The receipt as text. */
  readonly sealed: string
  /** Where the line begins, from the end of the file. */
  readonly length: number
}

/** Checks a file in CSV or JSON Lines by the receipt in its last line. */
export async function checkLines(file: FileHandle, size: number, format: 'csv' | 'jsonl'): Promise<Verdict> {
  const tail = await bytesOf(file, Math.max(0, size - longestReceipt), size)
  const last = format === 'csv' ? lastOfCsv(tail) : lastOfJson(tail)
  if (last === null && format === 'csv' && hasOtherLineEnds(tail)) return altered(null, 'Its line ends were changed: each was CR LF, and some are LF. Its receipt is there, but a file that was saved again is another one.')
  if (last === null && format === 'jsonl' && lastOfJson(withLineFeed(tail)) !== null) return altered(null, 'Its line ends were changed: each was LF, and some are CR LF. Its receipt is there, but a file that was saved again is another one.')
  if (last === null) return cut('It does not end in a receipt: its end is missing, or something stands behind it.')
  if (last.receipt === null || last.receipt.format !== format) return altered(null, 'The receipt at its end was changed.')

  const { receipt } = last
  const counter = format === 'csv' ? makeRecordCounter() : makeLineCounter()
  const hash = createHash('sha256')
  await lookThrough(file, 0, size - last.length, (piece) => {
    hash.update(piece)
    counter.see(piece)
  })
  if (hash.copy().digest('hex') !== receipt.sha256) return altered(receipt, await hasOtherMark(file, size - last.length, receipt) ?? 'Its rows are not those that were exported: the SHA-256 of the receipt is another one.')
  const line = tail.subarray(tail.length - last.length)
  const written = format === 'csv' ? await csvLineOf(file, size, last.sealed, receipt) : jsonReceiptLine(last.sealed)
  if (!line.equals(Buffer.from(written))) return altered(receipt, 'Its last line was changed: the receipt is there, but not with the separators, or in the bytes, with which it was written.')
  const fileSha256 = hash.update(line).digest('hex')
  const rows = format === 'csv' ? counter.count() - 1 : counter.count()
  if (rows !== receipt.rows) return altered(receipt, `It has ${counted(rows, 'row')}, and its receipt says ${receipt.rows}.`)
  return { verdict: 'whole', receipt, fileSha256, finding: `It is whole: ${counted(receipt.rows, 'row')}, as its receipt says.` }
}

const csvReceipt = /^"# end of export: rows=(\d+) sha256=([0-9a-f]{64})"[,;\t]"((?:[^"]|"")*)"[,;\t]*\r\n$/

const byteOrderMark = Buffer.from('\u{FEFF}')

/** Whether the rows are those of the receipt but for a byte order mark, in words; null if more was changed. */
async function hasOtherMark(file: FileHandle, end: number, receipt: Receipt): Promise<string | null> {
  const hasMark = (await bytesOf(file, 0, byteOrderMark.length)).equals(byteOrderMark)
  const hash = createHash('sha256')
  if (!hasMark) hash.update(byteOrderMark)
  await lookThrough(file, hasMark ? byteOrderMark.length : 0, end, (piece) => void hash.update(piece))
  if (hash.digest('hex') !== receipt.sha256) return null
  return `Its byte order mark was ${hasMark ? 'added' : 'taken away'}: its rows are those that were exported, but for the first three bytes. A file that was saved again is another one.`
}

/** The last line as the export wrote it: with the separator and as many cells as the first one has, whose names need no quotes. */
async function csvLineOf(file: FileHandle, size: number, sealed: string, receipt: Receipt): Promise<string> {
  const [header = ''] = (await bytesOf(file, 0, Math.min(size, longestHeader))).toString('latin1').split('\r\n', 1)
  const separator = /[,;\t]/.exec(header)?.[0] ?? ','
  return csvReceiptLine(sealed, receipt, separator, header.split(separator).length)
}

function lastOfCsv(tail: Buffer): LastLine | null {
  const start = tail.lastIndexOf('\r\n"# end of export: ')
  if (start < 0) return null
  const line = tail.subarray(start + 2)
  const found = csvReceipt.exec(line.toString('latin1'))
  if (found === null) return null
  const [, rows, sha256, quoted = ''] = found
  const sealed = Buffer.from(quoted.replaceAll('""', '"'), 'latin1').toString()
  const receipt = openReceipt(sealed)
  const agrees = receipt !== null && String(receipt.rows) === rows && receipt.sha256 === sha256
  return { receipt: agrees ? receipt : null, sealed, length: line.length }
}

/** Whether a receipt stands at the end, as the last line of a file whose line ends are no longer ours. */
function hasOtherLineEnds(tail: Buffer): boolean {
  const start = tail.lastIndexOf('\n"# end of export: ')
  if (start < 0) return false
  const line = tail.subarray(start + 1).toString('latin1')
  return csvReceipt.test(line.replace(/(?<!\r)\n$/, '\r\n'))
}

/** With an LF at its end where a CR LF was. */
function withLineFeed(tail: Buffer): Buffer {
  return tail.subarray(-2).equals(Buffer.from('\r\n')) ? Buffer.concat([tail.subarray(0, -2), Buffer.from('\n')]) : tail
}

function lastOfJson(tail: Buffer): LastLine | null {
  const begin = '{"receipt":'
  const start = tail.lastIndexOf(begin)
  if (start < 0 || (start > 0 && tail[start - 1] !== lineFeed)) return null
  const line = tail.subarray(start)
  const end = line.subarray(-2).toString('latin1')
  if (end !== '}\n' || line.indexOf(lineFeed) !== line.length - 1) return null
  const sealed = line.subarray(begin.length, -2).toString()
  return { receipt: openReceipt(sealed), sealed, length: line.length }
}

const lineFeed = 0x0a
const quote = 0x22

/** Counts records of CSV: line feeds outside of quotes. */
function makeRecordCounter() {
  let isInside = false
  let records = 0
  return {
    count: () => records,
    see: (chunk: Buffer) => {
      // By index and in variables of its own, which is several times as fast as an iterator.
      let inside = isInside
      let found = 0
      for (let at = 0; at < chunk.length; at += 1) {
        const byte = chunk[at]
        if (byte === quote) inside = !inside
        else if (byte === lineFeed && !inside) found += 1
      }
      isInside = inside
      records += found
    },
  }
}

function makeLineCounter() {
  let lines = 0
  return {
    count: () => lines,
    see: (chunk: Buffer) => {
      for (let at = chunk.indexOf(lineFeed); at >= 0; at = chunk.indexOf(lineFeed, at + 1)) lines += 1
    },
  }
}
