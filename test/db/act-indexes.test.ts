import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { MigrationError, migrate, planIndexes } from '../../db/migrate.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

const it = suite('The indexes of acts in a log that an earlier release has written')
const committed = fileURLToPath(new URL('../../db/migrations/committed/', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'audit-log-release-'))
const steps = 'select step from audit_private.act_index_steps()'
const health = `select status, finding from audit.health where check_name in ('indexes', 'definitions') order by check_name`
const indexes = `select i.indexrelid::regclass::text as name, i.indisvalid from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0] and a.attname = 'transaction_id'
  join pg_class c on c.oid = i.indrelid and c.relname ~ '^event' and c.relkind in ('r', 'p') order by 1`

it.before(() => {
  for (const name of ['committed', 'fixtures']) mkdirSync(join(folder, name))
  // The last release that found acts by the transaction alone.
  for (const name of readdirSync(committed).filter((file) => file < '000006')) copyFileSync(join(committed, name), join(folder, 'committed', name))
  writeFileSync(join(folder, 'current.sql'), '')
})
it.after(() => rmSync(folder, { recursive: true }))

const building = `pg_stat_progress_create_index where datname = current_database() and command = 'CREATE INDEX CONCURRENTLY'`

/** A log of that release. */
async function withLog(use: (db: TestDatabase, release: { connectionString: string; includeCurrent: true }) => Promise<void>): Promise<void> {
  const db = await makeTestDatabase('empty')
  try {
    await migrate({ connectionString: db.url('postgres'), migrationsFolder: folder })
    await db.run(`
      create table public.thing (id int primary key, name text); create table public.part (id int primary key, thing_id int, name text);
      select audit.track('public.thing', 'thing', '{name}'), audit.track('public.part', 'part', '{name}', owner => 'thing_id->public.thing');
      insert into public.thing select n, 'Thing ' || n from generate_series(1, 100) n; insert into public.part select n, n, 'Part ' || n from generate_series(1, 100) n;
      begin; delete from public.part where id = 1; delete from public.thing where id = 1; commit; delete from public.thing where id between 10 and 20`)
    await use(db, { connectionString: db.url('postgres'), includeCurrent: true })
  } finally {
    await db.drop()
  }
}
const rowsOf = async (db: TestDatabase, query: string): Promise<unknown[]> => (await db.superuser.query(query)).rows
const acts = (db: TestDatabase): Promise<unknown[]> => rowsOf(db, `select object_label, went_along from audit.act where object_kind in ('thing', 'part') order by id`)

it('are built afterwards, beside writers, and after a kill from where it was broken off', () => withLog(async (db, release) => {
  const expected = await acts(db)
  const reader = await db.as('postgres')
  await reader.query('begin isolation level repeatable read; select count(*) from audit.event')
  const told: string[] = []
  const first = migrate({ ...release, notice: (line) => told.push(line) }).then(() => null, (reason: unknown) => reason)
  // It waits for the reader, and nobody for it. The migration before it builds indexes too, in its own transaction.
  while ((await rowsOf(db, `select from ${building} and phase = 'waiting for old snapshots'`)).length === 0) await sleep(20)
  await db.run(`set lock_timeout = '2s'; begin; delete from public.part where id = 2; delete from public.thing where id = 2; commit; reset lock_timeout`)
  const meanwhile = [...expected, { object_label: 'Thing 2', went_along: { part: 1 } }]
  assert.equal(await acts(db), meanwhile)
  assert.equal((await rowsOf(db, health)).map((row) => Reflect.get(Object(row), 'status')), ['ok', 'warning'])
  await db.run(`select pg_terminate_backend(pid) from ${building}`)
  const error = await first
  assert.instance(error, MigrationError)
  assert.match(error instanceof MigrationError ? error.hint : '', /goes on from here/)
  assert.ok(told.some((line) => line.includes('beside readers and writers')))
  assert.equal(await rowsOf(db, indexes), [
    { name: 'audit.event_forerunners_idx', indisvalid: true }, { name: 'audit.event_transaction_id_has_forerunners_object_id_idx', indisvalid: false }, { name: 'audit.event_transaction_id_idx', indisvalid: true }])
  assert.equal((await planIndexes(release)).length, 5, 'the building that was broken off, two that are missing, and two that they replace')
  assert.equal(await acts(db), meanwhile)

  await reader.query('rollback')
  assert.equal((await migrate(release)).applied, [])
  assert.equal(await rowsOf(db, indexes), [{ name: 'audit.event_transaction_id_has_forerunners_object_id_idx', indisvalid: true }, { name: 'audit.event_transaction_id_root_id_idx', indisvalid: true }])
  assert.equal(await rowsOf(db, health), [{ status: 'ok', finding: null }, { status: 'ok', finding: null }])
  assert.equal([await rowsOf(db, steps), await planIndexes(release), await acts(db)], [[], [], meanwhile])
}))

it('are built for each year of a log that has partitions, and those of years to come with them', () => withLog(async (db, release) => {
  const expected = await acts(db)
  await db.superuser.query('call audit.partition_by_year()')
  await migrate(release)
  assert.equal([await rowsOf(db, steps), await acts(db)], [[], expected])
  assert.equal(await rowsOf(db, health), [{ status: 'ok', finding: null }, { status: 'ok', finding: null }])
  const attached = `select count(*)::int as n, bool_and(i.indisvalid) as valid from pg_index i join pg_class x on x.oid = i.indexrelid and x.relname ~ '(root_id|object_id)_idx$' join pg_class c on c.oid = i.indrelid
    where c.oid = 'audit.event'::regclass or exists (select from pg_inherits h where h.inhrelid = x.oid)`
  const years = (await rowsOf(db, `select from pg_inherits where inhparent = 'audit.event'::regclass`)).length
  assert.equal(await rowsOf(db, attached), [{ n: 2 * (years + 1), valid: true }])
  await db.superuser.query('reset role; select audit_private.add_partition(audit_private.year_of_numbers() + 2)')
  assert.equal([await rowsOf(db, steps), await rowsOf(db, attached)], [[], [{ n: 2 * (years + 2), valid: true }]])
  await db.run('begin; delete from public.part where id = 3; delete from public.thing where id = 3; commit')
  assert.equal(await acts(db), [...expected, { object_label: 'Thing 3', went_along: { part: 1 } }])
}))

it('are built anew where somebody dropped them, which is found, and without which the log is not divided', () => withLog(async (db, release) => {
  assert.equal(await planIndexes(release), ['The indexes by which acts are found are built anew.'])
  await migrate(release)
  await db.superuser.query('drop index audit.event_transaction_id_root_id_idx')
  assert.match(JSON.stringify(await rowsOf(db, health)), /audit\.event has no index on \(transaction_id, root_id\)/)
  await db.superuser.query('call audit.partition_by_year()').then(() => assert.unreachable(), (reason: { code?: string }) => assert.is(reason.code, 'AU009'))
  await migrate(release)
  assert.equal(await rowsOf(db, steps), [])
}))

it.run()
