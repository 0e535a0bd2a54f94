import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'

/** Why an export ended before its end. */
export type Stop = 'the reader left' | 'the reader was too slow' | 'it took too long' | 'the server ends'

/** The way of an export to its reader: as fast as the reader reads, hashed, and stopped when there is nobody to read. */
export interface Delivery {
  /** Aborted with a `Stop`. */
  readonly signal: AbortSignal
  /** Sends bytes; done once there is room for more. @param gone called when they are gone, and their memory is free @throws the `Stop` as an Error */
  readonly send: (bytes: Buffer, gone?: () => void) => Promise<void>
  /** SHA-256 of everything that was sent so far, and of these bytes after it. */
  readonly sha256: (more?: Buffer) => string
  /** Sends the last bytes. @returns whether they were handed to the reader's connection in time */
  readonly end: (bytes: Buffer) => Promise<boolean>
  /** Stops watching the reader. */
  readonly close: () => void
}

export interface DeliveryLimits {
  /** Milliseconds for all of it. */
  readonly total: number
  /** Milliseconds in which a reader must have taken what lies ready, about 64 KiB. */
  readonly stall: number
}

/** @param closing aborted when the server ends */
export function makeDelivery(response: ServerResponse, limits: DeliveryLimits, closing: AbortSignal): Delivery {
  const abort = new AbortController()
  const hash = createHash('sha256')
  const stop = (reason: Stop) => abort.abort(new Error(reason))
  const left = () => { if (!response.writableFinished) stop('the reader left') }
  response.once('close', left)
  // Behind a closed connection the event may be over already.
  if (response.destroyed) left()
  const timer = setTimeout(() => stop('it took too long'), limits.total)
  const ending = () => stop('the server ends')
  closing.addEventListener('abort', ending, { once: true })
  if (closing.aborted) ending()

  return {
    signal: abort.signal,
    sha256: (more = Buffer.alloc(0)) => hash.copy().update(more).digest('hex'),
    send: async (bytes, gone = () => undefined) => {
      abort.signal.throwIfAborted()
      hash.update(bytes)
      if (bytes.length === 0 || response.write(bytes, gone)) return
      const stalled = setTimeout(() => stop('the reader was too slow'), limits.stall)
      try {
        await once(response, 'drain', { signal: abort.signal })
      } catch (error) {
        throw abort.signal.reason ?? error
      } finally {
        clearTimeout(stalled)
      }
    },
    end: (bytes) => new Promise((resolve) => {
      // Behind a closed connection there is no further event to wait for.
      if (response.destroyed) return resolve(false)
      const stalled = setTimeout(() => response.destroy(), limits.stall)
      response.once('close', () => {
        clearTimeout(stalled)
        resolve(response.writableFinished)
      })
      response.end(bytes)
    }),
    close: () => {
      clearTimeout(timer)
      response.off('close', left)
      closing.removeEventListener('abort', ending)
    },
  }
}
