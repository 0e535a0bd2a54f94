import { createHash } from 'node:crypto'
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

/** SHA-256 of a stream, whose chunks are shown to `look` on the way. */
export async function sha256Of(stream: AsyncIterable<Buffer>, look: (chunk: Buffer) => void = () => undefined): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of stream) {
    hash.update(chunk)
    look(chunk)
  }
  return hash.digest('hex')
}
