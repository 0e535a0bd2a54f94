import { PassThrough, pipeline, type Readable } from 'node:stream'
import { to as copyTo, type CopyToStreamQuery } from 'pg-copy-streams'
import type { Delivery } from './delivery.ts'
import type { Parts } from './parts.ts'
import type { Reader, SecondReader } from './readers.ts'

/** What is read, and by whom. */
export interface PartsJob {
  /** Holds the transaction whose snapshot the file shows. */
  readonly first: Reader
  /** Reads a part while the one before it is sent; null where nothing is read ahead. */
  readonly second: SecondReader | null
  readonly parts: Parts
  readonly delivery: Pick<Delivery, 'signal'>
}

/** A part on its way from the database. */
interface Flow {
  readonly reader: Reader
  readonly copy: CopyToStreamQuery
  readonly chunks: Readable
}

/** Milliseconds in which the database must have ended a query that it was told to end. */
const cancelPatience = 5_000
/** So many chunks of at most 64 KiB wait in memory for the part before them to be sent: 8 MiB. */
const chunksAhead = 128

/**
 * Runs COPY for each part and hands on what it delivers, as fast as it is taken. When the delivery stops, so do the queries; and where
 * the database does not answer to that, its connections are given up. Nothing runs on them any more when it is done.
 * @param write the query of a part, and whether it is the first
 * @returns the number of rows
 */
export async function copyParts({ first, second, parts, delivery: { signal } }: PartsJob, write: (conditions: string, isFirst: boolean) => string, take: (chunk: Buffer) => Promise<void>): Promise<number> {
  signal.throwIfAborted()
  const readers = new Set([first])
  // Whoever waits for it below must not come too late: a cancel that arrives after the query would hit the next one.
  let cancelled: Promise<unknown> | null = null
  let lastResort: NodeJS.Timeout | undefined
  const stop = () => {
    if (cancelled !== null) return
    cancelled = Promise.all([...readers].map((reader) => reader.cancel().catch(() => undefined)))
    lastResort = setTimeout(() => { for (const reader of readers) reader.abandon() }, cancelPatience)
  }
  let isFirst = true
  const begin = async (reader: Reader, isAhead: boolean): Promise<Flow | null> => {
    readers.add(reader)
    const conditions = await parts.next(reader.client)
    if (cancelled !== null) throw new Error('The export was stopped.')
    if (conditions === null) return null
    const copy = reader.client.query(copyTo(write(conditions, isFirst)))
    isFirst = false
    return { reader, copy, chunks: isAhead ? readAhead(copy) : copy }
  }

  signal.addEventListener('abort', stop, { once: true })
  let failure: unknown = null
  let rowCount = 0
  let ahead: Promise<Flow | null> | null = null
  try {
    let flow = await begin(first, false)
    while (flow !== null) {
      const other = flow.reader === first ? second?.take() ?? null : first
      ahead = other === null ? null : begin(other, true)
      // It is thrown below, when its turn comes.
      ahead?.catch(() => undefined)
      for await (const chunk of flow.chunks) {
        // After that the rest is read and dropped, until the cancelled query says so itself.
        if (failure !== null) continue
        await take(chunk).catch((error: unknown) => {
          failure = error ?? new Error('The export was stopped.')
          stop()
        })
      }
      rowCount += flow.copy.rowCount
      if (failure !== null) break
      flow = await (ahead ?? begin(flow.reader, false))
      ahead = null
    }
  } catch (error) {
    throw failure ?? signal.reason ?? error
  } finally {
    if (ahead !== null) {
      stop()
      await ahead.then(dropped, () => undefined)
    }
    signal.removeEventListener('abort', stop)
    clearTimeout(lastResort)
    await cancelled
  }
  if (failure !== null) throw failure
  signal.throwIfAborted()
  return rowCount
}

/** Takes what comes before anybody asks for it, as far as there is room. */
function readAhead(copy: CopyToStreamQuery): Readable {
  // Counted in chunks: as bytes, whatever waits would be put together into one buffer.
  const room = new PassThrough({ readableObjectMode: true, writableObjectMode: true, readableHighWaterMark: chunksAhead, writableHighWaterMark: 1 })
  // An error of the one reaches whoever reads the other.
  pipeline(copy, room, () => undefined)
  return room
}

/** Reads to its end what nobody wants any more. */
async function dropped(flow: Flow | null): Promise<void> {
  if (flow === null) return
  try {
    for await (const _ of flow.chunks) continue
  } catch {
    // It was cancelled: what it says of that is no news.
  }
}
