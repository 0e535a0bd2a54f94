import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

const it = suite('Attaching a table of many partitions')
let db: TestDatabase

it.before(async () => {
  db = await makeTestDatabase()
})
it.after(() => db.drop())

async function millisecondsOf(statement: string): Promise<number> {
  const since = performance.now()
  await db.run(statement)
  return performance.now() - since
}
/** Makes a table with that many partitions, attaches it, and adds one more. */
async function measure(name: string, parts: number): Promise<{ track: number; add: number }> {
  await db.run(`create table public.${name} (id int, n int, name text, primary key (id, n)) partition by list (n);
    do $$ begin for k in 1..${parts} loop execute format('create table public.${name}_%s partition of public.${name} for values in (%s)', k, k); end loop; end $$`)
  const track = await millisecondsOf(`select audit.track('public.${name}', '${name}', '{name}')`)
  const add = await millisecondsOf(`create table public.${name}_0 partition of public.${name} for values in (0)`)
  return { track, add }
}

it('takes time for each partition once, and a new partition little more among many than among few', async () => {
  await measure('warm', 2)
  const few = await measure('few', 10)
  const many = await measure('many', 100)
  assert.ok(many.track < 20 * few.track, `${Math.round(many.track)} ms for 100 partitions, ${Math.round(few.track)} ms for 10`)
  assert.ok(many.add < 4 * few.add, `${Math.round(many.add)} ms to add one to 100 partitions, ${Math.round(few.add)} ms to 10`)
  assert.equal((await db.superuser.query(`select finding from audit.health where check_name = 'triggers' and status <> 'ok'`)).rows, [])
})

it.run()
