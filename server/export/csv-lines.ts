/** The most characters that a cell of Excel takes. */
export const longestCell = 32_767

/** Turns what COPY delivers as CSV into the lines of RFC 4180, and watches for cells that Excel would not take. */
export interface CsvLines {
  /** The bytes that can go out now; nothing of the chunk is needed afterwards. @param room where they are put, if it is large enough */
  readonly push: (chunk: Buffer, room?: Buffer) => Buffer
  /** The rest, once the last chunk was pushed. */
  readonly end: () => Buffer
  /** How many cells were longer than Excel takes. */
  readonly longCells: () => number
}

const lineFeed = 0x0a
const carriageReturn = 0x0d
const quote = 0x22

/**
 * COPY ends a row with a line feed, RFC 4180 with CR LF. A row ends where a line feed is followed by a quote and a digit,
 * since every value is quoted and the first one of a row is the number of the entry: within a value a quote is doubled, and
 * after the one that closes it comes the separator or the end of the line.
 */
export function makeCsvLines(): CsvLines {
  let held: Buffer = Buffer.alloc(0)
  /** The row that has begun and not ended. */
  let begun: Buffer[] = []
  let begunLength = 0
  let longCells = 0

  const endRow = (bytes: Buffer, start: number, end: number) => {
    if (begunLength + end - start > longestCell) longCells += countLongCells(Buffer.concat([...begun, bytes.subarray(start, end)]).toString())
    begun = []
    begunLength = 0
  }

  return {
    push: (chunk, room = Buffer.alloc(0)) => {
      const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk])
      // A row has 26 separators at least: so many carriage returns come in, and no more.
      const most = bytes.length + Math.ceil(bytes.length / 26) + 1
      const out = room.length >= most ? room : Buffer.allocUnsafe(most)
      let filled = 0
      let start = 0
      let at = bytes.indexOf(lineFeed)
      for (; at >= 0 && at < bytes.length - 2; at = bytes.indexOf(lineFeed, at + 1)) {
        if (bytes[at + 1] !== quote || !isDigit(bytes[at + 2])) continue
        filled += bytes.copy(out, filled, start, at)
        out[filled] = carriageReturn
        out[filled + 1] = lineFeed
        filled += 2
        endRow(bytes, start, at)
        start = at + 1
      }
      // A line feed in the last two bytes shows only with the next chunk whether it ends a row.
      const end = at < 0 ? bytes.length : at
      filled += bytes.copy(out, filled, start, end)
      // Copies: whoever gave the chunk takes its memory back.
      begun.push(Buffer.from(bytes.subarray(start, end)))
      begunLength += end - start
      held = Buffer.from(bytes.subarray(end))
      return out.subarray(0, filled)
    },
    end: () => {
      const rest = held.at(-1) === lineFeed ? Buffer.concat([held.subarray(0, -1), Buffer.from([carriageReturn, lineFeed])]) : held
      endRow(held, 0, held.length)
      held = Buffer.alloc(0)
      return rest
    },
    longCells: () => longCells,
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

function countLongCells(line: string): number {
  let count = 0
  let length = -1 // outside of quotes
  for (let at = 0; at < line.length; at += 1) {
    const isQuote = line[at] === '"'
    if (length < 0) length = isQuote ? 0 : -1
    else if (!isQuote || line[at + 1] === '"') {
      length += 1
      if (isQuote) at += 1
    } else {
      if (length > longestCell) count += 1
      length = -1
    }
  }
  return count
}
