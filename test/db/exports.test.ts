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
      await refused(end(), 'AU004', /no such export of this viewer/)
      await client.query('rollback to before')
    }
    await refused(client.query(`select audit.record_log_export_end($1, 1, null, 'done')`, [row.id]), 'AU004', /unknown outcome/)
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
