import { buffer } from 'node:stream/consumers'
import readExcelFile from 'read-excel-file/node'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { cut, escaped, unescaped, type Cell } from '../../server/export/sheet.ts'
import { makeWorkbook } from '../../server/export/workbook.ts'

const it = suite('Writing a workbook')

async function written(rows: ReadonlyArray<readonly Cell[]>, limits: { rowsPerSheet: number; bytesPerSheet?: number }) {
  const book = makeWorkbook({ columns: [{ title: 'id', width: 10 }, { title: 'occurred_at', width: 20 }], sheetName: 'Entries', receiptName: 'Receipt', ...limits })
  const file = buffer(book.file)
  for (const row of rows) await book.addRow(row)
  const result = await book.endRows()
  book.end([['Rows', String(result.rows)]])
  return { result, sheets: await readExcelFile(await file, { trim: false }) }
}

const rows = Array.from({ length: 7 }, (_, index): Cell[] => [{ text: `00${index}` }, { date: new Date(Date.UTC(2026, 0, 1 + index, 12, 30, 15)) }])

it('begins a new sheet after so many rows, each with its header, and counts them [case 204]', async () => {
  const { result, sheets } = await written(rows, { rowsPerSheet: 3 })
  assert.equal([result.rows, result.sheets], [7, 3])
  assert.equal(sheets.map(({ sheet, data }) => [sheet, data.length]), [['Entries', 4], ['Entries 2', 4], ['Entries 3', 2], ['Receipt', 1]])
  for (const { data } of sheets.slice(0, 3)) assert.equal(data[0], ['id', 'occurred_at'])
  assert.equal(sheets[2]?.data[1], ['006', new Date('2026-01-07T12:30:15.000Z')])
})

it('begins a new sheet before one is larger than a part of a zip file should be', async () => {
  const long = Array.from({ length: 20 }, (): Cell[] => [{ text: 'x'.repeat(30_000) }])
  assert.ok((await written(long, { rowsPerSheet: 1_000, bytesPerSheet: 100_000 })).result.sheets > 1)
})

it('has a sheet with a header also without a row', async () => {
  const { result, sheets } = await written([], { rowsPerSheet: 3 })
  assert.is(result.rows, 0)
  assert.equal(sheets[0]?.data, [['id', 'occurred_at']])
})

it('keeps text that looks like a number, a date, a formula or an escape', async () => {
  const texts = ['007', '9007199254740993', '1e5', '2026-01-01', '=1+1', '_x000D_', '_x005F_x000D_', 'a\u0001b', 'a\r\nb', ' x ', '<&>"\'', '\u{FFFF}', '_', '👩‍💻']
  const { sheets } = await written(texts.map((text) => [{ text }]), { rowsPerSheet: 100 })
  assert.equal(sheets[0]?.data.slice(1).map(([text]) => text), texts)
  for (const text of texts) assert.is(unescaped(escaped(text)), text)
})

it('cuts what is longer than a cell of Excel, and no character in half', () => {
  assert.is(cut('x'.repeat(32_767)).length, 32_767)
  assert.is(cut('x'.repeat(32_768)), `${'x'.repeat(32_766)}…`)
  assert.ok(cut(`x${'👩'.repeat(20_000)}`).isWellFormed())
  assert.ok(cut('👩'.repeat(20_000)).isWellFormed())
})

it('gives up for whoever reads it, when it is told to', async () => {
  const book = makeWorkbook({ columns: [{ title: 'id', width: 10 }], sheetName: 'Entries', receiptName: 'Receipt', rowsPerSheet: 10 })
  const file = buffer(book.file)
  await book.addRow([{ text: 'x' }])
  book.fail(new Error('no more'))
  const error = await file.then(() => null, (reason: unknown) => reason)
  assert.match(String(error), /no more/)
})

it('takes no more rows once it was given up, and nobody waits for it for ever', async () => {
  for (const rowsBefore of [0, 1, 100]) {
    const book = makeWorkbook({ columns: [{ title: 'id', width: 10 }], sheetName: 'Entries', receiptName: 'Receipt', rowsPerSheet: 1_000_000 })
    const file = buffer(book.file).catch((error: unknown) => error)
    const add = async (count: number) => { for (let n = 0; n < count; n += 1) await book.addRow([{ text: 'x'.repeat(30_000) }]) }
    await add(rowsBefore)
    book.fail(new Error('no more'))
    const outcome = await Promise.race([add(100).then(() => 'taken', String), sleep(2_000, 'waits', { ref: false })])
    assert.match(outcome, /no more/, `after ${rowsBefore} rows`)
    const ended = await Promise.race([book.endRows().then(() => 'ended', String), sleep(2_000, 'waits', { ref: false })])
    assert.match(ended, /no more/)
    assert.match(String(await file), /no more/)
  }
})

it.run()
