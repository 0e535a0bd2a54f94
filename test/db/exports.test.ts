import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Client } from 'pg'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { refused } from '../harness/refused.ts'

const it = suite('Exports that are not recorded')
let db: TestDatabase

it.before(async () => { db = await makeTestDatabase() })
it.after(() => db.drop())

for (const [what, call, message] of [
  ['another kind', `audit.record_export('cvs')`, /unknown kind/],
  ['no kind', `audit.record_export(null)`, /unknown kind/],
  ['a kind that only begins like one', `audit.record_export('projectsss')`, /unknown kind/],
  ['less than no rows', `audit.record_export('projects', -1)`, /negative/],
  ['a filter that holds the rows', `audit.record_export('projects', 1, 'csv', jsonb_build_object('ids', repeat('1,', 9000)))`, /too large/],
] as const) {
  it(`have ${what}: AU004, and no entry`, async () => {
    const error = await refused((await db.as('consultant_app')).query(`select ${call}`), 'AU004', message)
    assert.ok(error.detail && error.hint)
    assert.is(await exportsRecorded(), 0)
  })
}

it('are of the log itself, by somebody who may not read it', async () => {
  const { id } = await person('jessica.kowalski@nordljus.example')
  await as(id, '1', (client) => refused(client.query(`select audit.record_log_export('csv')`), '42501', /may not read the log/))
  assert.is(await exportsRecorded(), 0)
})

it('are of the log itself, begun by another', async () => {
  const fredrik = await person('fredrik.isaksson@nordljus.example')
  await as(fredrik.id, fredrik.company, async (client) => {
    const { rows: [row] } = await client.query(`select audit.record_log_export('csv') as id`)
    const end = () => client.query(`select audit.record_log_export_end($1, 1, null, 'complete')`, [row.id])
    await end()
    for (const [setting, value] of [['audit.viewer_id', '0'], ['audit.company_id', '2']] as const) {
      await client.query('savepoint before')
      await client.query('select set_config($1, $2, true)', [setting, value])
      await refused(end(), 'AU011', /no such export of this viewer/)
      await client.query('rollback to before')
    }
    await refused(client.query(`select audit.record_log_export_end($1, 1, null, 'done')`, [row.id]), 'AU004', /unknown outcome/)
  })
})

it('are recorded once when their request is repeated within a day, also by two at once [case 75]', async () => {
  const one = await db.as('consultant_app')
  const two = await db.as('consultant_app')
  const record = (client: Client, rows: number) => client.query(`select audit.record_export('projects', $1, 'csv', '{}', file_hash => 'h')::text as id`, [rows])
  for (const client of [one, two]) await client.query(`begin; select audit.act_as('7', 'Eve', request_id => 'same')`)
  const { rows: [first] } = await record(one, 1)
  const waiting = record(two, 2)
  await one.query('commit')
  const { rows: [second] } = await waiting
  await two.query('commit')
  assert.is(second.id, first.id)
  const { rows } = await db.superuser.query(`select attempt, details from audit.export_attempt where event_id = $1 order by attempt`, [first.id])
  assert.equal(rows, [1, 2].map((n) => ({ attempt: n, details: { row_count: n, format: 'csv', filter: {}, file_hash: 'h' } })))
  assert.equal((await db.superuser.query(`select row_count::int, attempt_count::int, outcome from audit.export where id = $1`, [first.id])).rows, [{ row_count: 1, attempt_count: 2, outcome: null }])

  await db.superuser.query('alter table audit.event disable trigger user')
  await db.superuser.query(`update audit.event set occurred_at = occurred_at - interval '25 hours' where id = $1`, [first.id])
  await db.superuser.query('alter table audit.event enable always trigger guard_change; alter table audit.event enable always trigger guard_insert')
  await one.query(`begin; select audit.act_as('7', 'Eve', request_id => 'same')`)
  const { rows: [later] } = await record(one, 1)
  await one.query('commit')
  assert.not.equal(later.id, first.id)
})

it('are recorded once when forty report the same request at one moment, and each of them is counted [case 75]', async () => {
  const ids = await Promise.all(Array.from({ length: 40 }, async () => {
    const client = await db.as('consultant_app')
    await client.query(`begin; select audit.act_as('8', 'Eve', request_id => 'storm')`)
    const { rows: [row] } = await client.query<{ id: string }>(`select audit.record_export('customers', 5)::text as id`)
    await client.query('commit')
    return row?.id
  }))
  assert.is(new Set(ids).size, 1)
  assert.equal((await db.superuser.query('select attempt_count::int from audit.export where id = $1', [ids[0]])).rows, [{ attempt_count: 40 }])
})

it('keep what was asked for as it was said, nulls included', async () => {
  const { rows: [row] } = await (await db.as('consultant_app')).query(`select audit.record_export('project', filter => '{"owner": null, "in": {"team": null}}') as id`)
  assert.equal((await db.superuser.query('select details from audit.event where id = $1', [row.id])).rows, [{ details: { filter: { owner: null, in: { team: null } } } }])
})

it('are attempts that somebody wants to change or forge: refused', async () => {
  for (const statement of ['update audit.export_attempt set attempt = 9', 'delete from audit.export_attempt', 'truncate audit.export_attempt', `insert into audit.export_attempt (event_id, attempt, company_id, request_key, details) values (1, 1, '1', 'x', '{}')`]) {
    await refused(db.superuser.query(statement), 'AU001')
    await refused((await db.as('consultant_app')).query(statement), '42501')
  }
})

it('are ended by another login, or in another way than there is', async () => {
  const app = await db.as('consultant_app')
  const { rows: [row] } = await app.query(`select audit.record_export('projects') as id`)
  await refused((await db.as('consultant_api')).query('select audit.record_export_end($1, $2)', [row.id, 'complete']), 'AU011', /no such export/)
  await refused(app.query('select audit.record_export_end($1, $2)', [row.id, 'done']), 'AU004', /unknown outcome/)
  await refused(app.query('select audit.record_export_end($1, $2, -1)', [row.id, 'complete']), 'AU004', /negative/)
  await app.query('select audit.record_export_end($1, $2, 5)', [row.id, 'cancelled'])
  assert.equal((await db.superuser.query('select outcome, row_count::int from audit.export where id = $1', [row.id])).rows, [{ outcome: 'cancelled', row_count: 5 }])
})

it('have ended once: the same end again is the same entry, and another one is refused, also of two at one moment', async () => {
  const [one, two] = [await db.as('consultant_app'), await db.as('consultant_app')]
  const { rows: [row] } = await one.query(`select audit.record_export('projects') as id`)
  const end = (client: Client, outcome: string, rows: number | null, hash: string | null = null) =>
    client.query('select audit.record_export_end($1, $2, $3, $4)::text as id', [row.id, outcome, rows, hash]).then(({ rows: [ended] }) => ended.id)
  const ends = async () => (await db.superuser.query(`select id::text, details from audit.event where action = 'projects.export_ended' and object_id = $1`, [row.id])).rows

  // An end that is rolled back is none.
  await one.query('begin')
  await end(one, 'failed', null)
  await one.query('rollback')
  // The second waits for the first, and then learns of it.
  await one.query('begin')
  const first = await end(one, 'complete', 5, 'h')
  const waiting = [end(two, 'complete', 5, 'h')] as const
  await one.query('commit')
  assert.is(await waiting[0], first)
  for (const [outcome, rows, hash] of [['failed', null, null], ['complete', 6, 'h'], ['complete', 5, 'other'], ['complete', 5, null]] as const) {
    const error = await refused(end(two, outcome, rows, hash), 'AU010', /has ended already, in another way/)
    assert.match(error.detail ?? '', new RegExp(`"row_count": 5.*entry ${first};`))
  }
  assert.equal(await ends(), [{ id: first, details: { outcome: 'complete', row_count: 5, file_hash: 'h' } }])
  assert.equal((await db.superuser.query('select outcome, row_count::int, file_hash, attempt_count::int from audit.export where id = $1', [row.id])).rows, [{ outcome: 'complete', row_count: 5, file_hash: 'h', attempt_count: 1 }])

  // Two ends may lie in a log of an earlier version: the first one holds.
  await db.superuser.query('alter table audit.event disable trigger user')
  await db.superuser.query(`insert into audit.event (company_id, actor_status, action, object_kind, object_id, source, details) select company_id, 'missing', action, object_kind, object_id, 'app', '{"outcome": "failed"}' from audit.event where id = $1`, [first])
  await db.superuser.query('alter table audit.event enable always trigger guard_change; alter table audit.event enable always trigger guard_insert')
  assert.is((await ends()).length, 2)
  assert.equal((await db.superuser.query('select outcome from audit.export where id = $1', [row.id])).rows, [{ outcome: 'complete' }])
})

it('show their attempts and ends to their own company only', async () => {
  const fredrik = await person('fredrik.isaksson@nordljus.example')
  const app = await db.as('consultant_app')
  for (const company of ['1', '2']) await app.query(`begin; select audit.act_as('1', 'A', company_id => '${company}', request_id => 'r'); select audit.record_export('contacts', company_id => '${company}'); commit`)
  await as(fredrik.id, '1', async (client) => {
    for (const relation of ['audit.export', 'audit.export_attempt']) assert.equal((await client.query(`select distinct company_id from ${relation}`)).rows, [{ company_id: '1' }], relation)
  })
})

async function person(email: string): Promise<{ id: string; company: string }> {
  return (await db.superuser.query(`select id::text, company_id::text as company from app."user" where email = $1`, [email])).rows[0]
}

function as(id: string, company: string, use: (client: Client) => Promise<unknown>): Promise<unknown> {
  return db.inTransactionAs('audit_admin', { 'audit.company_id': company, 'audit.viewer_id': id }, use)
}

async function exportsRecorded(): Promise<number> {
  return (await db.superuser.query(`select count(*)::int as n from audit.event where action like '%.exported'`)).rows[0].n
}

it.run()
