import { readFile } from 'node:fs/promises'
import type { Client } from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { migrate } from '../../db/migrate.ts'
import { fillWithEntries } from '../../operator/generate/fill.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

/*
 * The questions of docs/dba.md, asked by a DBA of a log with invented entries. The values in the document are examples: before
 * a question is asked, those that name one thing are replaced by values of an entry that is there.
 */

const it = suite<{ database: TestDatabase; dba: Client }>('The questions of docs/dba.md', { database: Object.create(null), dba: Object.create(null) })
const document = await readFile(new URL('../../docs/dba.md', import.meta.url), 'utf8')
const part = (heading: string): string => document.split('\n## ').find((text) => text.startsWith(`${heading}\n`)) ?? ''
const questions = part('Questions').split('```sql\n').slice(1).map((block, index, blocks) => {
  const query = block.split('```')[0] ?? ''
  const before = (index === 0 ? part('Questions').split('```sql\n')[0] : blocks[index - 1])?.trim().split('\n').at(-1) ?? ''
  return { title: before === '```' ? `query ${index + 1}` : before, query }
})

it.before(async (context) => {
  const database = await makeTestDatabase('empty')
  context.database = database
  const connectionString = database.url('postgres')
  await migrate({ connectionString, includeCurrent: true })
  await database.superuser.query('set role audit_owner')
  await fillWithEntries(database.superuser, connectionString, { events: 150_000, companies: 200, seed: 1, prefix: '', until: Date.parse('2026-11-01') }, () => undefined)
  await database.superuser.query('reset role')
  context.dba = await database.as('audit_reader')
})
it.after(({ database }) => database.drop())

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
    .replace(`owner_id = '42'`, `owner_id = '${real['owner']}'`)
    .replaceAll(`'42'`, `'${real['customer']}'`).replaceAll(`'241'`, `'${real['cv']}'`).replaceAll(`'4711'`, `'${real['transaction']}'`)
    .replaceAll(`'0f8b5c1e-7a55'`, `'${real['request']}'`).replaceAll(`'170000'`, `'${real['actor']}'`)
}

/** A log of invented entries has no faults, nobody's settings, and perhaps no broken export in one company. */
const mayBeEmpty = ['Is the log complete', 'Exports of the log that', 'What happened to the tables', 'Deletions that nobody', 'The largest exports']

it('are twenty or more', () => {
  assert.ok(questions.length >= 20, `${questions.length} were found`)
})

for (const { title, query } of questions) {
  it(`${title.replace(/[:.]$/, '')}: runs as a DBA, finds something, and does not read the table from end to end`, async ({ database, dba }) => {
    const real = await withRealValues(database, query)
    const { rows } = await dba.query(real)
    if (!mayBeEmpty.some((start) => title.startsWith(start))) assert.ok(rows.length > 0, 'no row was found')
    const { rows: plan } = await dba.query(`explain (format json) ${real}`)
    assert.equal(scansOf(plan).filter(({ node, relation }) => node === 'Seq Scan' && relation === 'event'), [])
  })
}

it('a DBA who asks for a name without company or bound does read it from end to end, so that the check above can fail', async ({ dba }) => {
  const { rows: plan } = await dba.query(`explain (format json) select id from audit.event where object_label = 'x'`)
  assert.is(scansOf(plan).filter(({ node, relation }) => node.endsWith('Seq Scan') && relation === 'event').length, 1)
})

const scan = z.object({ 'Node Type': z.string(), 'Relation Name': z.string().optional(), 'Index Name': z.string().optional() })

/** Every scan in a plan of explain (format json), however deep. */
function scansOf(plan: unknown): { node: string; relation: string | undefined; index: string | undefined }[] {
  if (Array.isArray(plan)) return plan.flatMap(scansOf)
  if (typeof plan !== 'object' || plan === null) return []
  const found = scan.safeParse(plan)
  const own = found.success ? [{ node: found.data['Node Type'], relation: found.data['Relation Name'], index: found.data['Index Name'] }] : []
  return [...own, ...Object.values(plan).flatMap(scansOf)]
}

it.run()
