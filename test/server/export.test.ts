import { createHash } from 'node:crypto'
import { request } from 'node:http'
import * as assert from 'uvu/assert'
import { openReceipt } from '../../server/export/receipt.ts'
import { exported, insertEntries, rawOf, recordsOf, until } from './exporting.ts'
import { startServer, tokenFor } from './running-server.ts'
import { serverSuite, type ServerContext } from './server-suite.ts'

const it = serverSuite('Exporting the log')

const hardLabels = [
  '=HYPERLINK("http://evil.example";"x")', '+46 70 123', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1', '＋1', '－1', '＠x', "'=1", "''=1", "'tis",
  'says "hej", no; yes', 'two\nlines', 'two\n"1"', 'carriage\r\nreturn', 'U+2028\u2028here', '\u{FEFF}mark', "O'Brien", '👩‍💻', 'مشروع', '\\.', '', ' leading', '#1', 'a=b',
  '0012', '9007199254740993', '2026-01-02', 'a,', ',"', '","', '"\r\n"7"',
]
const formula = /^[=+\-@\t\r\n＝＋－＠]/u
const keys = ['id', 'occurred_at', 'occurred_at_local', 'sentence', 'action', 'object_kind', 'object_id', 'object_label', 'owner_kind', 'owner_id', 'owner_label',
  'actor_id', 'actor_name', 'actor_status', 'on_behalf_of', 'source', 'caused_by', 'root_id', 'transaction_id', 'request_id', 'reason', 'client_addr', 'db_user',
  'application_name', 'company_id', 'details', 'snapshot']

it.before(async ({ database }) => {
  await insertEntries(database, hardLabels.map((label, index) => ({ label, action: 'cv.deleted', second: index })))
  await insertEntries(database, Array.from({ length: 1_001 }, (_, index) => ({ label: `project ${index}`, action: 'project.deleted', second: index })))
})

const get = ({ running, fredrik }: ServerContext, path: string) => exported(running, fredrik, path)
const linesOf = (bytes: Buffer) => bytes.toString().trimEnd().split('\n').map((line) => JSON.parse(line))

it('gives every row and not a thousand, with a receipt that matches the bytes and both entries [case 205, 208, 213, 214]', async (context) => {
  const { response, bytes } = await get(context, '/export/events.csv?action=project.deleted')
  assert.is(response.headers.get('content-type'), 'text/csv; charset=utf-8; header=present')
  assert.match(response.headers.get('content-disposition') ?? '', /^attachment; filename="audit-log-\d{4}-\d\d-\d\d-\d{4}-e\d+\.csv"$/)
  assert.is(response.headers.get('accept-ranges'), 'none')
  assert.is(bytes.subarray(0, 3).toString('hex'), 'efbbbf')
  const lines = recordsOf(bytes)
  assert.is(lines.length, 1 + 1_001 + 1)
  assert.ok(lines.every((line) => line.length === keys.length))
  const [said = '', sealed = '', ...others] = lines.at(-1) ?? []
  const [, rows, sha256] = /^# end of export: rows=(\d+) sha256=([0-9a-f]{64})$/.exec(said) ?? []
  assert.is(rows, '1001')
  assert.is(sha256, createHash('sha256').update(bytes.subarray(0, bytes.lastIndexOf('"# end of export'))).digest('hex'))
  assert.ok(others.every((cell) => cell === ''))

  const { rows: [end, start] } = await context.database.superuser.query(`
    select id::text, action, object_kind, object_id, actor_id, details, replace((occurred_at at time zone 'UTC')::text, ' ', 'T') || 'Z' as at
      from audit.event where action like 'audit.%' order by id desc limit 2`)
  const { at, transactions } = start.details.snapshot
  assert.equal([end.action, end.object_kind, end.actor_id, end.object_id], ['audit.export_ended', 'export', context.fredrik.id, start.id])
  assert.equal(end.details, { sha256, file_sha256: createHash('sha256').update(bytes).digest('hex'), outcome: 'complete', row_count: 1001 })
  assert.equal([start.action, start.object_kind, start.actor_id], ['audit.exported', 'export', context.fredrik.id])
  const asked = {
    timeZone: 'Europe/Stockholm', locale: 'en', filterInWords: 'Action type: Delete project', snapshot: { at, transactions },
    company: { id: '1', name: 'Nordljus Konsult AB' }, person: { id: context.fredrik.id, name: context.fredrik.name },
  }
  assert.equal(start.details, { ...asked, format: 'csv', filter: { actions: ['project.deleted'] } })
  const receipt = openReceipt(sealed)
  assert.equal({ ...receipt, receiptSha256: '' }, { ...asked, format: 'csv', filter: { actions: ['project.deleted'] }, entry: start.id, at: start.at, rows: 1001, sha256, notes: [], receiptSha256: '' })
  assert.match(transactions, /^\d+:\d+:/)
  assert.is(response.headers.get('x-audit-export-id'), start.id)
  const { rows: [seen] } = await context.database.superuser.query('select row_count::int, file_hash, outcome from audit.export where id = $1', [start.id])
  assert.equal(seen, { row_count: 1001, file_hash: end.details.file_sha256, outcome: 'complete' })
})

it('brings hard names back as they are, but no formula, to two independent parsers [case 203, 215]', async (context) => {
  for (const [parameter, separator] of [['', ','], ['&separator=;', ';'], ['&separator=semicolon', ';'], ['&separator=tab&bom=false', '\t']] as const) {
    const { bytes } = await get(context, `/export/events.csv?action=cv.deleted${parameter}`)
    const [head = [], ...lines] = recordsOf(bytes, separator)
    assert.is(bytes.subarray(0, 3).toString('hex') === 'efbbbf', !parameter.includes('bom=false'))
    assert.equal(head, keys)
    const rows = lines.slice(0, -1)
    const label = head.indexOf('object_label')
    assert.equal(rows.map((line) => rawOf(line[label] ?? '')).toReversed(), hardLabels)
    assert.match(bytes.toString(), new RegExp(`\\r\\n"\\d+"${separator}"2026-`), 'a value that needs no quotes has them too')
    assert.is(bytes.toString().match(/[^\r]\n"\d+"/g), null, 'a row ends in a line feed alone')
    for (const line of rows) assert.ok(line.every((cell) => !formula.test(cell)), line.join('|'))
    const at = hardLabels.length - 1
    assert.equal(rows[0]?.slice(1, 3), [`2026-06-30T22:00:${at}Z`, `2026-07-01 00:00:${at}`])
    assert.is(rows[0]?.[head.indexOf('object_id')], '007')
    assert.is(rows[0]?.[head.indexOf('actor_name')], "'=cmd|calc")
  }
})

it('gives the same as JSON lines, unchanged, with a receipt', async (context) => {
  const { response, bytes } = await get(context, '/export/events.jsonl?action=cv.deleted&locale=sv&timeZone=Asia/Kolkata')
  assert.match(response.headers.get('content-disposition') ?? '', /\.jsonl"$/)
  const lines = linesOf(bytes)
  assert.equal(lines.slice(0, -1).map(({ object_label: label }) => label).toReversed(), hardLabels)
  assert.equal(Object.keys(lines[0]), keys)
  assert.is(typeof lines[0].id, 'string')
  assert.match(lines[0].sentence, /raderade CV/)
  assert.match(lines[0].occurred_at_local, /^2026-07-01 03:30:/)
  const { rows, sha256, timeZone } = lines.at(-1).receipt
  assert.equal({ rows, sha256, timeZone }, { rows: hardLabels.length, sha256: createHash('sha256').update(bytes.subarray(0, bytes.lastIndexOf('{"receipt"'))).digest('hex'), timeZone: 'Asia/Kolkata' })
})

it('says of each entry what audit.sentence, cause_of and root_of say, in both languages', async (context) => {
  const { database } = context
  const [customer] = (await database.superuser.query(`select id from app.customer where company_id = 1 order by id limit 1`)).rows
  await database.superuser.query('delete from app.customer where id = $1', [customer.id])
  await database.superuser.query('begin; delete from app.cv where user_id = 5; delete from app."user" where id = 5; commit')
  // Children before parents, in three layers, as an ORM does; and once more with a part that the database took along.
  const [project] = (await database.superuser.query('select p.id, p.customer_id from app.project p join app.role r on r.project_id = p.id where p.company_id = 1 group by p.id order by p.id limit 1')).rows
  await database.superuser.query(`begin; delete from app.role where project_id = ${project.id}; delete from app.project where id = ${project.id}; delete from app.customer where id = ${project.customer_id}; commit`)
  const [owner] = (await database.superuser.query('select p.customer_id from app.project p join app.role r on r.project_id = p.id where p.company_id = 1 group by p.customer_id order by 1 limit 1')).rows
  await database.superuser.query(`begin; delete from app.project where customer_id = ${owner.customer_id}; delete from app.contact where customer_id = ${owner.customer_id}; delete from app.customer where id = ${owner.customer_id}; commit`)
  await insertEntries(database, [
    { label: 'INV-1', action: 'invoice.deleted', second: 1 }, { label: null, action: 'invoice.restored', second: 2 }, { label: 'x', action: 'customers.exported', second: 3, details: { row_count: 1 } },
    { label: null, action: 'projects.exported', second: 4, details: { row_count: 12_345_678_901 } }, { label: null, action: 'contacts.exported', second: 5, details: { row_count: 'many' } },
    { label: null, action: 'customers.export_ended', second: 6, details: { row_count: 2, outcome: 'failed' } }, { label: null, action: 'cv.deleted', second: 7 },
  ])
  await database.superuser.query(`insert into audit.event (company_id, actor_status, action, object_kind, owner_label, source, db_user, actor_name) values ('1', 'missing', 'role.deleted', 'role', '', 'sql', 'x', ''), ('1', 'missing', 'role.deleted', 'role', 'Eve', 'sql', 'x', null)`)
  for (const locale of ['en', 'sv']) {
    const { bytes } = await get(context, `/export/events.jsonl?locale=${locale}`)
    const lines = linesOf(bytes).slice(0, -1)
    const { rows } = await database.superuser.query(`
      select e.id::text, audit.sentence(e, $2) as sentence, audit.cause_of(e)::text as caused_by, audit.root_of(e)::text as root_id
        from audit.event e where id = any ($1::bigint[]) order by e.occurred_at desc, e.id desc`, [lines.map(({ id }) => id), locale])
    for (const [index, { id, sentence, caused_by, root_id }] of lines.entries()) assert.equal({ id, sentence, caused_by, root_id }, rows[index])
    assert.ok(rows.some(({ caused_by: cause }) => cause !== null))
    assert.ok(rows.some(({ caused_by: cause, root_id: root }) => cause !== null && root !== cause), 'an act of three layers')
  }
})

it('holds the same entries as the list with the same filter, and not itself', async (context) => {
  const { bytes } = await get(context, `/export/events.jsonl?q=${encodeURIComponent('project -7')}&from=2026-06-30T22:01:00Z&to=2026-06-30T22:10:00Z`)
  const ids = linesOf(bytes).slice(0, -1).map(({ id }) => id)
  const { data } = await context.running.graphql(context.fredrik, `{ events(first: 200, filter: { query: "project -7", from: "2026-06-30T22:01:00Z", to: "2026-06-30T22:10:00Z" }) { totalCount nodes { id } } }`)
  assert.is(ids.length, data?.['events'].totalCount)
  assert.equal(ids.slice(0, 200), data?.['events'].nodes.map(({ id }: { id: string }) => id))
  const everything = linesOf((await get(context, '/export/events.jsonl')).bytes).slice(0, -1)
  const last = await context.database.superuser.query(`select max(id)::text as id from audit.event where action = 'audit.exported'`)
  assert.not.ok(everything.some(({ id }) => id === last.rows[0].id))
})

it('takes a filter for text, whatever it holds', async (context) => {
  const { bytes } = await get(context, `/export/events.csv?q=${encodeURIComponent(`"O'Brien%' or true --"`)}&objectId=${encodeURIComponent(`\\' or true --`)}`)
  assert.match(bytes.toString(), /# end of export: rows=0 /)
  assert.is(recordsOf(bytes).length, 2)
})

it('warns of cells that are longer than Excel takes, and gives them whole [case 204]', async (context) => {
  const long = 'ä'.repeat(32_768)
  await insertEntries(context.database, [
    { label: 'long', action: 'user.deleted', second: 0, snapshot: { cv: long } }, { label: 'short', action: 'user.deleted', second: 1, snapshot: { a: 'x'.repeat(32_000), b: '"'.repeat(300) } },
  ])
  const csv = recordsOf((await get(context, '/export/events.csv?action=user.deleted&objectId=007&locale=en')).bytes)
  assert.equal(csv.slice(1, -1).map((line) => JSON.parse(line.at(-1) ?? '').cv), [undefined, long])
  assert.equal(openReceipt(csv.at(-1)?.[1] ?? '')?.notes, ['1 cell is longer than the 32767 characters that Excel takes; export as JSON Lines to have it whole.'])
  const json = linesOf((await get(context, '/export/events.jsonl?action=user.deleted&objectId=007')).bytes)
  assert.is(json[1].snapshot.cv, long)
})

it('is refused before the first byte to whoever may not read, and leaves no entry [case 155]', async ({ running, database, fredrik }) => {
  const jessica = await running.person('jessica.kowalski@nordljus.example')
  const karin = await running.person('karin.bergstrom@granit.example')
  const count = async () => (await database.superuser.query(`select count(*)::int as n from audit.event`)).rows[0].n
  const before = await count()
  for (const [person, status, code] of [
    [null, 401, 'NOT_SIGNED_IN'], [jessica, 403, 'NOT_ADMINISTRATOR'], [{ ...fredrik, companyId: '2' }, 403, 'NOT_ADMINISTRATOR'],
    [karin, 403, 'ADD_ON_MISSING'], [{ ...fredrik, companyId: '99' }, 403, 'COMPANY_UNKNOWN'],
  ] as const) {
    for (const format of ['csv', 'jsonl', 'xlsx']) {
      const response = await running.fetch(person, `/export/events.${format}`)
      assert.is(response.status, status, code)
      assert.is((await response.json()).error.code, code)
    }
  }
  assert.is(await count(), before)
})

it('refuses what it does not understand, and does nothing for HEAD or another site', async ({ running, fredrik }) => {
  for (const [query, code] of [
    ['action=nonsense', 'BAD_FILTER'], ['colour=red', 'BAD_FILTER'], ['from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'BAD_FILTER'],
    ['separator=|', 'BAD_PARAMETER'], ['separator=constructor', 'BAD_PARAMETER'], ['bom=yes', 'BAD_PARAMETER'], ['locale=de', 'BAD_PARAMETER'], ['locale=en&locale=sv', 'BAD_PARAMETER'],
    ['timeZone=Mars/Base', 'BAD_FILTER'], ['timeZone=%2B05:00', 'BAD_FILTER'], ["timeZone='", 'BAD_FILTER'], ['timeZone=%00', 'BAD_FILTER'], ['timeZone=', 'BAD_FILTER'],
  ] as const) {
    const response = await running.fetch(fredrik, `/export/events.csv?${query}`)
    assert.is(response.status, 400, query)
    assert.is((await response.json()).error.code, code, query)
  }
  assert.is((await running.fetch(fredrik, '/export/events.jsonl?separator=;')).status, 400)
  assert.is((await running.fetch(fredrik, '/export/events.csv', { method: 'HEAD' })).status, 405)
  assert.is((await running.fetch(fredrik, '/export/events.csv', { headers: { 'sec-fetch-site': 'cross-site' } })).status, 403)
})

it('gives the whole file to whoever asks for a part of it', async ({ running, fredrik }) => {
  const response = await running.fetch(fredrik, '/export/events.csv?action=project.deleted&objectId=007', { headers: { range: 'bytes=0-99' } })
  assert.is(response.status, 200)
  assert.match(await response.text(), /# end of export: rows=1001 /)
})

it('does not begin if its entry cannot be written [case 73]', async ({ running, database, fredrik }) => {
  await database.superuser.query('revoke execute on function audit.record_log_export(text, jsonb, jsonb) from audit_admin')
  try {
    const response = await running.fetch(fredrik, '/export/events.csv')
    assert.is(response.status, 503)
    assert.ok(response.headers.has('retry-after'))
    const body = await response.text()
    assert.match(body, /NOT_RECORDED/)
    assert.not.match(body, /record_log_export|permission/)
  } finally {
    await database.superuser.query('grant execute on function audit.record_log_export(text, jsonb, jsonb) to audit_admin')
  }
})

it('does not end in a receipt if its end cannot be recorded', async ({ running, database, fredrik }) => {
  const signature = 'audit.record_log_export_end(bigint, bigint, text, text, text)'
  await database.superuser.query(`revoke execute on function ${signature} from audit_admin`)
  try {
    const text = await running.fetch(fredrik, '/export/events.csv?action=project.deleted').then((response) => response.text(), String).catch(String)
    assert.not.match(text, /end of export/)
  } finally {
    await database.superuser.query(`grant execute on function ${signature} to audit_admin`)
  }
  await until(async () => (await database.superuser.query(`select details ->> 'outcome' as outcome from audit.event where action = 'audit.export_ended' order by id desc limit 1`)).rows[0]?.outcome === 'failed', 'the end is recorded once that is possible')
})

const big = 30_000
const busy = `select query from pg_stat_activity where datname = current_database() and state = 'active' and query like 'copy%'`
const lastEnd = `select details ->> 'outcome' as outcome from audit.event where action = 'audit.export_ended' and id > $1 order by id desc limit 1`

async function fill({ database }: ServerContext): Promise<string> {
  await database.superuser.query(`
    insert into audit.event (company_id, actor_status, action, object_kind, object_id, object_label, source, db_user)
    select '1', 'missing', 'contact.deleted', 'contact', 'big', repeat('x', 400), 'sql', 'x' from generate_series(1, $1::int)
     where not exists (select from audit.event where object_id = 'big')`, [big])
  return (await database.superuser.query('select max(id)::text as id from audit.event')).rows[0].id
}

it('stops the query when the reader leaves, and says so in the log [case 180]', async (context) => {
  const { running, database, fredrik } = context
  const headers = { authorization: `Bearer ${await tokenFor(fredrik)}` }
  for (const format of ['csv', 'jsonl', 'xlsx']) {
    const before = await fill(context)
    await new Promise<void>((resolve, reject) => {
      const leaving = request(`${running.url}/export/events.${format}?objectId=big`, { headers }, (response) => {
        response.once('data', () => {
          response.destroy()
          resolve()
        })
      })
      leaving.on('error', reject).end()
    })
    await until(async () => (await database.superuser.query(lastEnd, [before])).rows[0]?.outcome === 'cancelled', 'the log says that it was cancelled')
    await until(async () => (await database.superuser.query(busy)).rows.length === 0, 'no query runs any more')
  }
})

it('ends a query that has not given its first row when the reader leaves [case 180]', async (context) => {
  const { running, database, fredrik } = context
  // It has no phrase of its own: its sentence is asked of a function, which takes its time.
  await database.superuser.query(`insert into audit.event (company_id, actor_status, action, object_kind, object_id, source, db_user) values ('1', 'missing', 'login.bound', 'login', 'late', 'sql', 'x')`)
  const { rows: [{ code }] } = await database.superuser.query(`select pg_get_functiondef('audit.sentence(audit.event, text)'::regprocedure) as code`)
  await database.superuser.query(`create or replace function audit.sentence(event audit.event, locale text default 'en') returns text language sql stable as $$ select 'late' from pg_sleep(60) $$`)
  try {
    const leaving = new AbortController()
    const headers = { authorization: `Bearer ${await tokenFor(fredrik)}` }
    const answer = fetch(`${running.url}/export/events.csv?objectId=late`, { headers, signal: leaving.signal }).then((response) => response.text()).catch(() => null)
    const runs = async () => (await database.superuser.query(busy)).rows.length > 0
    await until(runs, 'the query runs')
    leaving.abort()
    await answer
    await until(async () => !await runs(), 'no query runs any more')
  } finally {
    await database.superuser.query(code)
  }
})

it('ends for a reader who takes nothing, and lets go of its transaction [case 209]', async (context) => {
  const { database, fredrik } = context
  const before = await fill(context)
  const strict = await startServer(database, { exportStall: 300, exportPoolSize: 1 })
  try {
    const headers = { authorization: `Bearer ${await tokenFor(fredrik)}` }
    const closed = new Promise<void>((resolve, reject) => {
      request(`${strict.url}/export/events.csv?objectId=big`, { headers }, (response) => {
        response.once('data', () => response.pause()).once('close', resolve).once('error', () => resolve())
      }).on('error', reject).end()
    })
    await until(async () => (await database.superuser.query(lastEnd, [before])).rows[0]?.outcome === 'failed', 'the log says that it failed')
    await until(async () => (await database.superuser.query(`select from pg_stat_activity where datname = current_database() and application_name = 'test' and xact_start is not null`)).rows.length === 0, 'no transaction is open')
    await strict.fetch(fredrik, '/export/events.csv?objectId=none').then((response) => response.text())
    void closed
  } finally {
    await strict.close()
  }
})

it('lets ten at once take turns, so that all are whole, while the screens go on [case 210]', async (context) => {
  const { running, fredrik } = context
  await fill(context)
  const files = Promise.all(Array.from({ length: 10 }, () => get(context, '/export/events.csv?objectId=big')))
  const { data } = await running.graphql(fredrik, '{ events(first: 25) { nodes { id } } }')
  assert.is(data?.['events'].nodes.length, 25)
  for (const { bytes } of await files) assert.match(bytes.subarray(-6_000).toString(), new RegExp(`end of export: rows=${big} `))
})

it.run()
