import type { Client } from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { fillWithEntries } from '../../operator/generate/fill.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

/*
 * One and two common letters have no key in the text index. Which of them occur on a company's day is noted by the keeper, so that a search for what
 * hardly or never occurs skips the other days. Every answer is compared with plain SQL by the owner.
 */

const it = suite<{ database: TestDatabase; rare: string[] }>('A search for one or two letters', { database: Object.create(null), rare: [] })
const company = '1'

it.before(async (context) => {
  context.database = await makeTestDatabase('migrated')
  const { superuser } = context.database
  await superuser.query('set role audit_owner')
  await fillWithEntries(superuser, context.database.url('postgres'), { events: 4_000, companies: 5, seed: 1, prefix: '', until: Date.parse('2026-11-01') }, () => undefined)
  await superuser.query('reset role')
  const { rows } = await superuser.query<{ piece: string }>(`
    select piece from (select e.id, substr(names, i, 2) as piece from (select id, audit_private.names_of(object_label, owner_label, actor_name) as names from audit.event where company_id = $1) e
      cross join lateral generate_series(1, length(names) - 1) i) p where piece ~ '^[a-pr-v]{2}$' group by piece order by count(distinct id), piece limit 4`, [company])
  context.rare = rows.map(({ piece }) => piece)
})
it.after(({ database }) => database.drop())

const never = 'jb'
const queries = (rare: readonly string[]): string[] => [never, 'bj', ...rare, 'e', 'ek', '7', 'w 7', `${rare[0]} ${never}`, `developer ${never}`, `developer ${rare[0]}`, `${rare[1]} -${rare[0]}`, `"${rare[2]}"`, 'qx', 'jq', 'ö', '-e -a']

const keep = async (client: Client, size: number): Promise<number | null> => (await client.query<{ n: number | null }>('select audit.keep($1)::int as n', [size])).rows[0]?.n ?? null
async function keepAll(client: Client, size = 5000): Promise<void> {
  while (await keep(client, size) !== 0);
}
const pieces = async ({ superuser }: TestDatabase): Promise<unknown[]> => (await superuser.query('select company_id, starts_on::text, pieces::text from audit_private.kept_piece order by 1, 2')).rows
const hasPieces = async ({ superuser }: TestDatabase): Promise<unknown> => (await superuser.query('select has_pieces from audit_private.keeping')).rows[0]?.has_pieces

let turn = 0
/** Pages both ways, with and without another condition, the total, facets and bars. */
async function compare({ superuser }: TestDatabase, rare: readonly string[], step: string): Promise<void> {
  turn += 1
  for (const [index, query] of queries(rare).entries()) {
    // Each step asks every second one, and all with some other condition in their turn.
    if ((index + turn) % 2 === 0) continue
    for (const more of [{}, [{ notActions: ['cv.deleted'] }, { from: '2025-01-01T00:00:00Z', to: '2026-02-03T04:05:06Z' }][(turn + index) % 4 === 1 ? 0 : 1]]) {
      const filter = JSON.stringify({ companyId: company, query, ...more })
      const said = `${step}: ${filter}`
      const { rows: [coded] } = await superuser.query<{ code: string }>('select audit.filter_code($1) as code', [filter])
      const { rows } = await superuser.query<{ id: string; object_kind: string }>(`select event.id::text, event.object_kind from audit.event as event where ${coded?.code} order by event.occurred_at desc, event.id desc`)
      const ids = rows.map(({ id }) => id)
      const page = async (options: string): Promise<string[]> => (await superuser.query<{ id: string }>(`select id::text from audit.find_event_ids($1, ${options}) id`, [filter])).rows.map(({ id }) => id)
      assert.equal(await page('page_size => 10000'), ids, said)
      assert.equal(await page('page_size => 3'), ids.slice(0, 3), said)
      assert.equal(await page('is_ascending => true, page_size => 25'), ids.toReversed().slice(0, 25), said)
      // Before the keeper has run, everything is counted.
      const { rows: [total] } = await superuser.query<{ count: number; is_exact: boolean }>('select count::int, is_exact from audit.event_count($1, 100)', [filter])
      assert.is(total?.count, total?.is_exact === true ? ids.length : 100, said)
      assert.ok(total?.is_exact === true || ids.length > 100, said)
      assert.equal((await superuser.query('select count::int, is_exact from audit.event_count($1, 100000)', [filter])).rows, [{ count: ids.length, is_exact: true }], said)
      const kinds = [...Map.groupBy(rows, ({ object_kind }) => object_kind)].map(([value, of]) => ({ value, count: of.length, is_exact: true })).toSorted((a, b) => a.value < b.value ? -1 : 1)
      assert.equal((await superuser.query(`select value, count::int, is_exact from audit.event_facets($1) where facet = 'kinds' order by value collate "C"`, [filter])).rows, kinds, said)
      assert.equal((await superuser.query(`select coalesce(sum(deletions + exports + others), 0)::int as n, coalesce(bool_and(is_exact), true) as is_exact from audit.event_histogram($1)`, [filter])).rows, [{ n: ids.length, is_exact: true }], said)
    }
  }
}

it('is answered right before the keeper has run, in the middle of its work, when it is done, and while something waits again', async ({ database, rare }) => {
  await compare(database, rare, 'never run')
  await keep(database.superuser, 1500)
  assert.is(await hasPieces(database), true, 'what is kept from the first entry on has its letters noted')
  await compare(database, rare, 'a part is kept')
  await keepAll(database.superuser)
  await compare(database, rare, 'all is kept')
  await database.superuser.query(`set role audit_owner; insert into audit.event (occurred_at, company_id, actor_status, action, object_kind, object_label, source, db_user)
    select now() - n * interval '40 days', '${company}', 'missing', 'cv.deleted', 'cv', 'A${never}${rare[0]} ' || n, 'sql', 'x' from generate_series(1, 9) n; reset role`)
  await compare(database, rare, 'something waits')
  await keepAll(database.superuser)
  await compare(database, rare, 'it is kept too')
})

it('skips the days in which the letters do not occur', async ({ database, rare }) => {
  await database.superuser.query('vacuum (analyze)')
  const read = async (query: string): Promise<number> => {
    await database.superuser.query('select pg_stat_force_next_flush()')
    await database.superuser.query('begin')
    await database.superuser.query('select * from audit.find_events($1)', [JSON.stringify({ companyId: company, query })])
    const { rows: [count] } = await database.superuser.query<{ n: number }>(`select pg_stat_get_xact_tuples_fetched('audit_private.kept_event'::regclass)::int as n`)
    await database.superuser.query('rollback')
    return count?.n ?? Infinity
  }
  // The newest thousand are always looked at; a day of this company has some ten entries.
  for (const query of ['bj', `${rare[1]}`, 'developer bj', `bj ${rare[1]}`]) assert.ok(await read(query) < 1200, `${query}: ${await read(query)} entries were read`)
})

it('is answered right of what an earlier release kept, while the keeper notes its letters batch by batch, killed and with another beside it', async ({ database, rare }) => {
  const made = await pieces(database)
  const { superuser } = database
  await superuser.query('begin; truncate audit_private.kept_piece; update audit_private.keeping set has_pieces = false, pieced_to = 0, written_in = pg_current_xact_id(); commit')
  await compare(database, rare, 'nothing is noted')
  const keeper = await database.as('postgres')
  keeper.on('error', () => undefined)
  assert.is(await keep(keeper, 1500), 1500, 'there is something to do')
  const part = await pieces(database)
  assert.ok(part.length > 0)
  await compare(database, rare, 'a part is noted')
  const { rows: [{ pid }] } = await keeper.query('select pg_backend_pid() as pid')
  await keeper.query('begin; select audit.keep(500)')
  assert.is(await keep(superuser, 500), null, 'another is at it')
  await superuser.query('select pg_terminate_backend($1, 5000)', [pid])
  assert.equal(await pieces(database), part, 'a batch is noted as a whole or not at all')
  await superuser.query(`set role audit_owner; insert into audit.event (company_id, actor_status, action, object_kind, object_label, source, db_user) values ('${company}', 'missing', 'cv.deleted', 'cv', 'B${never}', 'sql', 'x'); reset role`)
  await compare(database, rare, 'killed, and something is new')
  const others = await Promise.all(['postgres', 'postgres'].map((login) => database.as(login)))
  for (let times = 0; times < 40 && await hasPieces(database) !== true; times += 1) await Promise.all(others.map((client) => keep(client, 500)))
  await keepAll(superuser)
  assert.is(await hasPieces(database), true)
  assert.is(await keep(superuser, 1000), 0)
  await compare(database, rare, 'all is noted')
  const noted = await pieces(database)
  await superuser.query('select audit.rebuild_kept()')
  await keepAll(superuser)
  assert.equal(await pieces(database), noted, 'the same as if all were made anew')
  assert.ok(noted.length >= made.length)
})

it.run()
