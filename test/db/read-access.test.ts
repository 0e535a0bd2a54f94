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

for (const [kept, language] of [['sv-SE', 'sv'], ['sv_FI', 'sv'], ['SV', 'sv'], ['en-GB', 'en'], ['', 'en'], [null, 'en']] as const) {
  it(`takes ${kept} for the language ${language}`, async () => {
    await db.superuser.query('delete from own.administrator')
    await db.superuser.query(`insert into own.administrator values (1, 1, 'Eva', $1)`, [kept])
    const locale = await db.inTransactionAs('audit_admin', { 'audit.company_id': '1', 'audit.viewer_id': '1' }, async (client) => (await client.query('select locale from audit.viewer()')).rows[0].locale)
    assert.is(locale, language)
  })
}

it.run()
