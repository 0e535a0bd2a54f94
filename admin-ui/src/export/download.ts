import * as z from 'zod/mini'
import { refusalOf } from '../request/send.ts'
import { RequestError } from '../request/request-error.ts'

/** The end of a file, by which a broken one can be told from a whole one. */
export type Receipt = { readonly rows: number; readonly sha256: string }

/** A file that has arrived as a whole. */
export type Download = {
  readonly file: Blob
  readonly name: string
  /** Null where the receipt is not text at the end: it stands in the log then. */
  readonly receipt: Receipt | null
  /** The entry of the log that says that this export happened, if the server named it. */
  readonly entry: string | null
}

const csvEnd = /^"?# end of export: rows=(\d+) sha256=([0-9a-f]{64})(?:"|[,;\t]|$)/
const jsonEnd = z.object({ receipt: z.object({ rows: z.number(), sha256: z.string() }) })

/** The receipt in the last line of a CSV or JSON Lines file; null if there is none, and the file therefore not whole. */
export const receiptIn = (end: string): Receipt | null => {
  if (!end.endsWith('\n')) return null
  const line = end.trimEnd().split('\n').at(-1) ?? ''
  const [, rows, sha256] = csvEnd.exec(line) ?? []
  if (rows !== undefined && sha256 !== undefined) return { rows: Number(rows), sha256 }
  try {
    return jsonEnd.safeParse(JSON.parse(line)).data?.receipt ?? null
  } catch {
    return null
  }
}

/** So much is handed from the script's memory to the browser's at a time. */
const chunkOfBlob = 8 * 2 ** 20
const longestEnd = 8_000
const newline = 10

/**
 * Fetches a file and gives it back once all of it is there, so that no part of one is ever saved as a whole.
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
  const type = response.headers.get('content-type') ?? ''
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
    throw new RequestError('network', 'The file broke off before its end.', response.headers.get('x-request-id'), error)
  }
  flush()
  const file = new Blob(blobs, { type })
  const isText = /csv|jsonl/.test(type)
  const receipt = isText ? receiptIn(await file.slice(-longestEnd).text()) : null
  if (isText && receipt === null) {
    throw new RequestError('network', 'The file broke off before its end.', response.headers.get('x-request-id'))
  }
  return {
    file,
    receipt,
    name: /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1] ?? 'audit-log',
    entry: response.headers.get('x-audit-export-id'),
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
