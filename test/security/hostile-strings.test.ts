import readExcelFile from 'read-excel-file/node'
import * as assert from 'uvu/assert'
import { columnTitle } from '../../server/export/column-titles.ts'
import { exported, rawOf, recordsOf } from '../server/exporting.ts'
import { tokenFor } from '../server/running-server.ts'
import { serverSuite } from '../server/server-suite.ts'
import { hostileTexts } from './hostile-text.ts'

const it = serverSuite('10,000 hostile texts')
const seed = Number(process.env['TEST_SEED'] ?? 20_261_123)
const count = Number(process.env['TEST_TEXTS'] ?? 10_000)
const json = { 'content-type': 'application/json' }

/** A text of nothing but blanks, and of what shows only beside something else. */
const unseen = /^[ \t\r\n\x0b\x0c\u0085\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2065\u2066-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufffc]*$/u

/** What the log keeps of the name of an actor: one line of at most 200 characters without blanks around it; null if nothing of it is seen. */
function actorOf(text: string): string | null {
  if (unseen.test(text)) return null
  const characters = [...text]
  const short = characters.length <= 200 ? text : `${[...text.replace(/^[ \r\n\t]+|[ \r\n\t]+$/g, '')].slice(0, 199).join('')}…`
  return short.replace(/[\x1f\r\n\t]/g, ' ').replace(/^ +| +$/g, '') || null
}

/** What nobody sees at the ends of a name. */
const blanksAround = /^[ \t\r\n\x0b\x0c\u0085\u00a0\u1680\u180e\u2800\u3164\u2000-\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]+|[ \t\r\n\x0b\x0c\u0085\u00a0\u1680\u180e\u2800\u3164\u2000-\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]+$/gu

it('are kept as names of people and things exactly as they were, but for blanks around them, and come back by GraphQL [case 188, 190]', async ({ running, database, fredrik }) => {
  const texts = hostileTexts(seed, count, false)
  const app = await database.as('consultant_app')
  await database.superuser.query(`
    create table app.hostile (id int primary key, company_id bigint not null, name text); grant select, insert, delete on app.hostile to consultant_app;
    select audit.track('app.hostile', 'hostile', '{name}', company => 'company_id')`)
  await app.query('insert into app.hostile select n, 1, name from unnest($1::text[]) with ordinality as t (name, n)', [texts])
  // Each is the name of its actor too, and the reason.
  await app.query(`do $$ declare h record; begin
    for h in select id, name from app.hostile loop
      perform audit.act_as('hostile ' || h.id, h.name, reason => h.name);
      delete from app.hostile where id = h.id;
    end loop;
  end $$`)
  const { rows } = await database.superuser.query<{ object_id: string; object_label: string; actor_name: string | null }>(
    `select object_id, object_label, actor_name from audit.event where object_kind = 'hostile'`)
  assert.is(rows.length, count)
  for (const { object_id: id, object_label: label, actor_name: actor } of rows) {
    const text = texts[Number(id) - 1] ?? ''
    assert.is(label, unseen.test(text) ? `#${id}` : text.replace(blanksAround, ''), `text ${id}: ${JSON.stringify(text)}`)
    assert.is(actor, actorOf(text), `actor ${id}: ${JSON.stringify(text)}`)
  }
  // Everything of them in pages of 200, as the screens read it.
  const labels = new Map(rows.map(({ object_id: id, object_label: label }) => [id, label]))
  let after: string | null = null
  let read = 0
  do {
    const { data, errors } = await running.graphql(fredrik, `query ($after: Cursor) { events(first: 200, after: $after, filter: { objectKind: "hostile" }) { nodes { objectId objectLabel actorName sentence sentenceParts snapshot } pageInfo { hasNextPage endCursor } } }`, { after })
    assert.is(errors, undefined)
    for (const node of data?.['events'].nodes) {
      assert.is(node.objectLabel, labels.get(node.objectId))
      assert.is(node.sentenceParts.map(({ text }: { text: string }) => text).join(''), node.sentence)
      read += 1
    }
    after = data?.['events'].pageInfo.hasNextPage ? data['events'].pageInfo.endCursor : null
  } while (after !== null)
  assert.is(read, count)
})

it('come back as names of people from CSV, JSON Lines and XLSX [case 203]', async ({ running, fredrik }) => {
  const texts = hostileTexts(seed, count, false)
  const same = (rows: ReadonlyArray<readonly [id: unknown, actor: unknown]>, format: string): void => {
    assert.is(rows.length, count, format)
    for (const [id, actor] of rows) assert.is(actor, actorOf(texts[Number(id) - 1] ?? ''), `${format}, actor ${id}`)
  }
  const file = async (format: string): Promise<Buffer> => (await exported(running, fredrik, `/export/events.${format}?objectKind=hostile&locale=en`)).bytes
  const [head = [], ...lines] = recordsOf(await file('csv'))
  same(lines.slice(0, -1).map((row) => [rawOf(row[head.indexOf('object_id')] ?? ''), rawOf(row[head.indexOf('actor_name')] ?? '') || null]), 'CSV')
  same((await file('jsonl')).toString().trimEnd().split('\n').slice(0, -1).map((line) => JSON.parse(line)).map(({ object_id: id, actor_name: actor }) => [id, actor]), 'JSON Lines')
  const [sheet] = await readExcelFile(await file('xlsx'), { trim: false })
  const [columns = [], ...cells] = sheet?.data ?? []
  same(cells.map((row) => [row[columns.indexOf(columnTitle('object_id', 'en', ''))], row[columns.indexOf(columnTitle('actor_name', 'en', ''))]]), 'XLSX')
})

it('are found or refused as searches, filters and requests of any kind, and nothing fails [case 188, 189]', async ({ running, database }) => {
  // Of a company with a short log, so that 10,000 searches are done in time.
  const { rows: [reader] } = await database.superuser.query<{ id: string; companyId: string; name: string }>(`
    select u.id::text, u.company_id::text as "companyId", 'Reader' as name from app."user" u join app.company c on c.id = u.company_id where u.is_administrator and c.has_audit_log and c.id <> 1 limit 1`)
  if (reader === undefined) throw new Error('The demonstration has no second company with the add-on.')
  const texts = hostileTexts(seed + 1, count, true)
  const headers = { ...json, authorization: `Bearer ${await tokenFor(reader)}` }
  const statuses = new Map<string, number>()
  const perRequest = 5
  const document = `query (${Array.from({ length: perRequest }, (_, n) => `$q${n}: String`).join(', ')}) { ${Array.from({ length: perRequest }, (_, n) => `a${n}: events(first: 1, filter: { ${n % 5 === 4 ? 'objectId' : 'query'}: $q${n} }) { nodes { id } }`).join(' ')} }`
  const ask = async (some: readonly string[]): Promise<void> => {
    const response = await running.fetch(null, '/graphql', { method: 'POST', headers, body: JSON.stringify({ query: document, variables: Object.fromEntries(some.map((text, n) => [`q${n}`, text])) }) })
    assert.ok(response.status < 500, `${response.status} for ${JSON.stringify(some)}`)
    const { errors } = await response.json()
    for (const { extensions, message } of errors ?? []) {
      const code = String(extensions?.code ?? message)
      statuses.set(code, (statuses.get(code) ?? 0) + 1)
      assert.ok(['BAD_FILTER', 'BAD_REQUEST'].includes(code), `${code} for ${JSON.stringify(some)}: ${message}`)
    }
  }
  for (let from = 0; from < count; from += perRequest * 8) {
    await Promise.all(Array.from({ length: 8 }, (_, n) => texts.slice(from + n * perRequest, from + (n + 1) * perRequest)).filter((some) => some.length > 0).map(ask))
  }
  assert.ok((statuses.get('BAD_FILTER') ?? 0) > count / 100, `what PostgreSQL cannot store is refused: ${JSON.stringify([...statuses])}`)
  for (const text of texts.slice(0, 60)) {
    const name = encodeURIComponent(text.toWellFormed())
    for (const path of [`/export/events.csv?objectId=${name}&${name}=1`, `/${name}`, `/company/${name}`, `/views/${name}`]) {
      const response = await running.fetch(null, path, { headers: { authorization: headers.authorization } })
      await response.text()
      assert.ok(response.status < 500, `${response.status} for ${path}`)
    }
    const response = await running.fetch(null, '/exports', { method: 'POST', headers, body: JSON.stringify({ kind: 'customers', format: text, requestId: text, filter: { [text]: text } }) })
    assert.ok(response.status < 500, `${response.status} for a report with ${JSON.stringify(text)}: ${await response.text()}`)
  }
  assert.is((await running.fetch(null, '/livez')).status, 200)
  // On a machine that is busy the readings of 10,000 searches by one person may come faster than they are recorded, which the log must say.
  assert.equal(running.log().split('\n').filter((line) => /"level":(50|60)/.test(line) && !/too many wait/.test(line)).slice(0, 3), [])
})

it('are people and companies of no token that would be anybody else', async ({ running, fredrik, database }) => {
  for (const text of hostileTexts(seed + 2, 300, true)) {
    const response = await running.fetch(null, '/recording', { headers: { authorization: `Bearer ${await tokenFor(fredrik, { sub: text.toWellFormed(), company: `1${text.toWellFormed()}`, name: text.toWellFormed() })}` } })
    assert.ok(response.status === 403 || response.status === 401, `${response.status} for ${JSON.stringify(text)}`)
  }
  const { rows } = await database.superuser.query(`select count(*)::int as count from audit.reading where access = 'granted' and company_id not in (select id::text from app.company)`)
  assert.equal(rows, [{ count: 0 }])
})

it.run()
