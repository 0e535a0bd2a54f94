import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

const test = suite('Who may read, in SQL')
let db: TestDatabase
const ids = new Map<string, string>()

test.before(async () => {
  db = await makeTestDatabase()
  const { rows } = await db.superuser.query<{ email: string; id: string }>(`select split_part(email, '@', 1) as email, id::text from app."user"`)
  for (const { email, id } of rows) ids.set(email, id)
  await db.superuser.query(`delete from app.customer where id in (select min(id) from app.customer group by company_id)`)
})
test.after(() => db.drop())

/** What a reading request of that person sees, in the table, the view and by the functions. */
function seen(companyId: string | null, person: string | null): Promise<{ access: string; events: number; acts: number; companies: string[] }> {
  const settings = { 'audit.company_id': companyId ?? '', 'audit.viewer_id': person === null ? '' : (ids.get(person) ?? person) }
  return db.inTransactionAs('audit_admin', settings, async (client) => {
    const { rows } = await client.query(`
      select (audit.viewer()).access,
             (select count(*)::int from audit.event) as events,
             (select count(*)::int from audit.act) as acts,
             array(select distinct company_id from audit.event order by 1) as companies`)
    return rows[0]
  })
}

test('an administrator sees the entries of the own company, all of them and no others', async () => {
  const { rows: [own] } = await db.superuser.query(`select count(*)::int as events, count(*) filter (where caused_by is null)::int as acts from audit.event where company_id = '1'`)
  assert.ok(own.events > own.acts)
  assert.equal(await seen('1', 'fredrik.isaksson'), { access: 'granted', ...own, companies: ['1'] })
})

for (const [words, company, person, access] of [
  ['nobody [case 140]', null, null, 'not_signed_in'],
  ['a company without a person', '1', null, 'not_signed_in'],
  ['a person without a company', null, 'fredrik.isaksson', 'not_signed_in'],
  ['somebody who is no administrator [case 155]', '1', 'jessica.kowalski', 'not_administrator'],
  ['an administrator of another company', '1', 'sean.obrien', 'not_administrator'],
  ['somebody who does not exist', '1', '999999', 'not_administrator'],
  ['somebody whose identifier is no number', '1', `1' or true --`, 'not_administrator'],
  ['an administrator of a company without the add-on [case 155]', '3', 'karin.bergstrom', 'add_on_missing'],
  ['an administrator of a company that does not exist', '999', 'fredrik.isaksson', 'company_unknown'],
  ['a company whose identifier is no number', '1 or true', 'fredrik.isaksson', 'company_unknown'],
] as const) {
  test(`${words} sees nothing, and is told why`, async () => {
    assert.equal(await seen(company, person), { access, events: 0, acts: 0, companies: [] })
  })
}

test('recording goes on for a company without the add-on, and its history is there on the day it is bought', async () => {
  await db.superuser.query('update app.company set has_audit_log = true where id = 3')
  const { access, events } = await seen('3', 'karin.bergstrom')
  await db.superuser.query('update app.company set has_audit_log = false where id = 3')
  assert.is(access, 'granted')
  assert.ok(events > 0)
})

test('somebody who is no administrator any more is out at the next request', async () => {
  await db.superuser.query(`update app."user" set is_administrator = false where email like 'fredrik.isaksson@%'`)
  assert.equal(await seen('1', 'fredrik.isaksson'), { access: 'not_administrator', events: 0, acts: 0, companies: [] })
  await db.superuser.query(`update app."user" set is_administrator = true where email like 'fredrik.isaksson@%'`)
})

test('a plan that was made for one company answers right for another one [case 148]', async () => {
  const client = await db.as('audit_server')
  const ask = async (company: string, person: string): Promise<unknown> => {
    await client.query('begin; set local role audit_admin')
    await client.query(`select set_config('audit.company_id', $1, true), set_config('audit.viewer_id', $2, true)`, [company, ids.get(person)])
    const { rows } = await client.query({ name: 'companies', text: 'select array_agg(distinct company_id) as companies from audit.event' })
    await client.query('rollback')
    return rows[0].companies
  }
  for (let round = 0; round < 7; round += 1) {
    assert.equal(await ask('1', 'fredrik.isaksson'), ['1'])
    assert.equal(await ask('2', 'sean.obrien'), ['2'])
  }
})

test('after the transaction the connection has neither role nor company [case 149]', async () => {
  const client = await db.as('audit_server')
  await client.query('begin; set local role audit_admin')
  await client.query(`select set_config('audit.company_id', '1', true), set_config('audit.viewer_id', $1, true)`, [ids.get('fredrik.isaksson')])
  await client.query('commit')
  const { rows } = await client.query(`select current_user::text as role, current_setting('audit.company_id') as company`)
  assert.equal(rows, [{ role: 'audit_server', company: '' }])
})

test('a DBA sees every company', async () => {
  const dba = await db.as('audit_reader')
  const { rows } = await dba.query(`select array(select distinct company_id from audit.event where company_id is not null order by 1) as companies`)
  assert.equal(rows, [{ companies: ['1', '2', '3'] }])
})

test.run()
