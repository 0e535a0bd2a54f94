import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { ZipFile } from 'yazl'
import { sheetEnd, sheetRow, sheetStart, type Cell } from './sheet.ts'

/** How many rows of data one sheet of Excel takes, below its header. */
export const rowsOfSheet = 1_048_575

/** The comment at the end of the file: the last thing in it, and the hash of everything before. */
export const zipComment = (sha256: string): string => `audit-log sha256=${sha256}`
const placeholder = zipComment('0'.repeat(64))

/** Names of the parts of the file. */
export const partNames = { sheet: (number: number) => `xl/worksheets/sheet${number}.xml`, receipt: 'xl/worksheets/receipt.xml' } as const

/** A column of the sheets with rows: what stands above it, and how wide it is, in characters. */
export interface SheetColumn {
  readonly title: string
  readonly width: number
}

export interface WorkbookOptions {
  readonly columns: readonly SheetColumn[]
  /** Names of the sheets, `Entries`, `Entries 2`, and of the receipt. */
  readonly sheetName: string
  readonly receiptName: string
  /** A new sheet is begun after so many rows … */
  readonly rowsPerSheet: number
  /** … or so many bytes, because the parts of a zip file are best kept below 4 GiB. */
  readonly bytesPerSheet?: number
}

/** An XLSX file that is written row by row; nothing of it stays in memory. */
export interface Workbook {
  /** The file; to be read while it is written. */
  readonly file: AsyncIterable<Buffer>
  /** Writes a row; when the promise is done, another one can be taken. */
  readonly addRow: (cells: readonly Cell[]) => Promise<void>
  /** Ends the last sheet. @returns the rows, and the SHA-256 of the text of all sheets with rows */
  readonly endRows: () => Promise<{ readonly rows: number; readonly sheets: number; readonly sha256: string }>
  /** Writes the sheet with the receipt, and the end of the file. */
  readonly end: (receipt: ReadonlyArray<readonly [string, string]>) => void
  /** Gives up; whoever reads the file gets the error. */
  readonly fail: (error: Error) => void
}

/** Bytes of XML that are collected before they are compressed. */
const batch = 64 * 1024
/** The fastest: XML shrinks to a tenth all the same. */
const compression = { compressionLevel: 1 }

export function makeWorkbook({ columns, sheetName, receiptName, rowsPerSheet, bytesPerSheet = 3_900_000_000 }: WorkbookOptions): Workbook {
  const zip = new ZipFile()
  const output = new PassThrough()
  zip.outputStream.pipe(output)
  // Whoever reads it gets the error; nobody reads it yet, or any more, where it would end the process.
  output.on('error', () => undefined)
  const hash = createHash('sha256')
  const widths = columns.map(({ width }) => width)
  let sheets = 0
  let rows = 0
  let rowsHere = 0
  let bytesHere = 0
  let sheet: PassThrough | null = null
  let pending = ''

  /** Aborted once it was given up. A sheet that is destroyed never has room again, and says so only once: to whoever waits then. */
  const givenUp = new AbortController()

  const flush = async () => {
    givenUp.signal.throwIfAborted()
    if (sheet === null || pending === '') return
    const bytes = Buffer.from(pending)
    pending = ''
    hash.update(bytes)
    bytesHere += bytes.length
    if (!sheet.write(bytes)) await once(sheet, 'drain')
  }
  const write = async (xml: string) => {
    pending += xml
    if (pending.length >= batch) await flush()
  }
  const endSheet = async () => {
    if (sheet === null) return
    await write(sheetEnd(rowsHere + 1, columns.length))
    await flush()
    sheet.end()
    sheet = null
  }
  const beginSheet = async () => {
    await endSheet()
    sheets += 1
    rowsHere = 0
    bytesHere = 0
    sheet = new PassThrough({ highWaterMark: 4 * batch })
    sheet.on('error', () => undefined)
    zip.addReadStream(sheet, partNames.sheet(sheets), compression)
    await write(sheetStart(widths, true) + sheetRow(1, columns.map(({ title }) => ({ text: title })), true))
  }

  return {
    file: sealed(output),
    addRow: async (cells) => {
      if (sheet === null || rowsHere >= rowsPerSheet || bytesHere >= bytesPerSheet) await beginSheet()
      rows += 1
      rowsHere += 1
      await write(sheetRow(rowsHere + 1, cells))
    },
    endRows: async () => {
      if (sheets === 0) await beginSheet()
      await endSheet()
      return { rows, sheets, sha256: hash.digest('hex') }
    },
    end: (receipt) => {
      const receiptRows = receipt.map(([what, value], index) => sheetRow(index + 1, [{ text: what }, { text: value }]))
      zip.addBuffer(Buffer.from(`${sheetStart([32, 100], false)}${receiptRows.join('')}${sheetEnd(0, 0)}`), partNames.receipt, compression)
      const names = Array.from({ length: sheets }, (_, index) => (index === 0 ? sheetName : `${sheetName} ${index + 1}`))
      for (const [name, xml] of Object.entries(frame(names, receiptName))) zip.addBuffer(Buffer.from(xml), name, compression)
      zip.end({ comment: placeholder, forceZip64Format: false })
    },
    fail: (error) => {
      givenUp.abort(error)
      sheet?.destroy(error)
      output.destroy(error)
    },
  }
}

/** Puts the hash of everything before it into the comment at the end. */
async function* sealed(output: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  let held: Buffer = Buffer.alloc(0)
  for await (const chunk of output) {
    const bytes = Buffer.concat([held, chunk])
    const ready = bytes.subarray(0, Math.max(0, bytes.length - placeholder.length))
    held = bytes.subarray(ready.length)
    hash.update(ready)
    if (ready.length > 0) yield ready
  }
  yield Buffer.from(zipComment(hash.digest('hex')))
}

const xmlHead = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const packages = 'http://schemas.openxmlformats.org/package/2006'
const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const types = 'application/vnd.openxmlformats-officedocument.spreadsheetml'

/** The parts of the file that hold the sheets together. */
function frame(names: readonly string[], receiptName: string): Record<string, string> {
  const parts = [...names.map((name, index) => ({ name, path: `worksheets/sheet${index + 1}.xml` })), { name: receiptName, path: 'worksheets/receipt.xml' }]
  const overrides = parts.map(({ path }) => `<Override PartName="/xl/${path}" ContentType="${types}.worksheet+xml"/>`)
  const sheets = parts.map(({ name }, index) => `<sheet name="${name}" sheetId="${index + 1}" r:id="rId${index + 1}"/>`)
  const relations = parts.map(({ path }, index) => `<Relationship Id="rId${index + 1}" Type="${office}/worksheet" Target="${path}"/>`)
  return {
    'xl/styles.xml': `${xmlHead}<styleSheet xmlns="${main}"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>`
      + '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
      + '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
      + '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
      + '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
      + '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
      + '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs></styleSheet>',
    'xl/workbook.xml': `${xmlHead}<workbook xmlns="${main}" xmlns:r="${office}"><sheets>${sheets.join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `${xmlHead}<Relationships xmlns="${packages}/relationships">${relations.join('')}`
      + `<Relationship Id="rId${parts.length + 1}" Type="${office}/styles" Target="styles.xml"/></Relationships>`,
    '_rels/.rels': `${xmlHead}<Relationships xmlns="${packages}/relationships"><Relationship Id="rId1" Type="${office}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    '[Content_Types].xml': `${xmlHead}<Types xmlns="${packages}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>`
      + `<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${types}.sheet.main+xml"/>`
      + `<Override PartName="/xl/styles.xml" ContentType="${types}.styles+xml"/>${overrides.join('')}</Types>`,
  }
}
