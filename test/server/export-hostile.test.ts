import readExcelFile from 'read-excel-file/node'
import * as assert from 'uvu/assert'
import { hostileTexts } from '../security/hostile-text.ts'
import { exported, insertEntries, rawOf, recordsOf } from './exporting.ts'
import { serverSuite } from './server-suite.ts'

const it = serverSuite('Ten thousand hostile names in an export')
const seed = 203
const names = hostileTexts(seed, 10_000, false)

it.before(({ database }) => insertEntries(database, names.map((label, index) => ({ label, action: 'cv.deleted', second: index }))))

/** The names in a file, in the order in which they were inserted; where they first differ is what a person wants to see. */
function same(found: readonly unknown[], where: string): void {
  assert.is(found.length, names.length, where)
  for (const [index, name] of names.entries()) if (found[index] !== name) assert.is(found[index], name, `${where}, seed ${seed}, name ${index}`)
}

it('come back byte for byte from CSV, by two parsers, and no cell is a formula', async ({ running, fredrik }) => {
  for (const separator of [',', ';']) {
    const { bytes } = await exported(running, fredrik, `/export/events.csv?action=cv.deleted&separator=${encodeURIComponent(separator)}`)
    const [head = [], ...lines] = recordsOf(bytes, separator)
    const rows = lines.slice(0, -1).toReversed()
    same(rows.map((row) => rawOf(row[head.indexOf('object_label')] ?? '')), `CSV with ${JSON.stringify(separator)}`)
    assert.not.ok(rows.some((row) => row.some((cell) => /^[=+\-@\t\r\n＝＋－＠]/u.test(cell))))
  }
})

it('come back byte for byte from JSON Lines', async ({ running, fredrik }) => {
  const { bytes } = await exported(running, fredrik, '/export/events.jsonl?action=cv.deleted')
  const lines = bytes.toString().trimEnd().split('\n').slice(0, -1)
  same(lines.map((line) => JSON.parse(line).object_label).toReversed(), 'JSON Lines')
})

it('come back byte for byte from XLSX, as strings and never as formulas', async ({ running, fredrik }) => {
  const { bytes } = await exported(running, fredrik, '/export/events.xlsx?action=cv.deleted&locale=en')
  const [sheet] = await readExcelFile(bytes, { trim: false })
  const [head = [], ...rows] = sheet?.data ?? []
  const label = head.indexOf('Object')
  same(rows.map((row) => row[label]).toReversed(), 'XLSX')
})

it('can be searched for in an export without an error of the server', async ({ running, fredrik }) => {
  for (const text of hostileTexts(seed + 1, 400, true)) {
    const response = await running.fetch(fredrik, `/export/events.csv?objectId=none&q=${encodeURIComponent(text.toWellFormed())}`)
    assert.ok(response.status === 200 || response.status === 400, `${response.status} for ${JSON.stringify(text)}`)
    await response.arrayBuffer()
  }
})

it.run()
