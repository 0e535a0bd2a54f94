import { spawnSync } from 'node:child_process'
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Client } from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { migrate } from '../../db/migrate.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { refused } from '../harness/refused.ts'

/*
 * The log moved to another database. pg_dump is not among the dependencies: with one on the PATH that is new enough for the server
 * it is used; moving the entries by COPY, as docs/dba.md has it, is tested everywhere.
 */

const it = suite<{ database: TestDatabase; folder: string }>('The log in another database', { database: Object.create(null), folder: '' })

function majorOf(version: string): number {
  return Number(/(\d+)\.\d+/.exec(version)?.[1] ?? 0)
}

async function hasPgDump(): Promise<boolean> {
  const { stdout, error } = spawnSync('pg_dump', ['--version'], { encoding: 'utf8' })
  if (error !== undefined) return false
  const database = await makeTestDatabase('empty')
  const { rows: [row] } = await database.superuser.query(`select current_setting('server_version') as version`)
  await database.drop()
  return majorOf(stdout) >= majorOf(row.version)
}

it.before(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'audit-log-dump-'))
  context.database = await makeTestDatabase()
  const app = await context.database.as('consultant_app')
  await app.query(`begin; select audit.act_as('17', 'Fredrik Isaksson', 'app'); delete from app.customer where id in (select id from app.customer order by id limit 3); commit`)
  for (let kept = 1; kept > 0;) kept = Number((await context.database.superuser.query('select audit.keep() as kept')).rows[0].kept)
})
it.after(async ({ database, folder }) => {
  rmSync(folder, { recursive: true })
  await database.drop()
})

const content = async (client: Client): Promise<unknown> => (await client.query(`select count(*)::int, md5(string_agg(e::text, e'\\n' order by e.id)) from audit.event e`)).rows
const answers = async (client: Client): Promise<unknown> => (await client.query(`
  select (select c.count::int from audit.event_count('{"companyId": "1"}') c) as all, (select c.count::int from audit.event_count('{"companyId": "1", "query": "a"}') c) as found,
         array(select id from audit.find_event_ids('{"companyId": "1", "actions": ["contact.deleted"]}') id) as page`)).rows

const test = (await hasPgDump()) ? it : it.skip
test('pg_dump and pg_restore bring it along: entries, guards, tracking and search', async ({ database, folder }) => {
  const restored = await makeTestDatabase('empty')
  try {
    const run = (program: string, args: string[]): void => {
      const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' })
      assert.is(status, 0, stderr)
    }
    const file = join(folder, 'log.dump')
    run('pg_dump', ['--format=custom', `--file=${file}`, database.url('postgres')])
    run('pg_restore', ['--exit-on-error', `--dbname=${restored.url('postgres')}`, file])
    assert.equal(await content(restored.superuser), await content(database.superuser))
    assert.equal(await answers(restored.superuser), await answers(database.superuser))
    await restored.superuser.query('select audit.refresh_tracking()')
    const { rows: [before] } = await restored.superuser.query('select max(id) as id from audit.event')
    await restored.superuser.query('delete from app.cv where id = (select min(id) from app.cv)')
    const { rows } = await restored.superuser.query('select action from audit.event where id > $1', [before.id])
    assert.equal(rows, [{ action: 'cv.deleted' }])
    await refused(restored.superuser.query('delete from audit.event'), 'AU001')
    const { rows: failed } = await restored.superuser.query(`select check_name, finding from audit.health where status = 'failed'`)
    assert.equal(failed, [])
  } finally {
    await restored.drop()
  }
})

it('the entries alone are moved by COPY into a log that was just installed, and everything finds them', async ({ database, folder }) => {
  const moved = await makeTestDatabase('empty')
  try {
    await migrate({ connectionString: moved.url('postgres'), includeCurrent: true })
    const { rows: [own] } = await moved.superuser.query('select count(*)::int as n from audit.event')
    assert.is(own.n, 0)
    const file = join(folder, 'entries')
    await pipeline(database.superuser.query(copyTo('copy (select * from audit.event order by id) to stdout')), createWriteStream(file))
    await moved.superuser.query('set role audit_owner')
    await pipeline(createReadStream(file), moved.superuser.query(copyFrom('copy audit.event from stdin')))
    await moved.superuser.query(`select setval('audit.event_id_seq', (select max(id) from audit.event)); reset role`)
    assert.equal(await content(moved.superuser), await content(database.superuser))
    assert.equal(await answers(moved.superuser), await answers(database.superuser), 'before the keeper has run')
    for (let kept = 1; kept > 0;) kept = Number((await moved.superuser.query('select audit.keep() as kept')).rows[0].kept)
    assert.equal(await answers(moved.superuser), await answers(database.superuser), 'after it')
    const { rows: [next] } = await moved.superuser.query(`select nextval('audit.event_id_seq') > max(id) as is_free from audit.event`)
    assert.is(next.is_free, true)
  } finally {
    await moved.drop()
  }
})

it.run()
