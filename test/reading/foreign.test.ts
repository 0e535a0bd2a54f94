import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Client } from 'pg'
import { z } from 'zod'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

/*
 * What other companies have can be told neither from an answer nor from how long it takes: PostgreSQL counts the rows that it
 * reads for each question, before and after another company has thirty times as many entries with the same names.
 */

const it = suite<{ database: TestDatabase; reader: Client }>('The entries of other companies', { database: Object.create(null), reader: Object.create(null) })
const [own, foreign] = ['1', '2']
const entries = 1000

it.before(async (context) => {
  const database = await makeTestDatabase('migrated')
  await database.superuser.query(`select audit.grant_administrator('${own}', 'v', 'Viewer', 'Company')`)
  const reader = await database.as('audit_server')
  await reader.query(`select set_config('audit.company_id', '${own}', false), set_config('audit.viewer_id', 'v', false), set_config('role', 'audit_admin', false)`)
  Object.assign(context, { database, reader })
})
it.after(({ database }) => database.drop())

/** Entries of a company over three quarters, with names that all of them share, and some that are rare. */
async function fill(database: TestDatabase, company: string, count: number): Promise<void> {
  await database.superuser.query('set role audit_owner')
  await database.superuser.query(`
    insert into audit.event (occurred_at, company_id, actor_id, actor_name, actor_status, action, object_kind, object_id, object_label, owner_kind, owner_id, owner_label, source, request_id, db_user)
    select '2025-01-01Z'::timestamptz + interval '270 days' * n / $2, $1, 'p' || n % 7, 'Person ' || n % 7, 'asserted', (array['cv.deleted', 'role.deleted', 'customers.exported'])[1 + n % 3], (array['cv', 'role', 'customer'])[1 + n % 3],
           (n % 50)::text, case when n % 97 = 0 then 'Kvicksilver' else 'Portal ' || n % 20 end, 'customer', (n % 30)::text, 'Acme ' || n % 30, (array['app', 'sql'])[1 + (n % 10 = 0)::int], 'r' || n % 40, 'test'
      from generate_series(1, $2::integer) n`, [company, count])
  await database.superuser.query('reset role')
  while (z.tuple([z.object({ n: z.coerce.number() })]).parse((await database.superuser.query('select audit.keep(50000) as n')).rows)[0].n > 0);
  await database.superuser.query('vacuum (analyze)')
}

const filters: readonly object[] = [
  {}, { actions: ['role.deleted'] }, { notActions: ['role.deleted'], sources: ['sql'] }, { actorId: 'p3' }, { objectKind: 'cv', objectId: '7' }, { ownerId: '3' }, { requestId: 'r5' }, { rootsOnly: true },
  { from: '2025-02-03T04:00:00Z', to: '2025-05-06T00:00:00Z' }, { query: 'kvicksilver' }, { query: 'portal' }, { query: 'e' }, { query: 'zzqqxx' }, { query: 'person 3', actions: ['cv.deleted'] }, { query: '-portal' },
]
const statements = [
  `select id from audit.find_events($1)`, `select * from audit.event_count($1, 10000)`, `select * from audit.event_count($1)`, `select * from audit.event_facets($1)`, `select * from audit.event_histogram($1)`,
  `select count(*) from audit.event where $1::jsonb is not null`,
]

/** PostgreSQL counts on from one transaction to the next, now and then from nought. */
async function readSoFar(reader: Client): Promise<number> {
  const { rows: [row] } = await reader.query(`select sum(pg_stat_get_xact_tuples_returned(c.oid) + pg_stat_get_xact_tuples_fetched(c.oid))::int as n from pg_class c where c.relnamespace in ('audit'::regnamespace, 'audit_private'::regnamespace) and c.relkind in ('r', 'i', 'p')`)
  return z.object({ n: z.number() }).parse(row).n
}

/** The rows and index entries that each question reads, and its answer. */
async function ask(reader: Client): Promise<Map<string, { read: number; rows: unknown }>> {
  const asked = new Map<string, { read: number; rows: unknown }>()
  const question = async (statement: string, filter: object) => {
    await reader.query('begin')
    const start = await readSoFar(reader)
    const { rows } = await reader.query(statement, [JSON.stringify(filter)])
    const read = await readSoFar(reader) - start
    await reader.query('rollback')
    asked.set(`${statement} ${JSON.stringify(filter)}`, { read, rows })
  }
  for (const filter of filters) for (const statement of statements) await question(statement, filter)
  for (const id of [0, 5000, 100_000_000]) await question(`select id from audit.event where id = ${id} and $1::jsonb is not null`, {})
  return asked
}

it('change neither an answer nor how much is read for it, however many they are', async ({ database, reader }) => {
  await fill(database, own, entries)
  await fill(database, foreign, entries)
  await ask(reader)
  const before = await ask(reader)
  await fill(database, foreign, 29_000)
  await ask(reader)
  const after = await ask(reader)
  const different: string[] = []
  for (const [question, { read, rows }] of before) {
    const now = after.get(question)
    assert.equal(now?.rows, rows, question)
    // The planner may take another index to the own entries, of which there are a thousand; that many of the foreign ones are few.
    if (now === undefined || Math.abs(now.read - read) > entries * 1.1) different.push(`${question}: ${read} rows before, ${now?.read} after`)
  }
  assert.equal(different, [])
})

it('are not read for one of their numbers: a foreign entry costs as much as none', async ({ database, reader }) => {
  const { rows: [ids] } = await database.superuser.query(`select (select max(id) from audit.event where company_id = '${foreign}')::text as foreign, (select max(id) + 1000 from audit.event)::text as none`)
  const { foreign: foreignId, none } = z.object({ foreign: z.string(), none: z.string() }).parse(ids)
  for (const statement of ['select id from audit.event where id = $1::bigint', 'select * from audit.find_events(json_build_object(\'act\', $1::text)::jsonb)', 'select * from audit.event_count(json_build_object(\'act\', $1::text)::jsonb)',
    'select * from audit.event_facets(json_build_object(\'act\', $1::text)::jsonb)', 'select * from audit.find_events(after_at => now(), after_id => $1::bigint) where false']) {
    assert.equal((await reader.query(statement, [foreignId])).rows, (await reader.query(statement, [none])).rows, statement)
  }
})

it.run()
