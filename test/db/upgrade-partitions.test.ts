import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { migrate } from '../../db/migrate.ts'
import { makeTestDatabase } from '../harness/database.ts'

const it = suite('Partitions that an earlier release has attached')
const committed = fileURLToPath(new URL('../../db/migrations/committed/', import.meta.url))

it('are covered by this one, with those that are made afterwards by an owner who installs nothing, and rows that are marked and moved at once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'audit-log-release-'))
  const db = await makeTestDatabase('empty')
  try {
    for (const name of ['committed', 'fixtures']) mkdirSync(join(folder, name))
    for (const name of readdirSync(committed).filter((file) => file < '000005')) copyFileSync(join(committed, name), join(folder, 'committed', name))
    writeFileSync(join(folder, 'current.sql'), '')
    await migrate({ connectionString: db.url('postgres'), migrationsFolder: folder })
    await db.run(`
      do $$ begin create role test_part_owner login; exception when duplicate_object or unique_violation then null; end $$; create schema firm authorization test_part_owner; set role test_part_owner;
      create table firm.line (id int, land text, name text, gone_at date, primary key (id, land)) partition by list (land); create table firm.line_a partition of firm.line for values in ('a'); reset role;
      select audit.track('firm.line', 'line', '{name}', soft_delete => 'gone_at');
      create table firm.line_b partition of firm.line for values in ('b'); insert into firm.line values (1, 'a', 'one'), (2, 'b', 'two')`)
    await migrate({ connectionString: db.url('postgres'), includeCurrent: true })
    await db.run(`
      update firm.line set land = 'b', gone_at = '2026-01-01' where id = 1;
      set role test_part_owner; create table firm.line_c partition of firm.line for values in ('c'); insert into firm.line values (3, 'c', 'three'); truncate firm.line_c; reset role; delete from firm.line_b where id = 2`)
    const { rows } = await db.superuser.query(`select object_id, details from audit.event where object_kind = 'line' order by id`)
    assert.equal(rows, [{ object_id: '["1", "b"]', details: { soft_delete: true } }, { object_id: '["3", "c"]', details: { statement: 'truncate' } }, { object_id: '["2", "b"]', details: null }])
    assert.equal((await db.superuser.query(`select finding from audit.health where status = 'failed'`)).rows, [])
  } finally {
    await db.drop()
    rmSync(folder, { recursive: true })
  }
})

it.run()
