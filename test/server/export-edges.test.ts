import { connect } from 'node:net'
import readExcelFile from 'read-excel-file/node'
import * as assert from 'uvu/assert'
import { exported, insertEntries, rawOf, recordsOf, until } from './exporting.ts'
import { startServer, tokenFor } from './running-server.ts'
import { serverSuite, type ServerContext } from './server-suite.ts'

const it = serverSuite('What an export meets at its edges')

it.before(async ({ database }) => { await insertEntries(database, []) })

const linesOf = (bytes: Buffer) => bytes.toString().trimEnd().split('\n').map((line) => JSON.parse(line))

/** One entry, with any time and texts. */
async function entry({ database }: ServerContext, object: string, values: { at?: string; label?: string; snapshot?: unknown; details?: unknown }): Promise<void> {
  await database.superuser.query(`
    insert into audit.event (company_id, occurred_at, actor_status, action, object_kind, object_id, object_label, source, db_user, snapshot, details)
    values ('1', $1, 'missing', 'cv.deleted', 'cv', $2, $3, 'sql', 'x', $4, $5)`,
  [values.at ?? '2026-01-01T00:00:00Z', object, values.label ?? 'x', values.snapshot === undefined ? null : JSON.stringify(values.snapshot), values.details === undefined ? null : JSON.stringify(values.details)])
}

const get = ({ running, fredrik }: ServerContext, path: string) => exported(running, fredrik, path)

it('has its header and its receipt when nothing matches, in each format', async (context) => {
  const csv = recordsOf((await get(context, '/export/events.csv?objectId=none')).bytes)
  assert.is(csv.length, 2)
  assert.match(csv[1]?.[0] ?? '', /rows=0/)
  const json = linesOf((await get(context, '/export/events.jsonl?objectId=none')).bytes)
  assert.is(json.length, 1)
  assert.is(json[0].receipt.rows, 0)
  const sheets = await readExcelFile((await get(context, '/export/events.xlsx?objectId=none')).bytes)
  assert.is(sheets[0]?.data.length, 1)
  assert.is(sheets.length, 2)
})

it('writes times in the one documented way, whatever form of dates the database prefers, with and without a time among them that no calendar has', async (context) => {
  const { database, fredrik } = context
  await database.superuser.query(`alter database ${database.name} set datestyle = 'German'`)
  const german = await startServer(database)
  try {
    const ways = [
      ['summer', '2026-03-29T01:00:00.000001Z', '2026-03-29 03:00:00'],
      ['winter', '2025-12-31T23:59:59.999999Z', '2026-01-01 00:59:59'],
      ['whole', '2026-07-01T12:00:00Z', '2026-07-01 14:00:00'],
    ] as const
    for (const [object, at] of ways) await entry(context, `way ${object}`, { at })
    for (const step of ['without', 'with']) {
      for (const [object, utc, local] of ways) {
        const get = async (format: string): Promise<Buffer> => (await exported(german, fredrik, `/export/events.${format}?objectId=${encodeURIComponent(`way ${object}`)}`)).bytes
        assert.equal(recordsOf(await get('csv'))[1]?.slice(1, 3), [utc, local], `${object}, ${step}`)
        const [{ occurred_at: jsonUtc, occurred_at_local: jsonLocal }] = linesOf(await get('jsonl'))
        assert.equal([jsonUtc, jsonLocal], [utc, local], `${object}, ${step}`)
      }
      await entry(context, 'way of none', { at: 'infinity' })
    }
    const filter = { objectId: 'way summer', fromDay: '2026-03-29', toDay: '2026-03-29', timeZone: 'Europe/Stockholm' }
    const { data } = await german.graphql(fredrik, 'query ($filter: EventFilter) { events(filter: $filter) { nodes { occurredAt } } eventHistogram(filter: $filter, buckets: 1) { buckets { from deletions } } }', { filter })
    assert.equal(data, { events: { nodes: [{ occurredAt: '2026-03-29T01:00:00.000001+00:00' }] }, eventHistogram: { buckets: [{ from: '2026-03-28T23:00:00+00:00', deletions: 1 }] } })
  } finally {
    await german.close()
    await database.superuser.query(`alter database ${database.name} reset datestyle`)
  }
})

it('gives times that no calendar of today has: the first year, before it, the last, for ever, and zones of odd seconds', async (context) => {
  const times = [
    ['first', '0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
    ['before', '0044-03-15 12:00:00+00 BC', '0044-03-15T12:00:00Z BC'],
    ['far', '12026-01-01T00:00:00.5Z', '12026-01-01T00:00:00.5Z'],
    ['ever', 'infinity', 'infinity'],
    ['always', '-infinity', '-infinity'],
    ['odd', '1850-06-01T12:00:00Z', '1850-06-01T12:00:00Z'],
    ['micro', '2026-03-29T01:00:00.000001Z', '2026-03-29T01:00:00.000001Z'],
  ] as const
  for (const [object, at] of times) await entry(context, `time ${object}`, { at })
  for (const [object, at, utc] of times) {
    const { rows: [{ local }] } = await context.database.superuser.query(`select regexp_replace(($1::timestamptz at time zone 'Europe/Stockholm')::text, '[.][0-9]+', '') as local`, [at])
    const path = (format: string) => `/export/events.${format}?objectId=${encodeURIComponent(`time ${object}`)}`
    const [json] = linesOf((await get(context, path('jsonl'))).bytes)
    assert.equal([json.occurred_at, json.occurred_at_local], [utc, local], object)
    const [, line] = recordsOf((await get(context, path('csv'))).bytes)
    assert.equal(line?.slice(1, 3).map(rawOf), [utc, local], object)
    for (const written of line?.slice(1, 3) ?? []) assert.not.match(written, /^-/, 'no formula')
    const [sheet] = await readExcelFile((await get(context, path('xlsx'))).bytes)
    const cell = sheet?.data[1]?.[1]
    if (object === 'micro') assert.ok(cell instanceof Date && Math.abs(cell.getTime() - Date.UTC(2026, 2, 29, 1)) < 2, String(cell))
    else assert.is(cell, utc, object)
  }
})

it('keeps cells of one character, of quotes only and of line ends only, with each separator', async (context) => {
  const labels = ['"', '""', '\r', '\n', '\r\n', '\t', ';', ',', "'", "''", '#', '3,14', '1;2', '"1"', '\n"1"', '\n"1";', '\u{FEFF}', '\u0085', '\u2028']
  for (const [index, label] of labels.entries()) await entry(context, 'small', { label, at: `2026-01-01T00:00:${String(index).padStart(2, '0')}Z` })
  for (const separator of [',', ';', '\t']) {
    const [head = [], ...lines] = recordsOf((await get(context, `/export/events.csv?objectId=small&separator=${encodeURIComponent(separator)}`)).bytes, separator)
    assert.equal(lines.slice(0, -1).map((line) => rawOf(line[head.indexOf('object_label')] ?? '')).toReversed(), labels)
  }
  assert.equal(linesOf((await get(context, '/export/events.jsonl?objectId=small')).bytes).slice(0, -1).map(({ object_label: label }) => label).toReversed(), labels)
})

it('gives a snapshot and a name of ten megabytes whole, but to Excel, whose cell it tells', async (context) => {
  const text = 'Å"\n'.repeat(2_500_000)
  await entry(context, 'huge', { label: text, snapshot: { cv: text } })
  const [json] = linesOf((await get(context, '/export/events.jsonl?objectId=huge')).bytes)
  assert.ok(json.object_label === text && json.snapshot.cv === text)
  const [head = [], line] = recordsOf((await get(context, '/export/events.csv?objectId=huge')).bytes)
  assert.ok(line?.[head.indexOf('object_label')] === text && JSON.parse(line.at(-1) ?? '').cv === text)
  const { bytes } = await get(context, '/export/events.xlsx?objectId=huge&locale=en')
  const [sheet, receipt] = await readExcelFile(bytes, { trim: false })
  assert.is(String(sheet?.data[1]?.[8]).length, 32_767)
  assert.match(JSON.stringify(receipt?.data), /3 cells are longer than the 32767 characters that Excel takes and are cut/)
})

it('gives ten thousand entries of the same microsecond once each, by their numbers', async (context) => {
  await context.database.superuser.query(`
    insert into audit.event (company_id, occurred_at, actor_status, action, object_kind, object_id, source, db_user)
    select '1', '2025-01-01', 'missing', 'contact.deleted', 'contact', 'same', 'sql', 'x' from generate_series(1, 10000)`)
  for (const format of ['csv', 'jsonl']) {
    const { bytes } = await get(context, `/export/events.${format}?objectId=same`)
    const ids = format === 'csv' ? recordsOf(bytes).slice(1, -1).map(([id]) => BigInt(id ?? '')) : linesOf(bytes).slice(0, -1).map(({ id }) => BigInt(id))
    assert.is(new Set(ids).size, 10_000)
    assert.ok(ids.every((id, index) => index === 0 || id < (ids[index - 1] ?? 0n)))
  }
})

it('is sent as it is to whoever would take it compressed, and to a client of HTTP/1.0', async ({ running, fredrik }) => {
  const compressed = await running.fetch(fredrik, '/export/events.csv?objectId=small', { headers: { 'accept-encoding': 'gzip, br, deflate' } })
  assert.is(compressed.headers.get('content-encoding'), null)
  assert.match(await compressed.text(), /# end of export/)
  const { hostname, port } = new URL(running.url)
  const token = await tokenFor(fredrik)
  const answer = await new Promise<string>((resolve, reject) => {
    let text = ''
    const socket = connect(Number(port), hostname, () => socket.write(`GET /export/events.csv?objectId=same HTTP/1.0\r\nAuthorization: Bearer ${token}\r\n\r\n`))
    socket.setEncoding('utf8').on('data', (chunk) => { text += chunk }).on('end', () => resolve(text)).on('error', reject)
  })
  assert.match(answer, /^HTTP\/1\.1 200 OK/)
  assert.not.match(answer, /transfer-encoding/i)
  assert.match(answer, /# end of export: rows=10000 sha256=[0-9a-f]{64}"[^\n]*\n$/)
})

it('shows its one snapshot to the end and records it, also when its reader is demoted or the add-on ends in the middle [case 155]', async (context) => {
  const { database, fredrik } = context
  await database.superuser.query(`
    insert into audit.event (company_id, occurred_at, actor_status, action, object_kind, object_id, object_label, source, db_user)
    select '1', '2025-02-01', 'missing', 'contact.deleted', 'contact', 'many', md5(n::text) || repeat(md5((n * 7)::text), 12), 'sql', 'x' from generate_series(1, 40000) n`)
  const running = await startServer(database)
  for (const [change, back] of [
    [`update app.company set has_audit_log = false where id = 1`, `update app.company set has_audit_log = true where id = 1`],
    [`update app."user" set is_administrator = false where id = ${fredrik.id}`, `update app."user" set is_administrator = true where id = ${fredrik.id}`],
  ] as const) {
    const response = await running.fetch(fredrik, '/export/events.csv?objectId=many')
    const reader = response.body?.getReader()
    const first = await reader?.read()
    assert.ok(first?.value)
    await database.superuser.query(change)
    try {
      assert.is((await running.fetch(fredrik, '/export/events.csv?objectId=many')).status, 403)
      let text = ''
      const decoder = new TextDecoder()
      for (;;) {
        const next = await reader?.read()
        if (next === undefined || next.done) break
        text = `${text.slice(-6_000)}${decoder.decode(next.value, { stream: true })}`
      }
      assert.match(text, /# end of export: rows=40000 /)
    } finally {
      await database.superuser.query(back)
    }
    await until(async () => (await database.superuser.query('select outcome from audit.export order by id desc limit 1')).rows[0]?.outcome === 'complete', 'its end is in the log')
  }
  await running.close()
})

it.run()
