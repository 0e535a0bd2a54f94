import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

const it = suite('Attaching a table of many partitions')
let db: TestDatabase

it.before(async () => {
  db = await makeTestDatabase()
})
it.after(() => db.drop())

/** How many calls of functions of the log a statement takes. */
async function callsOf(statement: string): Promise<number> {
  const calls = async (): Promise<number> => {
    await db.run('select pg_stat_force_next_flush()')
    return (await db.superuser.query<{ n: number }>(`select coalesce(sum(calls), 0)::int as n from pg_stat_user_functions where schemaname = 'audit_private'`)).rows[0]?.n ?? NaN
  }
  const before = await calls()
  await db.run(statement)
  return await calls() - before
}
/** Makes a table with that many partitions, attaches it, and adds one more. */
async function measure(name: string, parts: number): Promise<{ track: number; add: number }> {
  await db.run(`create table public.${name} (id int, n int, name text, primary key (id, n)) partition by list (n);
    do $$ begin for k in 1..${parts} loop execute format('create table public.${name}_%s partition of public.${name} for values in (%s)', k, k); end loop; end $$`)
  const track = await callsOf(`select audit.track('public.${name}', '${name}', '{name}')`)
  const add = await callsOf(`create table public.${name}_0 partition of public.${name} for values in (0)`)
  return { track, add }
}

it('takes work for each partition once, and a new partition little more among many than among few', async () => {
  await db.run(`set track_functions = 'all'`)
  const few = await measure('few', 10)
  const many = await measure('many', 100)
  assert.ok(few.track > 0 && many.track < 12 * few.track, `${many.track} calls for 100 partitions, ${few.track} for 10`)
  assert.ok(few.add > 0 && many.add < 5 * few.add, `${many.add} calls to add one to 100 partitions, ${few.add} to 10`)
  assert.equal((await db.superuser.query(`select finding from audit.health where check_name = 'triggers' and status <> 'ok'`)).rows, [])
})

it.run()
