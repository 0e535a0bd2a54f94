import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync, closeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compareWithEntry } from '../../operator/check-export/entry.ts'
import { verdictOf } from '../../operator/check-export.ts'
import { formats, type Format } from '../../server/export/receipt.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { exported, insertEntries } from '../server/exporting.ts'
import { startServer, type RunningServer } from '../server/running-server.ts'
import { audit } from './audit.ts'

type Context = { database: TestDatabase; running: RunningServer; folder: string; whole: Map<Format, Buffer> }
const it = suite<Context>('npm run audit -- check-export tells of an altered file', Object.create(null))

it.before(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'audit-check-altered-'))
  context.database = await makeTestDatabase()
  context.running = await startServer(context.database)
  const fredrik = await context.running.person('fredrik.isaksson@nordljus.example')
  await insertEntries(context.database, Array.from({ length: 40 }, (_, index) => ({ label: index % 7 === 0 ? `line\nbreak "${index}"` : `Åsa ${index} 👩‍💻`, action: 'cv.deleted', second: index, snapshot: { n: index } })))
  context.whole = new Map()
  for (const format of formats) context.whole.set(format, (await exported(context.running, fredrik, `/export/events.${format}?action=cv.deleted`)).bytes)
})
it.after(async ({ running, database, folder }) => {
  await running.close()
  await database.drop()
  rmSync(folder, { recursive: true })
})

async function verdict({ folder }: Context, format: Format, bytes: Buffer | string): Promise<string> {
  const path = join(folder, `file.${format}`)
  writeFileSync(path, bytes)
  return (await verdictOf(path, format)).verdict
}
const of = ({ whole }: Context, format: Format): Buffer => whole.get(format) ?? Buffer.alloc(0)
const text = (context: Context, format: Format): string => of(context, format).toString()

it('by programs that mean well: mail, editors, Excel, the other line end, another encoding, no byte order mark', async (context) => {
  const csv = text(context, 'csv')
  const json = text(context, 'jsonl')
  assert.is(await verdict(context, 'csv', csv), 'whole')
  assert.is(await verdict(context, 'jsonl', json), 'whole')
  const changed: Array<readonly [string, Format, Buffer | string]> = [
    ['CR LF became LF', 'csv', csv.replaceAll('\r\n', '\n')],
    ['only the last line has LF', 'csv', csv.replace(/\r\n$/, '\n')],
    ['without its last line end', 'csv', csv.replace(/\r\n$/, '')],
    ['LF became CR LF', 'jsonl', json.replaceAll('\n', '\r\n')],
    ['LF became CR LF, also within names', 'csv', csv.replaceAll(/(?<!\r)\n/g, '\r\n')],
    ['without its last line end', 'jsonl', json.trimEnd()],
    ['with an empty line behind it', 'jsonl', `${json}\n`],
    ['with an empty line behind it', 'csv', `${csv}\r\n`],
    ['without its byte order mark', 'csv', csv.replace(/^\u{FEFF}/u, '')],
    ['with a byte order mark', 'jsonl', `\u{FEFF}${json}`],
    ['saved by Excel, which quotes only what needs it', 'csv', csv.replaceAll(/"([^",;\r\n]*)"/g, '$1')],
    ['saved with semicolons', 'csv', csv.replaceAll('","', '";"')],
    ['in another encoding', 'csv', Buffer.from(csv, 'utf16le')],
    ['in Latin 1', 'csv', Buffer.from(csv, 'latin1')],
    ['composed otherwise', 'csv', csv.replaceAll('Å', 'A\u030A')],
    ['its rows sorted', 'jsonl', [...json.trimEnd().split('\n').slice(0, -1).toReversed(), json.trimEnd().split('\n').at(-1), ''].join('\n')],
    ['a zero byte behind it', 'csv', `${csv}\0`],
    ['a zero byte behind it', 'jsonl', `${json}\0`],
    ['a zero byte behind it', 'xlsx', Buffer.concat([of(context, 'xlsx'), Buffer.from([0])])],
    ['text taken for a workbook', 'xlsx', csv],
    ['a workbook taken for text', 'csv', of(context, 'xlsx')],
    ['JSON Lines taken for CSV', 'csv', json],
    ['CSV taken for JSON Lines', 'jsonl', csv],
  ]
  for (const [how, format, bytes] of changed) assert.not.equal(await verdict(context, format, bytes), 'whole', `${how}, ${format}`)
})

it('by another line end or byte order mark only, and says so', async (context) => {
  const fredrik = await context.running.person('fredrik.isaksson@nordljus.example')
  const unmarked = (await exported(context.running, fredrik, '/export/events.csv?action=cv.deleted&bom=false')).bytes.toString()
  const csv = text(context, 'csv')
  const json = text(context, 'jsonl')
  for (const [format, bytes, said] of [
    ['jsonl', json.replaceAll('\n', '\r\n'), /^Its line ends were changed: each was LF, and some are CR LF\./],
    ['jsonl', json.replace(/\n$/, '\r\n'), /^Its line ends were changed/],
    ['csv', csv.replaceAll('\r\n', '\n'), /^Its line ends were changed: each was CR LF, and some are LF\./],
    ['csv', csv.replace(/^\u{FEFF}/u, ''), /^Its byte order mark was taken away: its rows are those that were exported/],
    ['csv', `\u{FEFF}${unmarked}`, /^Its byte order mark was added/],
    ['jsonl', `\u{FEFF}${json}`, /^Its byte order mark was added/],
    ['csv', csv.replace(/^\u{FEFF}/u, '').replace('Åsa 1 ', 'Asa 1 '), /^Its rows are not those that were exported/],
  ] as const) {
    const path = join(context.folder, `only.${format}`)
    writeFileSync(path, bytes)
    const found = await verdictOf(path, format)
    assert.is(found.verdict, 'altered')
    assert.match(found.finding, said)
  }
})

it('in nothing but the separators of its last line', async (context) => {
  const fredrik = await context.running.person('fredrik.isaksson@nordljus.example')
  for (const [name, separator] of [['comma', ','], ['semicolon', ';'], ['tab', '\t']] as const) {
    const csv = (await exported(context.running, fredrik, `/export/events.csv?action=cv.deleted&separator=${name}`)).bytes.toString()
    assert.is(await verdict(context, 'csv', csv), 'whole', name)
    const start = csv.lastIndexOf('\r\n', csv.length - 3) + 2
    const [rows, line] = [csv.slice(0, start), csv.slice(start, -2)]
    const other = separator === ';' ? ',' : ';'
    const withoutEnd = line.replace(/[,;\t]+$/, '')
    const between = `"${separator}"{`
    for (const changed of [line.slice(0, -1), withoutEnd, `${line}${separator.repeat(5)}`, `${withoutEnd}${other.repeat(line.length - withoutEnd.length)}`,
      line.replace(between, `"${other}"{`), `${withoutEnd}${separator}`, line.replace(between, `"${other}"{`).replace(/[,;\t]+$/, (all) => other.repeat(all.length))]) {
      assert.is(await verdict(context, 'csv', `${rows}${changed}\r\n`), 'altered', changed.slice(-40))
    }
  }
})

it('cut at every one of its last two thousand bytes, in the middle of a letter too, and at every row', async (context) => {
  for (const format of formats) {
    const bytes = of(context, format)
    for (let left = 1; left < Math.min(2_000, bytes.length); left += 23) assert.not.equal(await verdict(context, format, bytes.subarray(0, -left)), 'whole', `${left} bytes less, ${format}`)
  }
  const rows = text(context, 'jsonl').split('\n')
  for (let row = 0; row < rows.length - 2; row += 1) assert.not.equal(await verdict(context, 'jsonl', rows.toSpliced(row, 1).join('\n')), 'whole', `without row ${row}`)
})

it('with two receipts, whichever comes last, and two files in one', async (context) => {
  for (const format of ['csv', 'jsonl'] as const) {
    const whole = text(context, format)
    const receipt = `${whole.trimEnd().split('\n').at(-1)}\n`
    assert.not.equal(await verdict(context, format, `${whole}${receipt}`), 'whole', format)
    assert.not.equal(await verdict(context, format, `${whole}${whole}`), 'whole', format)
    assert.not.equal(await verdict(context, format, receipt), 'whole', `the receipt alone, ${format}`)
  }
  assert.not.equal(await verdict(context, 'xlsx', Buffer.concat([of(context, 'xlsx'), of(context, 'xlsx')])), 'whole')
})

/** Every value within a receipt, by the way to it. */
function* placesOf(value: unknown, way: readonly string[] = []): Generator<readonly string[]> {
  if (typeof value !== 'object' || value === null) return yield way
  yield way
  for (const key of Object.keys(value)) yield* placesOf(Reflect.get(value, key), [...way, key])
}

it('in any single field of its receipt; and one that was sealed anew only the log can tell [case 213]', async (context) => {
  const lines = text(context, 'jsonl').trimEnd().split('\n')
  const body = lines.slice(0, -1).map((line) => `${line}\n`).join('')
  const { receipt } = JSON.parse(lines.at(-1) ?? '')
  const url = context.database.url('audit_reader')
  let changed = 0
  for (const way of placesOf(receipt)) {
    if (way.length === 0 || way[0] === 'receiptSha256') continue
    const other = structuredClone(receipt)
    const last = way.at(-1) ?? ''
    const within = way.slice(0, -1).reduce((value, key) => Reflect.get(value, key), other)
    const old: unknown = Reflect.get(within, last)
    Reflect.set(within, last, typeof old === 'number' ? old + 1 : typeof old === 'string' ? `${old}1` : null)
    assert.not.equal(await verdict(context, 'jsonl', `${body}${JSON.stringify({ receipt: other })}\n`), 'whole', way.join('.'))
    const { receiptSha256: _, ...open } = other
    const sealed = JSON.stringify(open)
    const anew = `${body}{"receipt":${sealed.slice(0, -1)},"receiptSha256":"${createHash('sha256').update(sealed).digest('hex')}"}}\n`
    if (await verdict(context, 'jsonl', anew) !== 'whole') continue
    const found = await verdictOf(join(context.folder, 'file.jsonl'), 'jsonl')
    if (found.verdict !== 'whole') return assert.unreachable(found.finding)
    assert.not.ok((await compareWithEntry(url, found.receipt, found.fileSha256)).agrees, way.join('.'))
    changed += 1
  }
  assert.ok(changed > 8, String(changed))
})

it('that is none: a folder, nothing, an empty one, and a vast one with a hole, in little memory', async (context) => {
  const { folder } = context
  mkdirSync(join(folder, 'folder.csv'))
  for (const [name, said] of [['folder.csv', /cannot be read/], ['nothing.csv', /cannot be read/]] as const) {
    const { status, stdout, stderr } = audit(['check-export', join(folder, name)])
    assert.is(status, 1, name)
    assert.match(`${stdout}${stderr}`, said, name)
  }
  for (const format of formats) assert.not.equal(await verdict(context, format, ''), 'whole', format)
  // Of a gigabyte with a hole in it, which takes no room on the disk, and has no line ends. It is read through one piece of memory.
  const before = process.memoryUsage.rss()
  for (const format of formats) {
    const path = join(folder, `vast.${format}`)
    writeFileSync(path, of(context, format).subarray(0, 1_000))
    truncateSync(path, 1_000_000_000)
    const file = openSync(path, 'a')
    writeSync(file, of(context, format).subarray(-3_000))
    closeSync(file)
    assert.not.equal((await verdictOf(path, format)).verdict, 'whole', format)
    rmSync(path)
  }
  const growth = process.memoryUsage.rss() - before
  assert.ok(growth < 64 * 2 ** 20, `${growth} bytes`)
  assert.ok(readFileSync(join(folder, 'file.csv')).length >= 0)
})

it.run()
