import * as assert from 'uvu/assert'
import { tellings } from './health-told.ts'

const { it, ask, told, tried, database } = tellings('Tables that are gone, and exports without a company')

const gone = 'alter event trigger audit_record_drops disable; drop table app.cv'
told('a table that is gone is told as gone', { does: gone, undo: 'delete from audit_private.tracked where not exists (select from pg_class where oid = target)', check: 'tables', status: 'failed', finding: /^Table \d+ of kind cv is gone, but was not untracked\.$/ })
tried('a table that is gone is told once, not for each of its columns', async (client) => {
  await client.query(gone)
  assert.equal(await ask('columns'), { status: 'ok', finding: '', what_to_do: 'Nothing.' })
})

for (const [how, does] of [
  ['takes the place of a tracked one', 'begin; alter table app.cv rename to cv_old; create table app.cv (like app.cv_old including all); commit'],
  ['is made again under the name of one that was dropped', 'create table app.memo (id int primary key); select audit.track(\'app.memo\', \'memo\', \'{id}\'); drop table app.memo; create table app.memo (id int primary key)'],
] as const) {
  const [name, kind] = how.startsWith('takes') ? ['app.cv', 'cv'] : ['app.memo', 'memo']
  told(`a table that ${how} is told: its deletions are not recorded [case 84]`, {
    does: does.replaceAll(/begin; |; commit/g, ''), undo: how.startsWith('takes') ? 'drop table app.cv; alter table app.cv_old rename to cv' : `select audit.track('app.memo', 'memo', '{id}')`,
    check: 'untracked', status: 'warning', finding: new RegExp(`${name} has the name of a table that was tracked as ${kind} \\(entry \\d+\\), and is not tracked itself: what is deleted from it is not recorded\\.`),
  })
}

it('exports without a company are told, while tables name theirs', async () => {
  const app = await database().as('consultant_app')
  await app.query(`begin; select audit.act_as('7'); select audit.record_export('customers', 3); select audit.record_export('contacts', 3, company_id => '1'); commit`)
  const { status, finding } = await ask('companies')
  assert.is(status, 'warning')
  assert.is(finding, '1 of the 1 latest entries customers.exported have no company: no administrator sees them, while app.customer names its own. Say it: audit.record_export(..., company_id => ...), or audit.act_as(..., company_id => ...).')
  // As of an application that knows no companies, beside one that does.
  const { superuser } = database()
  await superuser.query('begin')
  try {
    await superuser.query(`select audit.track('app.customer', 'customer', '{name}')`)
    assert.not.match((await ask('companies')).finding, /exported/)
  } finally {
    await superuser.query('rollback')
  }
})

it('says nothing that a client in LATIN1 cannot show', async () => {
  const client = await database().as('postgres')
  await client.query(`set client_encoding = 'LATIN1'`)
  await database().superuser.query('alter table app.cv disable trigger audit_capture')
  try {
    const { rows } = await client.query('select * from audit.health')
    assert.ok(rows.length > 15)
    const { rows: [all] } = await database().superuser.query<{ code: string }>(`select string_agg(pg_get_functiondef(p.oid), '') as code from pg_proc p where p.oid in ('audit_private.health_rows()'::regprocedure) or p.pronamespace = 'audit_private'::regnamespace and p.proname ~ '_findings$'`)
    assert.equal([...(all?.code ?? '').matchAll(/[^\x00-\x7F]/g)].map(([sign]) => sign), [])
  } finally {
    await database().superuser.query('alter table app.cv enable always trigger audit_capture')
  }
})

it.run()
