import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { migrate, rehearseMigration } from '../../db/migrate.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

const it = suite('An upgrade while the application writes')
const ours = fileURLToPath(new URL('../../db/migrations', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'audit-log-first-release-'))

let database: TestDatabase
it.before(async () => {
  database = await makeTestDatabase('empty')
  mkdirSync(join(folder, 'committed'))
  const [first = ''] = readdirSync(join(ours, 'committed')).sort()
  cpSync(join(ours, 'committed', first), join(folder, 'committed', first))
  await migrate({ connectionString: database.url('postgres'), migrationsFolder: folder })
  await database.superuser.query(`
    create table public.thing (id int primary key, name text);
    insert into public.thing select n, 'Thing ' || n from generate_series(1, 200000) n;
    select audit.track('public.thing', 'thing', '{name}')`)
})
it.after(async () => {
  await database.drop()
  rmSync(folder, { recursive: true })
})

it('makes no deletion wait for more than a moment, loses none, and holds no lock on the table of the application', async () => {
  const options = { connectionString: database.url('postgres'), includeCurrent: true }
  const { locks } = await rehearseMigration(options)
  assert.equal(locks.filter(({ relation }) => relation === 'public.thing' || relation === 'thing'), [])
  const writer = await database.as('postgres')
  const waits: number[] = []
  let isOver = false
  let deleted = 0
  const writing = (async () => {
    while (!isOver) {
      const began = performance.now()
      await writer.query('delete from public.thing where id = $1', [deleted += 1])
      waits.push(performance.now() - began)
    }
  })()
  const { applied } = await migrate(options)
  isOver = true
  await writing
  assert.ok(applied.length >= 1)
  const longest = Math.max(...waits)
  // A quarter of a second, and what a busy machine adds.
  assert.ok(longest < 600, `${longest} ms`)
  const { rows } = await database.superuser.query<{ count: number }>(`select count(*)::int from audit.event where action = 'thing.deleted'`)
  assert.equal(rows, [{ count: deleted }])
})

it.run()
