import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeFigures } from '../../server/figures.ts'
import { makeLogger } from '../../server/logger.ts'
import { makePool } from '../../server/database.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { audit } from '../operator/audit.ts'

const it = suite('What the runbook tells to do')
const runbook = await readFile(new URL('../../docs/runbook.md', import.meta.url), 'utf8')

let db: TestDatabase
it.before(async () => { db = await makeTestDatabase() })
it.after(() => db.drop())

/** The block of SQL in the section of an alarm. */
function questions(section: string): string[] {
  const [, text = ''] = new RegExp(`^### ${section}\\n([^]*?)(?=^##)`, 'm').exec(runbook) ?? []
  const [, block = ''] = /```sql\n([^]*?)```/.exec(text) ?? []
  return block.split(';\n').filter((one) => one.trim() !== '')
}

const trackAgain = `select audit.track('app.cv', kind, label, company, owner, snapshot, mask, soft_delete, truncate) from audit.tracked_table where table_name = 'app.cv'`

for (const [check, what, broken, remedy] of [
  ['triggers', 'calling audit.track again', 'alter table app.cv disable trigger audit_capture', trackAgain],
  ['triggers', 'calling audit.track again, where a trigger is gone', 'drop trigger audit_capture on app.cv', trackAgain],
  ['columns', 'letting the agent read the column again', 'revoke select on app.customer from audit_agent', 'grant select on app.customer to audit_agent'],
  ['tables', 'making the table survive a crash', 'alter table app.cv set unlogged', 'alter table app.cv set logged'],
  ['foreign keys', 'tracking the table too', 'create table app.note (id int primary key, user_id bigint references app."user" on delete cascade)', `select audit.track('app.note', 'note', '{id}', company => 'user_id.company_id')`],
  ['definitions', 'bringing the object back as db/schema.sql has it', 'alter table audit.event disable trigger guard_change', 'alter table audit.event enable always trigger guard_change'],
  ['rights', 'revoking what is named', 'grant set on parameter session_replication_role to consultant_app', 'revoke set on parameter session_replication_role from consultant_app'],
  ['audit_admin', 'revoking audit_admin', 'grant audit_admin to consultant_app', 'revoke audit_admin from consultant_app'],
  ['settings', 'setting it back', `alter role consultant_app set session_replication_role = 'replica'`, 'alter role consultant_app reset session_replication_role'],
] as const) {
  it(`helps against a finding of the check "${check}": ${what}`, async () => {
    const finding = async (): Promise<string> => {
      const { rows: [row] } = await db.superuser.query<{ status: string; finding: string | null }>('select status, finding from audit.health where check_name = $1', [check])
      return `${row?.status} ${row?.finding}`
    }
    await db.superuser.query('begin')
    try {
      const before = await finding()
      await db.superuser.query(broken)
      assert.is.not(await finding(), before)
      await db.superuser.query(remedy)
      assert.is(await finding(), before)
    } finally {
      await db.superuser.query('rollback')
    }
  })
}

it('helps against AuditLogTransactionOpen: its questions name who it is, and ending them makes it young again', async () => {
  const pool = makePool({ connectionString: db.url('audit_server'), name: 'test', max: 2, connectTimeout: 5_000, logger: makeLogger('silent') })
  const figures = makeFigures(pool, makeLogger('silent'))
  const forgotten = await db.as('consultant_app')
  forgotten.on('error', () => undefined)
  const preparing = await db.as('postgres')
  try {
    await forgotten.query('begin; select pg_current_xact_id()')
    const { rows: [{ pid }] } = await forgotten.query('select pg_backend_pid() as pid')
    const gid = `forgotten of ${db.name}`
    await preparing.query(`begin; create table public.prepared_${pid} (); prepare transaction '${gid}'`)
    await sleep(1_500)
    assert.ok(((await figures.read())?.oldestTransaction ?? 0) > 1)
    const [running = '', prepared = '', ...others] = questions('AuditLogTransactionOpen')
    assert.equal(others, [])
    const { rows: sessions } = await db.superuser.query<{ pid: number }>(running.replace('limit 5', 'limit 100'))
    assert.ok(sessions.some((one) => one.pid === pid))
    const { rows: gids } = await db.superuser.query<{ gid: string }>(prepared)
    assert.ok(gids.some((one) => one.gid === gid))
    // As the section says, word by word.
    assert.match(runbook, '`select pg_terminate_backend(<pid>)`, or `rollback prepared \'<gid>\'`')
    await db.superuser.query('select pg_terminate_backend($1)', [pid])
    await preparing.query(`rollback prepared '${gid}'`)
    // It is told to end, and ends a moment later.
    const isLeft = async (): Promise<boolean> => (await db.superuser.query<{ pid: number }>(running.replace('limit 5', 'limit 100'))).rows.some((one) => one.pid === pid)
    for (let tries = 0; tries < 100 && await isLeft(); tries += 1) await sleep(50)
    assert.not.ok(await isLeft())
    assert.is((await db.superuser.query('select from pg_prepared_xacts where gid = $1', [gid])).rowCount, 0)
  } finally {
    await pool.end()
  }
})

it('helps against AuditLogKeeperBehind: keep catches up at once', async () => {
  const behind = async (): Promise<number> => Number((await db.superuser.query(`select lag_events from audit_private.figures(null)`)).rows[0]?.lag_events)
  await db.superuser.query('delete from app.cv where id in (select id from app.cv order by id limit 5)')
  assert.ok(await behind() >= 5)
  assert.match(audit(['keep', '--once'], db.url('audit_server')).stdout, 'Everything is kept.')
  assert.is(await behind(), 0)
})

it('helps where no company can read the log: grant-administrator', async () => {
  const empty = await makeTestDatabase('empty')
  try {
    assert.is(audit(['migrate'], empty.url('postgres')).status, 0)
    const readers = async (): Promise<string> => (await empty.superuser.query(`select status from audit.health where check_name = 'readers'`)).rows[0]?.status
    assert.is.not(await readers(), 'ok')
    assert.is(audit(['grant-administrator', '--company', '1', '--company-name', 'Nordljus', '--user', '7', '--name', 'Kim'], empty.url('postgres')).status, 0)
    assert.is(await readers(), 'ok')
  } finally {
    await empty.drop()
  }
})

it.run()
