import { createHash } from 'node:crypto'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { download, receiptIn } from '../../admin-ui/src/export/download.ts'
import { RequestError } from '../../admin-ui/src/request/request-error.ts'
import { csvFile, workbookFile } from './exported-file.ts'

const it = suite('A file that is exported')
const sha256 = 'ab'.repeat(32)
const csv = `\u{FEFF}"id","sentence"\r\n"1","a\nb"\r\n"# end of export: rows=1 sha256=${sha256}","{""rows"": 1}"\r\n`
const jsonl = `{"id":"1"}\n${JSON.stringify({ receipt: { rows: 1, sha256, zone: 'UTC' } })}\n`

const workbook = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
const types = { csv: 'text/csv; charset=utf-8; header=present', jsonl: 'application/jsonl; charset=utf-8', xlsx: workbook }

const get = (body: BodyInit | null, headers: Record<string, string> = {}, status = 200, format: keyof typeof types = 'csv') => {
  const answer = async () => new Response(body, { status, headers: { 'content-type': types[format], 'x-audit-export-id': '77', 'x-request-id': 'req-1', ...headers } })
  return download(answer, `/export/events.${format}?q=.csv`, new AbortController().signal, () => undefined)
}
const reasonOf = async (attempt: Promise<unknown>) => {
  const error = await attempt.catch((error: unknown) => error)
  return error instanceof RequestError ? [error.reason, error.reference] : error
}

it('has its receipt in the last line, of CSV with either separator and of JSON Lines', () => {
  assert.equal(receiptIn(csv), { rows: 1, sha256 })
  assert.equal(receiptIn(`x;y\n"# end of export: rows=12 sha256=${sha256}";;;\n`), { rows: 12, sha256 })
  assert.equal(receiptIn(`# end of export: rows=12 sha256=${sha256}\n`), { rows: 12, sha256 })
  assert.equal(receiptIn(jsonl), { rows: 1, sha256 })
})

it('has none if the end is missing, cut, or only quoted by an entry', () => {
  assert.is(receiptIn('"1","a"\n'), null)
  assert.is(receiptIn(csv.slice(0, -2)), null, 'the last line is not ended')
  assert.is(receiptIn(`"1","# end of export: rows=1 sha256=${sha256}"\n`), null)
  assert.is(receiptIn(`{"receipt":{"rows":1}}\n`), null)
  assert.is(receiptIn(''), null)
})

it('is handed over as a whole, with its name and the entry about it', async () => {
  const whole = csvFile('\u{FEFF}"id","sentence"\r\n"1","å\nb"\r\n', 1)
  const { file, name, receipt, entry, isChecked } = await get(whole, { 'content-disposition': 'attachment; filename="audit-log-2026-11-23.csv"' })
  assert.equal([await file.text(), name, receipt?.rows, entry, isChecked], [whole.slice(1), 'audit-log-2026-11-23.csv', 1, '77', true])
  assert.is(file.size, Buffer.byteLength(whole), 'the byte order mark is in the file')
})

it('is handed over however much was asked for, and as a workbook by the hash at its end', async () => {
  const lines = '{"id":"1"}\n'
  const sha256 = createHash('sha256').update(lines).digest('hex')
  const { receipt } = await get(`${lines}${JSON.stringify({ receipt: { filter: 'å'.repeat(100_000), rows: 1, sha256 } })}\n`, {}, 200, 'jsonl')
  assert.equal(receipt, { rows: 1, sha256 })
  assert.is((await get(workbookFile('PK…'), {}, 200, 'xlsx')).isChecked, true)
})

it('is not handed over if it is cut, or if something in it is missing or another', async () => {
  const whole = csvFile('"id"\r\n"1"\r\n"2"\r\n', 2)
  assert.equal(await reasonOf(get(whole.replace('"1"\r\n', ''))), ['altered', 'req-1'])
  assert.equal(await reasonOf(get(workbookFile('PK…').slice(1), {}, 200, 'xlsx')), ['altered', 'req-1'])
  assert.equal(await reasonOf(get(workbookFile('PK…').slice(0, -1), {}, 200, 'xlsx')), ['network', 'req-1'])
  assert.equal(await reasonOf(get('', {}, 200, 'xlsx')), ['network', 'req-1'])
})

it('is not what something between here and the server answers in its place', async () => {
  assert.equal(await reasonOf(get('<html>Sign in</html>', { 'content-type': 'text/html' })), ['not_export', 'req-1'])
  assert.equal(await reasonOf(get(workbookFile('PK…'), { 'content-type': 'text/html' }, 200, 'xlsx')), ['not_export', 'req-1'])
  assert.equal(await reasonOf(get(csvFile('"id"\r\n', 0), { 'content-type': types.jsonl })), ['not_export', 'req-1'])
  assert.equal(await reasonOf(get(csvFile('"id"\r\n', 0), { 'x-audit-export-id': '' })), ['not_export', 'req-1'])
})

it('is not handed over if it broke off, with or without an error of the connection', async () => {
  assert.equal(await reasonOf(get('"1","half')), ['network', 'req-1'])
  const broken = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('"1"\n'))
      controller.error(new Error('gone'))
    },
  })
  assert.equal(await reasonOf(get(broken)), ['network', 'req-1'])
})

it('says why it is refused', async () => {
  const refusal = (code: string) => JSON.stringify({ error: { code, message: 'no', id: 'e1' } })
  assert.equal(await reasonOf(get(refusal('NOT_SIGNED_IN'), {}, 401)), ['signed_out', 'e1'])
  assert.equal(await reasonOf(get(refusal('TOO_MANY_EXPORTS'), {}, 503)), ['busy', 'e1'])
  assert.equal(await reasonOf(get(refusal('ADDRESS_TOO_LONG'), {}, 414)), ['too_long', 'e1'])
  assert.equal(await reasonOf(get('<html>', {}, 431)), ['too_long', 'req-1'])
  assert.equal(await reasonOf(get(refusal('NOT_ADMINISTRATOR'), {}, 403)), ['refused', 'e1'])
})

it.run()
