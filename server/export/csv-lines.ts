/** The most characters that a cell of Excel takes. */
export const longestCell = 32_767

/** Turns what COPY delivers as CSV into the lines of RFC 4180, and watches for cells that Excel would not take. */
export interface CsvLines {
  /** The bytes that can go out now. */
  readonly push: (chunk: Buffer) => Buffer
  /** The rest, once the last chunk was pushed. */
  readonly end: () => Buffer
  /** How many cells were longer than Excel takes. */
  readonly longCells: () => number
}

const lineFeed = 0x0a
const quote = 0x22
const carriageReturnLineFeed = Buffer.from('\r\n')

/**
 * COPY ends a row with a line feed, RFC 4180 with CR LF. A row ends where a line feed is followed by a quote and a digit,
 * since every value is quoted and the first one of a row is the number of the entry: within a value a quote is doubled, and
 * after the one that closes it comes the separator or the end of the line.
 */
export function makeCsvLines(): CsvLines {
  let held: Buffer = Buffer.alloc(0)
  /** The row that has begun and not ended. */
  let row: Buffer[] = []
  let rowLength = 0
  let longCells = 0

  const endRow = (piece: Buffer) => {
    if (rowLength + piece.length > longestCell) longCells += countLongCells(Buffer.concat([...row, piece]).toString())
    row = []
    rowLength = 0
  }

  return {
    push: (chunk) => {
      const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk])
      const pieces: Buffer[] = []
      let start = 0
      let at = bytes.indexOf(lineFeed)
      for (; at >= 0 && at < bytes.length - 2; at = bytes.indexOf(lineFeed, at + 1)) {
        if (bytes[at + 1] !== quote || !isDigit(bytes[at + 2])) continue
        const piece = bytes.subarray(start, at)
        pieces.push(piece, carriageReturnLineFeed)
        endRow(piece)
        start = at + 1
      }
      // A line feed in the last two bytes shows only with the next chunk whether it ends a row.
      const end = at < 0 ? bytes.length : at
      const rest = bytes.subarray(start, end)
      pieces.push(rest)
      row.push(rest)
      rowLength += rest.length
      held = bytes.subarray(end)
      return Buffer.concat(pieces)
    },
    end: () => {
      const rest = held.at(-1) === lineFeed ? Buffer.concat([held.subarray(0, -1), carriageReturnLineFeed]) : held
      endRow(held)
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
