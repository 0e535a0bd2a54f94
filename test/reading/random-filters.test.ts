import pg, { type Client } from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { makeRandom } from '../../soak/random.ts'
import type { EventFilter } from '../../server/event-filter.ts'
import type { TestDatabase } from '../harness/database.ts'
import { startServer, type Person, type RunningServer } from '../server/running-server.ts'
import { companies, makeHardLog, viewer, zone } from './hard-log.ts'
import { plainCondition, plainTable } from './plain-sql.ts'
import { checkFigures } from './plain-figures.ts'
import { randomFilter, type Vocabulary } from './random-filter.ts'

/*
 * Random filters, the same ones each time, asked in every way that there is, against plain SQL by the owner. Most of them in the
 * database, some through HTTP; while the keeper has never run, is in the middle, and is done.
 */

type Context = { database: TestDatabase; running: RunningServer; words: Vocabulary; readers: Client[]; owner: Client }
const it = suite<Context>('Ten thousand random filters', Object.create(null))
const random = makeRandom(20261123)
const perState = 3_334
const batch = 50
/** All of them take half a minute on two idle cores. On a machine that is busy with something else, fewer are asked rather than that the run is ended; FILTER_SECONDS=600 asks all on any. */
const mostMilliseconds = Number(process.env['FILTER_SECONDS'] ?? 100) * 1000
/** In each state, also on the busiest machine: with fewer the test says nothing. */
const least = 1_000
/** Of so many filters one is also asked for its facets and its histogram. */
const figuresEach = 10
const pageSize = 25
/** Of so many filters one is asked for a page as long as the part of an export. */
const longPageEach = 4
const longPage = 10_000
const administrator: Person = { id: viewer.id, companyId: companies.hard, name: viewer.name }

it.before(async (context) => {
  const database = await makeHardLog(20)
  await database.superuser.query(plainTable)
  await database.superuser.query('analyze plain')
  const readers = await Promise.all(['a', 'b'].map(async () => {
    const client = await database.as('postgres')
    await client.query(`select set_config('audit.company_id', $1, false), set_config('audit.viewer_id', $2, false), set_config('role', 'audit_admin', false)`, [companies.hard, viewer.id])
    return client
  }))
  Object.assign(context, { database, readers, owner: await database.as('postgres'), words: await readVocabulary(database), running: await startServer(database, { graphqlDocuments: 'any' }) })
})
it.after(async ({ running, database }) => {
  await running.close()
  await database.drop()
})

const vocabularyRow = z.object({
  actions: z.array(z.string()), kinds: z.array(z.string()), ids: z.array(z.string()), actorIds: z.array(z.string()), requestIds: z.array(z.string()),
  instants: z.array(z.string()), days: z.array(z.string()), names: z.array(z.string()), acts: z.array(z.string()),
})

/** Half of each from the company, a few from the foreign one, and some that are nowhere. */
async function readVocabulary(database: TestDatabase): Promise<Vocabulary> {
  const some = (expression: string, more: readonly string[] = []): string => `
    array(select distinct on (md5(value)) value from (select (${expression})::text as value from plain where company_id = '${companies.hard}' or id % 20 = 0) v where btrim(value, e' \\t\\r\\n') <> '' order by md5(value) limit 300)
      || array[${more.map((value) => `'${value}'`).join(', ')}]::text[]`
  const { rows: [row] } = await database.superuser.query(`select
    array(select distinct action from plain where company_id = '${companies.hard}') || '{role.deleted,table.tracked}' as actions, array(select distinct object_kind from plain where company_id = '${companies.hard}' and object_kind is not null) || '{table,administrator}' as kinds, ${some('object_id', ['42', '241', 'nothing'])} as ids,
    ${some('actor_id', ['nobody'])} as "actorIds", ${some('request_id', ['none'])} as "requestIds",
    ${some(`to_char((occurred_at + (id % 3 - 1) * interval '1 microsecond') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`, ['0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999999Z'])} as instants,
    ${some(`to_char(occurred_at at time zone '${zone}', 'YYYY-MM-DD')`, ['2026-03-29', '2026-10-25', '0001-01-01', '9999-12-30'])} as days,
    ${some(`(array[object_label, owner_label, actor_name])[1 + id % 3]`, ['Kvicksilver', 'zzqq'])} || array(select object_label from plain where db_user = 'test' and btrim(object_label, e' \\t\\r\\n') <> '') as names,
    ${some('case when cause is null then plain.id end', ['0', '999999999'])} as acts`)
  return vocabularyRow.parse(row)
}

const answerRow = z.object({ page: z.array(z.string()), total: z.string(), is_exact: z.boolean(), code: z.string() })
const codeRow = z.object({ ids: z.array(z.string()), all: z.string(), held: z.string(), not_held: z.string(), unknown: z.string() })
const plainRow = z.object({ ids: z.array(z.string()) })
// With the table's name, or the text of the number would be meant.
const newestFirst = (table: string): string => `order by ${table}.occurred_at desc, ${table}.id desc`

/** What plain SQL finds for each filter, in order. */
async function plainly(owner: Client, filters: readonly EventFilter[]): Promise<string[][]> {
  const { rows } = await owner.query(filters.map((filter, n) =>
    `select ${n} as n, array(select id::text from plain where company_id = '${companies.hard}' and ${plainCondition(filter, zone)} ${newestFirst('plain')}) as ids`).join('\nunion all ') + ' order by n')
  return rows.map((row) => plainRow.parse(row).ids)
}

/** Two lists of numbers: a difference is shown from where it begins. */
function same(found: readonly string[], expected: readonly string[], what: string): void {
  const at = expected.findIndex((id, index) => found[index] !== id)
  if (at < 0 && found.length === expected.length) return
  const from = Math.max(at < 0 ? expected.length - 3 : at - 3, 0)
  assert.unreachable(`${what}: ${found.length} were found instead of ${expected.length}; from place ${from}: ${found.slice(from, from + 8).join(' ')} instead of ${expected.slice(from, from + 8).join(' ')}`)
}

/** Asks for pages, totals, the rows of exports, and how many entries each filter lets through, keeps out, and cannot say of. */
async function check(reader: Client, owner: Client, filters: readonly EventFilter[]): Promise<number[]> {
  const expected = await plainly(owner, filters)
  // Every other total as the screens ask for it, which may say "more than".
  const { rows } = await reader.query(`
    select array(select id::text from audit.find_event_ids(f.filter, page_size => case when (f.n - 1) % ${longPageEach} = 0 then ${longPage} else ${pageSize} end) id) as page, c.count::text as total, c.is_exact, audit.filter_code(f.filter) as code
      from unnest($1::jsonb[]) with ordinality f (filter, n) cross join lateral audit.event_count(f.filter, case when f.n % 2 = 0 then 10000 end) c order by f.n`, [filters.map((filter) => JSON.stringify(filter))])
  const answers = rows.map((row) => answerRow.parse(row))
  // The log is read once for all of them.
  const { rows: codeRows } = await reader.query(`
    with asked as materialized (select id, occurred_at, ${answers.map(({ code }, n) => `(${code}) as holds${n}`).join(', ')} from audit.event)
    ${answers.map((_, n) => `
      select ${n} as n, array(select id::text from asked where holds${n} ${newestFirst('asked')}) as ids,
             count(*)::text as all, (count(*) filter (where holds${n}))::text as held, (count(*) filter (where not holds${n}))::text as not_held, (count(*) filter (where holds${n} is null))::text as unknown
        from asked`).join('\nunion all ')} order by n`)
  return filters.map((filter, n) => {
    const [wanted, answer, given] = [expected[n] ?? [], answers[n], JSON.stringify(filter)]
    const { ids, all, held, not_held, unknown } = codeRow.parse(codeRows[n])
    same(answer?.page ?? [], wanted.slice(0, n % longPageEach === 0 ? longPage : pageSize), `the page of ${given}`)
    assert.equal({ total: answer?.total, isExact: answer?.is_exact }, { total: String(wanted.length), isExact: true }, `the total of ${given}`)
    same(ids, wanted, `the rows of an export of ${given}`)
    assert.is(Number(held), wanted.length, `what holds of ${given}`)
    assert.is(Number(held) + Number(not_held) + Number(unknown), Number(all), `rows(p) + rows(not p) + rows(p is null) of ${given}`)
    return wanted.length
  })
}

/** One filter of a batch that the database refuses is found, and shown with its reason. */
async function checkBatch(reader: Client, owner: Client, filters: readonly EventFilter[]): Promise<number[]> {
  try {
    return await check(reader, owner, filters)
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error
    for (const filter of filters) {
      await check(reader, owner, [filter]).catch((cause: unknown) => {
        throw new Error(`${JSON.stringify(filter)}: ${cause instanceof pg.DatabaseError ? `${cause.message} ${cause.detail}` : String(cause)}`, { cause })
      })
    }
    throw error
  }
}

async function checkMany({ readers, owner, words, database }: Context, count: number): Promise<{ found: number; none: number }> {
  const owners = [owner, database.superuser]
  const seen = { found: 0, none: 0 }
  let left = count
  const start = performance.now()
  await Promise.all(readers.map(async (reader, index) => {
    while (left > 0 && performance.now() - start < mostMilliseconds) {
      const filters = Array.from({ length: Math.min(left, batch) }, () => randomFilter(random, words))
      left -= filters.length
      const counts = await checkBatch(reader, owners[index] ?? owner, filters)
      for (const filter of filters.filter((_, n) => n % figuresEach === 0)) await checkFigures(reader, owners[index] ?? owner, filter, companies.hard, zone)
      seen.found += counts.filter((count) => count > 0).length
      seen.none += counts.filter((count) => count === 0).length
    }
  }))
  return seen
}

async function keepAll(database: TestDatabase): Promise<void> {
  for (;;) {
    const { rows: [row] } = await database.superuser.query('select audit.keep() as kept')
    if (z.object({ kept: z.coerce.number() }).parse(row).kept === 0) return
  }
}

for (const { state, prepare } of [
  { state: 'before the keeper has ever run', prepare: async () => undefined },
  { state: 'while the keeper is in the middle', prepare: async (database: TestDatabase) => void await database.superuser.query('select audit.keep(350)') },
  { state: 'when the keeper is done', prepare: keepAll },
]) {
  it(`find what plain SQL finds, as page, total and rows of an export, and split the log in three without a rest, ${state} [case 200]`, async (context) => {
    await prepare(context.database)
    const { found, none } = await checkMany(context, perState)
    console.log(`${state}: ${found + none} filters, of which ${found} found something`)
    assert.ok(found + none >= Math.min(least, perState), `only ${found + none} filters were asked in ${mostMilliseconds} ms`)
    assert.ok(found > none / 4 && none > found / 100, `${found} filters found something, ${none} nothing`)
  })
}

it('count no more than so many of the newest for facets and histogram, and say so [case 200]', async ({ database, readers: [reader], owner, words }) => {
  if (reader === undefined) throw new Error('There is no reader.')
  const most = 12
  const { rows: [kept] } = await database.superuser.query(`select pg_get_functiondef('audit_private.most_hits()'::regprocedure) as code`)
  const { code } = z.object({ code: z.string() }).parse(kept)
  await database.superuser.query(code.replace('10000', String(most)))
  const seen = { exact: 0, inexact: 0 }
  const start = performance.now()
  for (let n = 0; n < 400 && performance.now() - start < 12_000; n += 1) {
    const filter = randomFilter(random, words)
    seen[await checkFigures(reader, owner, n % 2 === 0 ? filter : { ...filter, query: filter.query ?? 'a' }, companies.hard, zone, most) ? 'exact' : 'inexact'] += 1
  }
  await database.superuser.query(code)
  assert.ok(seen.exact >= 5 && seen.inexact >= 5, JSON.stringify(seen))
})

const page = `query ($filter: EventFilter) { events(filter: $filter, first: ${pageSize}) { nodes { id } } eventCount(filter: $filter) { count isExact } }`
const httpAnswer = z.object({ events: z.object({ nodes: z.array(z.object({ id: z.string() })) }), eventCount: z.object({ count: z.number(), isExact: z.boolean() }) })

it('find the same through GraphQL and as an exported file', async ({ running, owner, words }) => {
  // What an export finds must not change while it is checked: entries about exports are not asked for.
  const start = performance.now()
  let count = 0
  for (; count < 200 && performance.now() - start < 10_000; count += 1) {
    const filter = { ...randomFilter(random, words), notActions: ['audit.exported', 'audit.export_ended'] }
    const [expected = []] = await plainly(owner, [filter])
    const { data, errors } = await running.graphql(administrator, page, { filter })
    assert.is(errors, undefined, JSON.stringify({ filter, errors }))
    const { events, eventCount } = httpAnswer.parse(data)
    same(events.nodes.map(({ id }) => id), expected.slice(0, pageSize), `the page of ${JSON.stringify(filter)}`)
    assert.equal(eventCount, { count: expected.length, isExact: true }, JSON.stringify(filter))
    if (count % 3 > 0) continue
    const file = await (await running.fetch(administrator, `/export/events.jsonl?${parametersOf(filter)}`)).text()
    const ids = file.split('\n').filter((line) => line.startsWith('{"id"')).map((line) => z.object({ id: z.string() }).parse(JSON.parse(line)).id)
    same(ids, expected, `the exported file of ${JSON.stringify(filter)}`)
  }
  assert.ok(count >= 5, `only ${count} filters were asked`)
})

/** A filter as the query part of an address. */
function parametersOf(filter: EventFilter): string {
  const names: Record<string, string> = { actions: 'action', notActions: 'notAction', sources: 'source', notSources: 'notSource', query: 'q' }
  const address = new URLSearchParams()
  for (const [key, value] of Object.entries(filter)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== null && one !== undefined) address.append(names[key] ?? key, String(one))
  }
  return address.toString()
}

it.run()
