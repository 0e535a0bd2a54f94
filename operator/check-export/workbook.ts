import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { createInflateRaw, inflateRawSync } from 'node:zlib'
import { openReceipt, type Receipt } from '../../server/export/receipt.ts'
import { unescaped } from '../../server/export/sheet.ts'
import { partNames, zipComment } from '../../server/export/workbook.ts'
import { counted } from '../counted.ts'
import { bytesOf, lookThrough, streamOf } from './bytes.ts'
import { altered, cut, type Verdict } from './verdict.ts'

const commentLength = zipComment('0'.repeat(64)).length
const mostReceipt = 4 * 1024 * 1024

/** A part of a zip file (APPNOTE 4.3.7 and 4.3.12). */
interface Part {
  readonly name: string
  readonly isDeflated: boolean
  readonly start: number
  readonly end: number
}

/** Checks a workbook by the hash at its end, and its sheets by the receipt in it. */
export async function checkWorkbook(path: string, file: FileHandle, size: number): Promise<Verdict> {
  const comment = (await bytesOf(file, Math.max(0, size - commentLength), size)).toString('latin1')
  const said = /^audit-log sha256=([0-9a-f]{64})$/.exec(comment)?.[1]
  if (said === undefined) return cut('It does not end in the hash that an export ends in: its end is missing, or another program has saved it.')
  const hash = createHash('sha256')
  await lookThrough(file, 0, size - commentLength, (piece) => hash.update(piece))
  const found = hash.copy().digest('hex')
  if (found !== said) return altered(null, 'It is not what was exported: the SHA-256 at its end is another one.')

  try {
    return await checkParts(path, await partsOf(file, size), file, hash.update(comment, 'latin1').digest('hex'))
  } catch (cause) {
    return altered(null, `It cannot be read as a workbook: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

async function checkParts(path: string, parts: ReadonlyMap<string, Part>, file: FileHandle, fileSha256: string): Promise<Verdict> {
  const receiptPart = parts.get(partNames.receipt)
  const receipt = receiptPart === undefined ? null : await receiptOf(file, receiptPart)
  if (receipt === null || receipt.format !== 'xlsx') return altered(null, 'Its sheet with the receipt is missing, or was changed.')
  const hash = createHash('sha256')
  let rows = 0
  for (let number = 1; ; number += 1) {
    const part = parts.get(partNames.sheet(number))
    if (part === undefined) break
    const counter = makeRowCounter()
    for await (const chunk of textOf(path, part)) {
      hash.update(chunk)
      counter.see(chunk)
    }
    rows += counter.count() - 1
  }
  if (hash.digest('hex') !== receipt.sha256) return altered(receipt, 'Its rows are not those that were exported: the SHA-256 of the receipt is another one.')
  if (rows !== receipt.rows) return altered(receipt, `It has ${counted(rows, 'row')}, and its receipt says ${receipt.rows}.`)
  return { verdict: 'whole', receipt, fileSha256, finding: `It is whole: ${counted(receipt.rows, 'row')}, as its receipt says.` }
}

function textOf(path: string, { isDeflated, start, end }: Part): AsyncIterable<Buffer> {
  const packed = Readable.from(streamOf(path, start, end))
  if (!isDeflated) return packed
  const inflate = createInflateRaw()
  packed.on('error', (error) => inflate.destroy(error))
  return packed.pipe(inflate)
}

async function receiptOf(file: FileHandle, { isDeflated, start, end }: Part): Promise<Receipt | null> {
  if (end - start > mostReceipt) return null
  const packed = await bytesOf(file, start, end)
  const xml = (isDeflated ? inflateRawSync(packed, { maxOutputLength: mostReceipt }) : packed).toString()
  const last = /<t xml:space="preserve">([^<]*)<\/t><\/is><\/c><\/row><\/sheetData><\/worksheet>$/.exec(xml)?.[1]
  return last === undefined ? null : openReceipt(unescaped(last))
}

async function partsOf(file: FileHandle, size: number): Promise<ReadonlyMap<string, Part>> {
  const end = await bytesOf(file, size - commentLength - 22, size - commentLength)
  if (end.readUInt32LE(0) !== 0x06054b50) throw new Error('it has no directory')
  let directorySize = end.readUInt32LE(12)
  let directoryStart = end.readUInt32LE(16)
  if (directoryStart === 0xffffffff || directorySize === 0xffffffff || end.readUInt16LE(10) === 0xffff) {
    const locator = await bytesOf(file, size - commentLength - 42, size - commentLength - 22)
    const at = Number(locator.readBigUInt64LE(8))
    const end64 = await bytesOf(file, at, at + 56)
    directorySize = Number(end64.readBigUInt64LE(40))
    directoryStart = Number(end64.readBigUInt64LE(48))
  }
  if (directorySize > 16 * 1024 * 1024) throw new Error('its directory is too large')
  const directory = await bytesOf(file, directoryStart, directoryStart + directorySize)
  const parts = new Map<string, Part>()
  for (let at = 0; at < directory.length;) {
    if (directory.readUInt32LE(at) !== 0x02014b50) throw new Error('its directory is broken')
    const nameLength = directory.readUInt16LE(at + 28)
    const extraLength = directory.readUInt16LE(at + 30)
    const name = directory.toString('utf8', at + 46, at + 46 + nameLength)
    const { packed, start } = place(directory.subarray(at, at + 46), directory.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength))
    const local = await bytesOf(file, start, start + 30)
    const begin = start + 30 + local.readUInt16LE(26) + local.readUInt16LE(28)
    parts.set(name, { name, isDeflated: directory.readUInt16LE(at + 10) === 8, start: begin, end: begin + packed })
    at += 46 + nameLength + extraLength + directory.readUInt16LE(at + 32)
  }
  return parts
}

/** Where a part begins and how long it is; in large files these stand in the extra field (APPNOTE 4.5.3). */
function place(fixed: Buffer, extra: Buffer): { packed: number; start: number } {
  let packed = fixed.readUInt32LE(20)
  let start = fixed.readUInt32LE(42)
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue
    let from = at + 4
    if (fixed.readUInt32LE(24) === 0xffffffff) from += 8
    if (packed === 0xffffffff) {
      packed = Number(extra.readBigUInt64LE(from))
      from += 8
    }
    if (start === 0xffffffff) start = Number(extra.readBigUInt64LE(from))
  }
  return { packed, start }
}

/** Counts `<row `, also where it is spread over two chunks; in text `<` never stands as itself. */
function makeRowCounter() {
  let rows = 0
  let held = ''
  return {
    count: () => rows,
    see: (chunk: Buffer) => {
      const text = held + chunk.toString('latin1')
      for (let at = text.indexOf('<row '); at >= 0; at = text.indexOf('<row ', at + 5)) rows += 1
      held = text.slice(-4)
    },
  }
}
