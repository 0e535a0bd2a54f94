import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import readExcelFile from 'read-excel-file/node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compareWithEntry } from '../../operator/check-export/entry.ts'
import { verdictOf } from '../../operator/check-export.ts'
import { formats } from '../../server/export/receipt.ts'
import { zipComment } from '../../server/export/workbook.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { exported, insertEntries } from '../server/exporting.ts'
import { startServer } from '../server/running-server.ts'

type Context = { database: TestDatabase; folder: string }
const it = suite<Context>('npm run audit -- check-export knows a whole file', Object.create(null))

it.before(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'audit-check-whole-'))
  context.database = await makeTestDatabase()
  await insertEntries(context.database, Array.from({ length: 7 }, (_, index) => ({ label: `Åsa ${index}`, action: 'cv.deleted', second: index })))
})
it.after(async ({ database, folder }) => {
  await database.drop()
  rmSync(folder, { recursive: true })
})

it('that an earlier version wrote: with codes in its filter, keys above its columns, and entries that are called events', async () => {
  for (const format of formats) {
    const found = await verdictOf(fileURLToPath(new URL(`older-exports/whole.${format}`, import.meta.url)), format)
    assert.is(found.verdict, 'whole', `${format}: ${found.finding}`)
    assert.equal([found.receipt?.rows, found.receipt?.filterInWords], [5, 'Åtgärd: cv.deleted; Från: 2026-01-01T00:00:00Z'])
  }
})

it('of a single row, and says so', async ({ database, folder }) => {
  const running = await startServer(database)
  try {
    for (const format of formats) {
      const path = join(folder, `one.${format}`)
      writeFileSync(path, (await exported(running, await running.person('fredrik.isaksson@nordljus.example'), `/export/events.${format}?action=cv.deleted&q=${encodeURIComponent('"Åsa 3"')}`)).bytes)
      assert.is((await verdictOf(path, format)).finding, 'It is whole: 1 row, as its receipt says.')
    }
  } finally {
    await running.close()
  }
})

it('that is a workbook of three sheets, and not one of which a sheet is missing [case 204]', async ({ database, folder }) => {
  const small = await startServer(database, { rowsPerSheet: 3 })
  try {
    for (const locale of ['en', 'sv']) {
      const { bytes } = await exported(small, await small.person('fredrik.isaksson@nordljus.example'), `/export/events.xlsx?action=cv.deleted&locale=${locale}`)
      assert.equal((await readExcelFile(bytes)).map(({ data }) => data.length).slice(0, 3), [4, 4, 2])
      const path = join(folder, 'sheets.xlsx')
      writeFileSync(path, bytes)
      const found = await verdictOf(path, 'xlsx')
      if (found.verdict !== 'whole') return assert.unreachable(found.finding)
      assert.is(found.finding, 'It is whole: 7 rows, as its receipt says.')
      assert.ok((await compareWithEntry(database.url('audit_reader'), found.receipt, found.fileSha256)).agrees)
      // Its directory calls the second sheet something else, and so the sheets end with the first; the hash at its end is made anew.
      const others = Buffer.from(bytes.subarray(0, -zipComment('0'.repeat(64)).length).toString('latin1').replaceAll('sheet2.xml', 'sheet9.xml'), 'latin1')
      writeFileSync(path, Buffer.concat([others, Buffer.from(zipComment(createHash('sha256').update(others).digest('hex')))]))
      const other = await verdictOf(path, 'xlsx')
      assert.equal([other.verdict, other.finding], ['altered', 'Its rows are not those that were exported: the SHA-256 of the receipt is another one.'])
    }
  } finally {
    await small.close()
  }
})

it.run()
