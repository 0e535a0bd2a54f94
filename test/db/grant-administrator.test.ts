import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { refused } from '../harness/refused.ts'

const it = suite('Granting the reading of the log in a database without tables of administrators')
let db: TestDatabase
let host: TestDatabase

it.before(async () => {
  db = await makeTestDatabase('migrated')
  host = await makeTestDatabase()
})
it.after(async () => {
  await db.drop()
  await host.drop()
})
it.after.each(async () => {
  await db.superuser.query('truncate audit_private.company, audit_private.administrator')
})

it('lets the person read, and nobody else, until it is revoked', async () => {
  await grant('1', '7', 'Åsa Öberg', 'Nordkonsult', 'sv', 'Europe/Stockholm', 'sales@example.com')
  assert.equal(await viewer('1', '7'), {
    viewer_id: '7', viewer_name: 'Åsa Öberg', locale: 'sv', company_id: '1', company_name: 'Nordkonsult', time_zone: 'Europe/Stockholm', contact: 'sales@example.com', access: 'granted',
  })
  assert.is((await viewer('1', '8')).access, 'not_administrator')
  assert.is((await viewer('2', '7')).access, 'company_unknown')
  await db.superuser.query(`select audit.revoke_administrator('1', '7')`)
  assert.is((await viewer('1', '7')).access, 'not_administrator')
})

it('is missed by the health check while nobody may read', async () => {
  const readers = async () => (await db.superuser.query(`select status, finding from audit.health where check_name = 'readers'`)).rows[0]
  const { status, finding } = await readers()
  assert.is(status, 'warning')
  assert.match(finding, /No company can read the log/)
  await grant('1', '7', 'Åsa Öberg', 'Nordkonsult')
  assert.is((await readers()).status, 'ok')
})

it('changes only what is given when it is called again', async () => {
  await grant('1', '7', 'Åsa Öberg', 'Nordkonsult', 'sv', 'Europe/Stockholm', 'sales@example.com')
  await grant('1', '7', 'Anna Öberg')
  await grant('1', '8', 'Jessica Kowalski', 'Nordkonsult AB')
  assert.equal((await db.superuser.query('select * from audit.list_companies()')).rows, [{
    company_id: '1', name: 'Nordkonsult AB', has_audit_log: true, time_zone: 'Europe/Stockholm', contact: 'sales@example.com',
    administrators: [{ user_id: '7', name: 'Anna Öberg', locale: 'sv' }, { user_id: '8', name: 'Jessica Kowalski', locale: 'en' }],
  }])
})

const refusals: [string, (string | null)[], RegExp, RegExp][] = [
  ['a new company without a name', ['1', '7', 'Åsa'], /the company is new and has no name/, /company_id is '1'/],
  ['an empty person', ['1', ' ', 'Åsa', 'Nordkonsult'], /user_id is empty/, /user_id is ' '/],
  ['nobody', ['1', '7', null, 'Nordkonsult'], /user_name is empty/, /user_name is null/],
  ['a company of 201 characters', ['1'.repeat(201), '7', 'Åsa', 'Nordkonsult'], /company_id is .* longer than 200/, /company_id is '1{100}'/],
  ['an unknown language', ['1', '7', 'Åsa', 'Nordkonsult', 'de'], /unknown locale/, /locale is 'de'/],
  ['an unknown time zone', ['1', '7', 'Åsa', 'Nordkonsult', 'sv', 'Stockholm'], /unknown time zone/, /time_zone is 'Stockholm'/],
]
for (const [name, args, message, detail] of refusals) {
  it(`refuses ${name} with AU005 and changes nothing`, async () => {
    const error = await refused(grant(...args), 'AU005', message)
    assert.match(error.detail ?? '', detail)
    assert.ok(error.hint)
    assert.equal((await db.superuser.query('select * from audit.list_companies()')).rows, [])
  })
}

it('refuses to revoke what was not granted with AU005', async () => {
  await refused(db.superuser.query(`select audit.revoke_administrator('1', '7')`), 'AU005', /does not administer/)
})

it('refuses with AU005 where the application itself says who may read, and names its table', async () => {
  for (const call of [`audit.grant_administrator('1', '7', 'Åsa', 'Nordkonsult')`, `audit.revoke_administrator('1', '7')`, 'audit.list_companies()']) {
    const error = await refused(host.superuser.query(`select ${call}`), 'AU005', /the application itself says who may read/)
    assert.match(error.detail ?? '', 'audit.read_access_from has named app.company_administrator and app.company_access')
  }
})

it('is not for an application, a reader or a DBA who only reads', async () => {
  for (const role of ['audit_admin', 'audit_app', 'audit_dba']) {
    for (const call of [`audit.grant_administrator('1', '7', 'Åsa', 'Nordkonsult')`, `audit.revoke_administrator('1', '7')`, 'audit.list_companies()']) {
      await db.inTransactionAs(role, {}, (client) => refused(client.query(`select ${call}`), '42501'))
    }
  }
})

it.run()

function grant(...args: (string | null)[]): Promise<unknown> {
  return db.superuser.query(`select audit.grant_administrator(${args.map((_, index) => `$${index + 1}`).join(', ')})`, args)
}

function viewer(company: string, person: string): Promise<Record<string, unknown>> {
  return db.inTransactionAs('audit_admin', { 'audit.company_id': company, 'audit.viewer_id': person }, async (client) => {
    const { rows: [row] } = await client.query<Record<string, unknown>>('select * from audit.viewer()')
    return row ?? {}
  })
}
