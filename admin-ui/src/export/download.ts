import * as z from 'zod/mini'
import { refusalOf } from '../request/send.ts'
import { RequestError } from '../request/request-error.ts'
import { fileHash } from './file-hash.ts'

/** The end of a file, by which a broken one can be told from a whole one. */
export type Receipt = { readonly rows: number; readonly sha256: string }

/** A file that has arrived as a whole. */
export type Download = {
  readonly file: Blob
  readonly name: string
  /** Null where the receipt is not text at the end: it stands in the log then. */
  readonly receipt: Receipt | null
  /** The entry of the log that says that this export happened. */
  readonly entry: string
  /** Whether the file was compared with the hash at its end; some browsers cannot do so. */
  readonly isChecked: boolean
}

const csvEnd = /^"?# end of export: rows=(\d+) sha256=([0-9a-f]{64})(?:"|[,;\t]|$)/
const jsonEnd = z.object({ receipt: z.object({ rows: z.number(), sha256: z.string() }) })
const workbookEnd = /audit-log sha256=([0-9a-f]{64})$/

const lastLineOf = (end: string): string => end.slice(end.lastIndexOf('\n', end.length - 2) + 1)

/** The receipt in the last line of a CSV or JSON Lines file; null if there is none, and the file therefore not whole. */
export const receiptIn = (end: string): Receipt | null => {
  if (!end.endsWith('\n')) return null
  const line = lastLineOf(end).trimEnd()
  const [, rows, sha256] = csvEnd.exec(line) ?? []
  if (rows !== undefined && sha256 !== undefined) return { rows: Number(rows), sha256 }
  try {
    return jsonEnd.safeParse(JSON.parse(line)).data?.receipt ?? null
  } catch {
    return null
  }
}

/** What the server calls each form of a file; see `contentTypes` in `server/export.ts`. */
const typeOf: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  jsonl: 'application/jsonl',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
}

const formatIn = (address: string): string => /\.(\w+)(?:\?|$)/.exec(address)?.[1] ?? ''

/** So much is handed from the script's memory to the browser's at a time. */
const chunkOfBlob = 8 * 2 ** 20
/** As `longestReceipt` in `operator/check-export/lines.ts`. */
const longestEnd = 2 ** 20
const newline = 10

/** The hash that a file ends in, and how many bytes of it are the end; null if it has none and is therefore not whole. */
const endOf = (end: string, receipt: Receipt | null) => {
  if (receipt !== null) return { sha256: receipt.sha256, length: lastLineOf(end).length }
  const [comment, sha256] = workbookEnd.exec(end) ?? []
  return comment === undefined || sha256 === undefined ? null : { sha256, length: comment.length }
}

/**
 * Fetches a file and gives it back once all of it is there, so that no part of one is ever saved as a whole, nor one
 * that was changed on its way.
 *
 * @param progress is told the bytes and lines so far
 * @throws RequestError; an abort is passed on as it is
 */
export const download = async (
  fetch: typeof globalThis.fetch,
  address: string,
  signal: AbortSignal,
  progress: (bytes: number, lines: number) => void,
): Promise<Download> => {
  const response = await fetch(address, { credentials: 'same-origin', signal }).catch((error: unknown) => {
    if (signal.aborted) throw error
    throw new RequestError('network', 'The server could not be reached.', null, error)
  })
  if (!response.ok || response.body === null) throw refusalOf(response, await response.json().catch(() => null))
  const reference = response.headers.get('x-request-id')
  const format = formatIn(address)
  const [type = ''] = (response.headers.get('content-type') ?? '').split(';')
  const entry = response.headers.get('x-audit-export-id') ?? ''
  if (type.trim().toLowerCase() !== typeOf[format] || !/^\d{1,19}$/.test(entry)) {
    await response.body.cancel().catch(() => undefined)
    throw new RequestError('not_export', 'What was answered is not an export.', reference)
  }
  const blobs: Blob[] = []
  let waiting: Uint8Array<ArrayBuffer>[] = []
  let [waitingBytes, bytes, lines] = [0, 0, 0]
  const flush = () => {
    blobs.push(new Blob(waiting))
    waiting = []
    waitingBytes = 0
  }
  const reader = response.body.getReader()
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      waiting.push(part.value)
      waitingBytes += part.value.length
      bytes += part.value.length
      for (const byte of part.value) if (byte === newline) lines += 1
      if (waitingBytes >= chunkOfBlob) flush()
      progress(bytes, lines)
    }
  } catch (error) {
    if (signal.aborted) throw error
    throw new RequestError('network', 'The file broke off before its end.', reference, error)
  }
  flush()
  const file = new Blob(blobs, { type })
  // As Latin-1 each byte is a character, so that places in the text are places in the file.
  const tail = new TextDecoder('latin1').decode(await file.slice(-longestEnd).arrayBuffer())
  const isText = format !== 'xlsx'
  const receipt = isText ? receiptIn(tail) : null
  if (isText && receipt === null) {
    throw new RequestError('network', 'The file broke off before its end.', reference)
  }
  const end = endOf(tail, receipt)
  if (!isText && end === null) throw new RequestError('network', 'The file broke off before its end.', reference)
  const sha256 = end && (await fileHash(file.slice(0, file.size - end.length)))
  if (sha256 !== null && sha256 !== end?.sha256) throw new RequestError('altered', 'The file is not the one that was sent.', reference)
  return {
    file,
    receipt,
    name: /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1] ?? 'audit-log',
    entry,
    isChecked: sha256 !== null,
  }
}

/** Lets the browser save a file. */
export const saveFile = (file: Blob, name: string): void => {
  const address = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  // The browser reads it after the click; a minute is long enough for that.
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}
