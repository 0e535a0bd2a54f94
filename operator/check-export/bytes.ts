import { createReadStream } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'

/** Bytes of a file from `start` up to but not including `end`. */
export async function bytesOf(file: FileHandle, start: number, end: number): Promise<Buffer> {
  const bytes = Buffer.alloc(end - start)
  let filled = 0
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, start + filled)
    if (bytesRead === 0) return bytes.subarray(0, filled)
    filled += bytesRead
  }
  return bytes
}

/** A part of a file as a stream; any size is read in little memory. */
export function streamOf(path: string, start: number, end: number): AsyncIterable<Buffer> {
  return end <= start ? empty() : createReadStream(path, { start, end: end - 1, highWaterMark: 1024 * 1024 })
}

async function* empty(): AsyncGenerator<Buffer> {}

/** Shows a part of a file piece by piece. Every piece lies in the same memory: it is gone when `look` returns. */
export async function lookThrough(file: FileHandle, start: number, end: number, look: (piece: Buffer) => void): Promise<void> {
  const room = Buffer.alloc(Math.max(1, Math.min(1024 * 1024, end - start)))
  for (let at = start; at < end;) {
    const { bytesRead } = await file.read(room, 0, Math.min(room.length, end - at), at)
    if (bytesRead === 0) return
    look(room.subarray(0, bytesRead))
    at += bytesRead
  }
}
