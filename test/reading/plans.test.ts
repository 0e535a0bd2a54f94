import pg, { type Client } from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { fillWithEntries } from '../../operator/generate/fill.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { entriesOr, leaveResults, type PlanResult } from './plan-results.ts'
import { keepEverything, scansOf, useOf, type Kept } from './scans.ts'

/*
 * Which indexes the questions of a reader use, counted by PostgreSQL itself while they run: plans of statements inside functions
 * are counted too. npm run test:plans asks the same of a million entries.
 */

const events = entriesOr(16_000)
const results: PlanResult[] = []
let kept: Kept | null = null
const it = suite<{ database: TestDatabase; reader: Client; known: Record<string, string> }>('What a question reads', { database: Object.create(null), reader: Object.create(null), known: {} })
const company = '1'

it.before(async (context) => {
  const database = await makeTestDatabase('migrated')
  const { superuser } = database
  await superuser.query('set role audit_owner')
  await fillWithEntries(superuser, database.url('postgres'), { events, companies: 200, seed: 1, prefix: '', until: Date.parse('2026-11-01') }, () => undefined)
  await superuser.query('reset role')
  kept = await keepEverything(superuser)
  await superuser.query('vacuum (analyze)')
  await superuser.query(`select audit.grant_administrator('${company}', 'v', 'Viewer', 'Company')`)
  const reader = new pg.Client({ connectionString: database.url('audit_server') })
  await reader.connect()
  await reader.query(`select set_config('audit.company_id', '${company}', false), set_config('audit.viewer_id', 'v', false), set_config('role', 'audit_admin', false)`)
  const one = (column: string, condition: string): string => `(select ${column}::text from audit.event where company_id = '${company}' and ${condition} order by id desc offset 20 limit 1)`
  const { rows: [known] } = await superuser.query(`select ${one('actor_id', 'actor_id is not null')} as actor, ${one('object_id', `object_kind = 'cv'`)} as object, ${one('owner_id', `owner_kind = 'customer'`)} as owner,
    ${one('request_id', 'request_id is not null')} as request, ${one('id', `action = 'customer.deleted'`)} as act, ${one('occurred_at', 'true')} as at, ${one('id', 'true')} as id`)
  Object.assign(context, { database, reader, known: z.record(z.string(), z.string()).parse(known) })
})
it.after(async ({ database, reader }) => {
  leaveResults('screens', results, kept)
  await reader.end()
  await database.drop()
})

const page = 'select * from audit.find_events($1)'
const count = 'select * from audit.event_count($1)'

/** The questions, and the index that answers each. `known` holds values of entries that are there. */
const questions = (known: Readonly<Record<string, string>>): ReadonlyArray<{ what: string; index: string; statement: string; values: readonly unknown[] }> => {
  const filtered = (what: string, index: string, filter: unknown, statement = page) => ({ what, index, statement, values: [JSON.stringify(filter)] })
  return [
    filtered('the newest entries', 'event_company_id_occurred_at_id_idx', {}),
    { what: 'a page behind another', index: 'event_company_id_occurred_at_id_idx', statement: 'select * from audit.find_events($1, after_at => $2, after_id => $3)', values: ['{}', known['at'], known['id']] },
    { what: 'the oldest entries', index: 'event_company_id_occurred_at_id_idx', statement: 'select * from audit.find_events($1, is_ascending => true)', values: ['{}'] },
    filtered('rare actions with a rare source', 'kept_event_combination_idx', { actions: ['user.deleted', 'audit.export_ended'], sources: ['sql'] }),
    filtered('an action in a month', 'kept_event_combination_idx', { actions: ['customer.deleted'], from: '2025-03-01T00:00:00Z', to: '2025-04-01T00:00:00Z' }),
    filtered('what a person did', 'kept_event_actor_idx', { actorId: known['actor'] }),
    filtered('the life of an object', 'kept_event_object_idx', { objectKind: 'cv', objectId: known['object'] }),
    filtered('what belonged to an owner', 'kept_event_owner_idx', { ownerKind: 'customer', ownerId: known['owner'] }),
    filtered('a request', 'kept_event_request_idx', { requestId: known['request'] }),
    filtered('an act', 'event_transaction_id_root_id_idx', { act: known['act'] }),
    filtered('a search for what is frequent', 'kept_event_time_idx', { query: 'a' }),
    filtered('a search for what is rare', 'kept_event_names_idx', { query: 'kvicksilver' }),
    filtered('a search for what nothing has', 'kept_event_names_idx', { query: 'zzqqxx' }),
    filtered('a search for two letters that nothing has', 'kept_piece_pkey', { query: 'jb' }),
    filtered('the total', 'kept_total_pkey', {}, count),
    filtered('the total of an action', 'kept_total_pkey', { actions: ['cv.deleted'] }, count),
    filtered('the total of a person', 'kept_total_pkey', { actorId: known['actor'] }, count),
    filtered('the facets', 'kept_total_pkey', {}, 'select * from audit.event_facets($1)'),
    filtered('the facets of an act', 'event_pkey', { act: known['act'] }, 'select * from audit.event_facets($1)'),
    filtered('the histogram', 'kept_total_pkey', {}, 'select * from audit.event_histogram($1)'),
  ]
}

for (const [index, { what, index: wanted }] of questions({}).entries()) {
  it(`${what}: by ${wanted}, and nothing is read from end to end`, async ({ reader, known }) => {
    const question = questions(known)[index]
    if (question === undefined) throw new Error('There is no such question.')
    const use = await useOf(reader, question.statement, question.values)
    results.push({ what, index: wanted, ...use })
    assert.equal(use.readWhole, [], `read from end to end; indexes used: ${use.indexes.join(', ')}`)
    assert.ok(use.indexes.includes(wanted), `used were ${use.indexes.join(', ')}`)
  })
}

it('without any one of these indexes the check above fails: something else is read, and the answer is the same', async ({ database, reader, known }) => {
  const own = await database.as('postgres')
  for (const index of new Set(questions(known).map((question) => question.index))) {
    const question = questions(known).find((one) => one.index === index)
    if (question === undefined) throw new Error('There is no such question.')
    const before = await useOf(reader, question.statement, question.values)
    await own.query('begin')
    const { rows: [place] } = await own.query<{ drop: string }>(`
      select case when k.oid is null then format('drop index %s', i.indexrelid::regclass) else format('alter table %s drop constraint %I', k.conrelid::regclass, k.conname) end as drop
        from pg_index i join pg_class c on c.oid = i.indexrelid left join pg_constraint k on k.conindid = i.indexrelid and k.contype = 'p' where c.relname = $1`, [index])
    await own.query(place?.drop ?? '')
    await own.query(`select set_config('audit.company_id', '${company}', true), set_config('audit.viewer_id', 'v', true); set local role audit_admin`)
    const without = await scansOf(own, question.statement, question.values)
    await own.query('rollback')
    const others = [...without.indexes, ...without.readWhole].filter((name) => !before.indexes.includes(name))
    assert.ok(others.length > 0, `${question.what} reads nothing else without ${index}`)
    assert.is(without.rows, before.rows, `${question.what}: the answer is the same, only slower`)
  }
})

it('while an entry waits for the keeper, no question reads the numbers of what is kept from end to end', async ({ database, known }) => {
  const own = await database.as('postgres')
  for (const { what, statement, values } of questions(known)) {
    await own.query('select pg_stat_force_next_flush()')
    await own.query(`begin; set local role audit_owner; insert into audit.event (company_id, actor_status, action, object_kind, object_label, source, db_user) values ('${company}', 'missing', 'cv.deleted', 'cv', 'It waits', 'sql', 'x'); reset role`)
    await own.query(`select set_config('audit.company_id', '${company}', true), set_config('audit.viewer_id', 'v', true); set local role audit_admin`)
    await own.query(statement, [...values])
    const { rows } = await own.query(`reset role; select c.relname as name, pg_stat_get_xact_tuples_returned(c.oid)::int as n from pg_class c where c.relname in ('kept_event_pkey', 'event_pkey', 'event_transaction_id_root_id_idx', 'event') order by 1`).then((results) => Array.isArray(results) ? results.at(-1) : results)
    await own.query('rollback')
    for (const { name, n } of rows) assert.ok(n < 1000, `${what}: ${n} of ${name}`)
  }
})

for (const { table, what } of [{ table: 'kept_event', what: 'a search for what is rare' }, { table: 'kept_total', what: 'the total' }, { table: 'kept_piece', what: 'a search for two letters that nothing has' }]) {
  it(`without the keeper's table ${table} the check above fails: "${what}" is not answered at all`, async ({ database, known }) => {
    const question = questions(known).find((one) => one.what === what)
    if (question === undefined) throw new Error('There is no such question.')
    const own = await database.as('postgres')
    await own.query('begin')
    await own.query(`drop table audit_private.${table} cascade`)
    await own.query(`select set_config('audit.company_id', '${company}', true), set_config('audit.viewer_id', 'v', true); set local role audit_admin`)
    const error = await own.query(question.statement, [...question.values]).then(() => null, (reason: unknown) => reason)
    assert.ok(error instanceof pg.DatabaseError && (error.code === '42P01' || error.code === '42704'), `${String(error)}: no such table, or no such type`)
    await own.query('rollback')
  })
}

// Among a million entries that takes longer than a statement may.
const small = events <= 100_000 ? it : it.skip
small('without what the keeper made, every question is answered the same', async ({ database, reader, known }) => {
  const answers = async (): Promise<unknown[]> => {
    const all: unknown[] = []
    for (const { statement, values } of questions(known)) all.push((await reader.query(statement, [...values])).rows)
    return all
  }
  const before = await answers()
  await database.superuser.query('select audit.rebuild_kept()')
  assert.equal(await answers(), before)
})

it.run()
