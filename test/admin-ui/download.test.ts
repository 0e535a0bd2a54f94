import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { download, receiptIn } from '../../admin-ui/src/export/download.ts'
import { RequestError } from '../../admin-ui/src/request/request-error.ts'

const it = suite('A file that is exported')
const sha256 = 'ab'.repeat(32)
const csv = `\u{FEFF}"id","sentence"\r\n"1","a\nb"\r\n"# end of export: rows=1 sha256=${sha256}","{""rows"": 1}"\r\n`
const jsonl = `{"id":"1"}\n${JSON.stringify({ receipt: { rows: 1, sha256, zone: 'UTC' } })}\n`

const get = (body: BodyInit | null, headers: Record<string, string> = {}, status = 200) => {
  const answer = async () => new Response(body, { status, headers: { 'content-type': 'text/csv', 'x-request-id': 'req-1', ...headers } })
  return download(answer, '/export/events.csv', new AbortController().signal, () => undefined)
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
  const { file, name, receipt, entry } = await get(csv, { 'content-disposition': 'attachment; filename="audit-log-2026-11-23.csv"', 'x-audit-export-id': '77' })
  assert.equal([await file.text(), name, receipt?.rows, entry], [csv.slice(1), 'audit-log-2026-11-23.csv', 1, '77'])
  assert.is(file.size, Buffer.byteLength(csv), 'the byte order mark is in the file')
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
