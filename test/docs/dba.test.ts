import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { parse } from 'csv-parse/sync'
import type { Client } from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { fillWithEntries } from '../../operator/generate/fill.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { entriesOr, leaveResults, type PlanResult } from '../reading/plan-results.ts'
import { keepEverything, useOf, type Kept } from '../reading/scans.ts'

/*
 * The questions of docs/dba.md, asked by a DBA of a log with invented entries. The values in the document are examples: before
 * a question is asked, those that name one thing are replaced by values of an entry that is there.
 */

const it = suite<{ database: TestDatabase; dba: Client }>('The questions of docs/dba.md', { database: Object.create(null), dba: Object.create(null) })
const document = await readFile(new URL('../../docs/dba.md', import.meta.url), 'utf8')
const part = (heading: string): string => document.split('\n## ').find((text) => text.startsWith(`${heading}\n`)) ?? ''
const questions = part('Questions').split('```sql\n').slice(1).map((block, index, blocks) => {
  const query = block.split('```')[0] ?? ''
  const titleOf = (number: number): string => (number === 0 ? part('Questions').split('```sql\n')[0] : blocks[number - 1])?.trim().split('\n').at(-1)?.replace(/[:.]$/, '') ?? ''
  const isSecond = titleOf(index) === '```'
  return { title: isSecond ? `${titleOf(index - 1).split('?')[0]}: 2` : titleOf(index), query }
})

it.before(async (context) => {
  const database = await makeTestDatabase('migrated')
  context.database = database
  const connectionString = database.url('postgres')
  await database.superuser.query('set role audit_owner')
  await fillWithEntries(database.superuser, connectionString, { events: entriesOr(60_000), companies: 200, seed: 1, prefix: '', until: Date.parse('2026-11-01') }, () => undefined)
  await database.superuser.query('reset role')
  kept = await keepEverything(database.superuser)
  await database.superuser.query('vacuum (analyze)')
  context.dba = await database.as('audit_reader')
})
it.after(async ({ database }) => {
  leaveResults('dba', results, kept)
  await database.drop()
})

/** Puts values of entries that exist in the place of the examples of the document. */
async function withRealValues(database: TestDatabase, query: string): Promise<string> {
  const { rows: [row] } = await database.superuser.query(`
    select customer.object_id as customer, customer.transaction_id::text as transaction, contact.owner_id as owner, cv.object_id as cv, request.request_id as request, actor.actor_id as actor
      from (select * from audit.event where company_id = '17' and action = 'customer.deleted' and audit.went_along(event) <> '{}' and caused_by is null order by id desc limit 1) customer,
           (select * from audit.event where company_id = '17' and owner_kind = 'customer' and caused_by is null order by id desc limit 1) contact,
           (select * from audit.event where company_id = '17' and action = 'cv.deleted' order by (exists (select from audit.event r where r.action = 'cv.restored' and r.object_id = event.object_id)) desc limit 1) cv,
           (select * from audit.event where company_id = '17' and request_id is not null and occurred_at >= '2026-10-01' order by id desc limit 1) request,
           (select * from audit.event where company_id = '17' and actor_id is not null order by id limit 1) actor`)
  const real = z.record(z.string(), z.string()).parse(row)
  return query
    .replace(`"ownerId": "42"`, `"ownerId": "${real['owner']}"`)
    .replaceAll(`"42"`, `"${real['customer']}"`).replaceAll(`"241"`, `"${real['cv']}"`).replaceAll(`'4711'`, `'${real['transaction']}'`)
    .replaceAll(`"0f8b5c1e-7a55"`, `"${real['request']}"`).replaceAll(`"170000"`, `"${real['actor']}"`)
}

/** The index by which each question finds its entries. A question that is not among them goes by company and time. */
const indexes: readonly (readonly [start: string, index: string])[] = [
  ['The latest entries', 'event_pkey'], ['Is the log complete', 'event_pkey'],
  ['Who deleted customer', 'kept_event_object_idx'], ['What went with it', 'event_transaction_id_root_id_idx'], ['What went with it?: 2', 'kept_event_object_idx'],
  ['The life of one object', 'kept_event_object_idx'], ['What else of this customer', 'kept_event_owner_idx'],
  ['The deleted row again', 'kept_event_object_idx'], ['And as rows of the table', 'kept_event_object_idx'],
  ['Everything of one transaction', 'event_transaction_id_root_id_idx'], ['Everything of one transaction, and of one request: 2', 'kept_event_request_idx'],
  ['How many entries of each', 'kept_total_pkey'], ['Deletions and exports, month', 'kept_total_pkey'], ['What did this person do', 'kept_event_actor_idx'],
  ['The last deletions by hand', 'event_pkey'], ['Bulk deletions', 'event_pkey'], ['What is new since', 'event_pkey'],
]
const results: PlanResult[] = []
let kept: Kept | null = null

/** A log of invented entries has no faults, nobody's settings, and perhaps no broken export in one company. */
const mayBeEmpty = ['Is the log complete', 'Exports of the log that', 'What happened to the tables', 'Deletions that nobody', 'Deletions that no administrator', 'The largest exports']

it('are twenty or more', () => {
  assert.ok(questions.length >= 20, `${questions.length} were found`)
})

for (const { title, query } of questions) {
  const index = indexes.findLast(([start]) => title.startsWith(start))?.[1] ?? 'event_company_id_occurred_at_id_idx'
  it(`${title}: runs as a DBA, finds something by ${index}, and reads nothing from end to end`, async ({ database, dba }) => {
    const use = await useOf(dba, await withRealValues(database, query))
    results.push({ what: title, index, ...use })
    if (!mayBeEmpty.some((start) => title.startsWith(start))) assert.ok(use.rows > 0, 'no row was found')
    assert.equal(use.readWhole, [], `used were ${use.indexes.join(', ')}`)
    assert.ok(use.indexes.includes(index), `used were ${use.indexes.join(', ')}`)
  })
}

const copies = [...part('Files').matchAll(/^\\copy \((.+)\) to .*$/gm)].map(([line = '', query = '']) => ({ query, format: /with \((.+)\)$/.exec(line)?.[1] }))

it('Files: what \\copy writes comes through COPY for a DBA, whole, with the columns and in the form that are named', async ({ dba }) => {
  assert.is(copies.length, 2)
  const files = await Promise.all(copies.map(async ({ query, format }) => {
    const { rows: [all] } = await dba.query<{ count: number }>(`select count(*)::int as count from (${query}) q`)
    const file = await text(dba.query(copyTo(`copy (${query}) to stdout${format === undefined ? '' : ` with (${format})`}`)))
    return { count: all?.count ?? 0, file }
  }))
  const [csv, lines] = files
  assert.ok(files.every(({ count }) => count > 100), JSON.stringify(files.map(({ count }) => count)))
  const [head = [], ...rows] = parse(csv?.file ?? '', { relax_quotes: false })
  assert.equal([head.slice(0, 3), head.length, rows.length], [['id', 'occurred_at', 'sentence'], 11, csv?.count])
  const entries = (lines?.file ?? '').trimEnd().split('\n')
  assert.is(entries.length, lines?.count)
  for (const entry of entries) assert.is(JSON.parse(entry).company_id, '17')
})

it('Sizes: what the keeper makes is said as it was measured', async () => {
  const measured = await readFile(new URL('../../bench/results/read.md', import.meta.url), 'utf8')
  for (const [kind, what] of [['tables', 'its tables'], ['indexes', 'their indexes']]) {
    const [, bytes] = new RegExp(`what the keeper makes, ${kind} .*? (\\d+) B `).exec(measured) ?? []
    assert.match(part('Sizes'), new RegExp(`${what}.* \\| ${bytes} \\|`))
  }
})

it('a DBA who asks for a name without company or bound does read it from end to end, so that the check above can fail', async ({ dba }) => {
  const { readWhole } = await useOf(dba, `select id from audit.event where object_label = 'x'`)
  assert.equal(readWhole, ['event'])
})

it.run()
