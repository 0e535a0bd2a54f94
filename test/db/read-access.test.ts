import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { refused } from '../harness/refused.ts'

const it = suite('Reading that the application\'s own tables allow')
const installer = `installer_${process.pid}`
let db: TestDatabase

it.before(async () => {
  db = await makeTestDatabase()
  await db.superuser.query(`
    create role ${installer} login in role audit_installer;
    create schema own authorization ${installer};
    set role ${installer};
    create table own.administrator (company_id int, user_id int, name text, locale text);
    create table own.company (company_id int, name text, has_audit_log boolean, time_zone text, contact text);
    create table own.half (company_id int, name text);
    create table own.yes_or_no (company_id int, name text, has_audit_log text, time_zone text, contact text);
    create table own.numeric_company (company_id numeric, name text, has_audit_log boolean, time_zone text, contact text);
    create domain own.day as date;
    create table own.dated_administrator (company_id int, user_id own.day, name text, locale text);
    reset role;
    create table own.administrator_of_another (like own.administrator);
    create table own.company_of_another (like own.company)`)
})
it.after(async () => {
  await db.superuser.query(`drop schema own cascade; drop owned by ${installer}; drop role ${installer}`)
  await db.drop()
})

const viewer = () => db.inTransactionAs('audit_admin', { 'audit.company_id': '1', 'audit.viewer_id': '1' }, async (client) => (await client.query('select company_name from audit.viewer()')).rows[0].company_name)

async function asInstaller(use: () => Promise<unknown>): Promise<void> {
  await db.superuser.query(`set session authorization ${installer}`)
  try {
    await use()
  } finally {
    await db.superuser.query('reset session authorization')
  }
}

/** Expects a refusal to the installer; who may read stays as it was. */
async function refusedToInstaller(statement: string, code: string, message: RegExp): Promise<void> {
  const before = await viewer()
  await asInstaller(() => refused(db.superuser.query(statement), code, message))
  assert.is(await viewer(), before)
}

for (const [what, statement, message] of [
  ['no table', `select audit.read_access_from(null, 'own.company')`, /administrators is null/],
  ['a table that lacks a column', `select audit.read_access_from('own.administrator', 'own.half')`, /own\.half has no column has_audit_log/],
  ['an add-on that is not true or false', `select audit.read_access_from('own.administrator', 'own.yes_or_no')`, /has_audit_log of own\.yes_or_no is not boolean/],
  ['a company that is no whole number', `select audit.read_access_from('own.administrator', 'own.numeric_company')`, /company_id of own\.numeric_company is neither a whole number nor a uuid nor a text/],
  ['a person that is no number, uuid or text', `select audit.read_access_from('own.dated_administrator', 'own.company')`, /user_id of own\.dated_administrator is neither/],
  ['a table that goes with the session', `create temp table if not exists passing (company_id int, user_id int, name text, locale text); select audit.read_access_from('pg_temp.passing', 'own.company')`, /passing is no lasting table or view/],
  ['the administrators of another owner', `select audit.read_access_from('own.administrator_of_another', 'own.company')`, /belongs to another role/],
  ['the companies of another owner', `select audit.read_access_from('own.administrator', 'own.company_of_another')`, /belongs to another role/],
] as const) {
  it(`refuses ${what} with AU005 and changes nothing`, () => refusedToInstaller(statement, 'AU005', message))
}

it('cannot be given over tables of others behind its back', async () => {
  await refusedToInstaller(`select audit_private.write_access('own.administrator_of_another', 'own.company')`, 'AU002', /belongs to another role/)
  await refusedToInstaller(`select audit_private.write_access('own.administrator', 'own.company_of_another')`, 'AU002', /belongs to another role/)
})

it('follows the tables of their owner from the next request on', async () => {
  await asInstaller(() => db.superuser.query(`
    insert into own.company values (1, 'Own company', true, 'UTC', null);
    select audit.read_access_from('own.administrator', 'own.company')`))
  assert.is(await viewer(), 'Own company')
})

it('knows a company by what its entries have, and by no other spelling of it, which would show an empty log', async () => {
  await asInstaller(() => db.superuser.query(`
    create table own.manager (company_id uuid, user_id text, name text, locale text);
    create table own.firm (company_id uuid, name text, has_audit_log boolean, time_zone text, contact text);
    insert into own.firm values ('5b6ef9ae-9e5c-4a2f-8a0c-1b2c3d4e5f60', 'Firm', true, 'UTC', null);
    insert into own.manager values ('5b6ef9ae-9e5c-4a2f-8a0c-1b2c3d4e5f60', '1', 'Eva', 'en')`))
  const access = (company: string) => db.inTransactionAs('audit_admin', { 'audit.company_id': company, 'audit.viewer_id': '1' }, async (client) => (await client.query('select audit.viewer_access() as access')).rows[0].access)
  await db.superuser.query('delete from own.administrator')
  await db.superuser.query(`insert into own.administrator values (1, 1, 'Eva', 'en')`)
  assert.is(await access('1'), 'granted')
  for (const spelled of ['01', '001', '-1', '1 ', ' 1', '+1', '１', '1.0', '1e0']) assert.is(await access(spelled), 'company_unknown', spelled)
  await asInstaller(() => db.superuser.query(`select audit.read_access_from('own.manager', 'own.firm')`))
  assert.is(await access('5b6ef9ae-9e5c-4a2f-8a0c-1b2c3d4e5f60'), 'granted')
  assert.is(await access('5B6EF9AE-9E5C-4A2F-8A0C-1B2C3D4E5F60'), 'company_unknown')
  assert.is(await access('{5b6ef9ae-9e5c-4a2f-8a0c-1b2c3d4e5f60}'), 'company_unknown')
  await asInstaller(() => db.superuser.query(`select audit.read_access_from('own.administrator', 'own.company')`))
})

for (const [kept, language] of [['sv-SE', 'sv'], ['sv_FI', 'sv'], ['SV', 'sv'], ['en-GB', 'en'], ['', 'en'], [null, 'en']] as const) {
  it(`takes ${kept} for the language ${language}`, async () => {
    await db.superuser.query('delete from own.administrator')
    await db.superuser.query(`insert into own.administrator values (1, 1, 'Eva', $1)`, [kept])
    const locale = await db.inTransactionAs('audit_admin', { 'audit.company_id': '1', 'audit.viewer_id': '1' }, async (client) => (await client.query('select locale from audit.viewer()')).rows[0].locale)
    assert.is(locale, language)
  })
}

it('is found wanting by audit.health where it cannot be asked, and where the zone of a company is unknown', async () => {
  const other = await makeTestDatabase()
  try {
    const readers = async () => (await other.superuser.query<{ status: string; finding: string | null }>(`select status, finding from audit.health where check_name = 'readers'`)).rows[0]
    assert.is((await readers())?.status, 'ok')
    for (const zone of ['Mars/Base', 'Europe/Stockholm ', '', 'posix/Europe/Stockholm']) {
      await other.superuser.query('update app.company set time_zone = $1 where id = 1', [zone])
      assert.equal(await readers(), { status: 'warning', finding: `Company 1 has the time zone '${zone}', which PostgreSQL does not know by that name: its days begin at midnight UTC.` })
    }
    await other.superuser.query(`update app.company set time_zone = 'Europe/Stockholm'`)
    assert.is((await readers())?.status, 'ok')
    for (const [statement, reason] of [
      ['alter view app.company_access rename column has_audit_log to bought', 'column c.has_audit_log does not exist'],
      ['revoke all on app.company_access from audit_agent, public', 'permission denied for view company_access'],
      ['create or replace view app.company_access as select id as company_id, name, 1 / (id - id) > 0 as has_audit_log, time_zone, audit_log_contact as contact from app.company', 'division by zero'],
      ['drop view app.company_access', 'relation "app.company_access" does not exist'],
    ] as const) {
      await other.superuser.query('begin')
      await other.superuser.query(statement)
      const { status, finding } = await readers() ?? { status: '', finding: '' }
      await other.superuser.query('rollback')
      assert.is(status, 'failed', statement)
      assert.match(finding ?? '', new RegExp(`^Nobody can read the log: .*app\\.company_access, which say who may, cannot be asked: .*${reason}`), statement)
    }
    assert.is((await readers())?.status, 'ok')
  } finally {
    await other.drop()
  }
})

it.run()
