import type pg from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { migrate } from '../../db/migrate.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

const test = suite('Changes of the log\'s own settings')
const secret = 'canary of a secret, longer than 32 bytes'
let db: TestDatabase
let since = '0'

test.before(async () => { db = await makeTestDatabase() })
test.before.each(async () => { since = (await db.superuser.query('select coalesce(max(id), 0)::text as id from audit.event')).rows[0].id })
test.after(() => db.drop())

const entries = async (client: pg.Client = db.superuser): Promise<unknown[]> =>
  (await client.query(`select action, company_id, object_kind, object_id, object_label, details, audit.sentence(e) as said from audit.event e where id > $1 order by id`, [since])).rows

test('a signing key that is added or dropped is an entry for DBAs, without the key', async () => {
  await db.superuser.query(`select audit.add_token_key('k1', $1, 'konsultboard', 'audit-log')`, [secret])
  await db.superuser.query(`select audit.drop_token_key('k1'), audit.drop_token_key('k9')`)
  const key = { company_id: null, object_kind: 'token_key', object_id: 'k1', object_label: 'k1' }
  assert.equal(await entries(), [
    { action: 'token_key.added', ...key, details: { issuer: 'konsultboard', audience: 'audit-log' }, said: 'Database login postgres: added the signing key k1' },
    { action: 'token_key.dropped', ...key, details: null, said: 'Database login postgres: dropped the signing key k1' },
  ])
  const { rows: [found] } = await db.superuser.query(`select count(*)::int as n from audit.event e where e::text like '%canary of a secret%' or e::text like '%' || encode(sha256($1::bytea), 'hex') || '%'`, [secret])
  assert.is(found.n, 0)
})

test('a login that is bound to a source, to another one, and to none is an entry each; the same again is none', async () => {
  await db.superuser.query(`select audit.bind_source('audit_reader', 'api'), audit.bind_source('audit_reader', 'API'), audit.bind_source('audit_reader', 'system'), audit.bind_source('audit_reader', null), audit.bind_source('audit_reader', null)`)
  const login = { company_id: null, object_kind: 'login', object_id: 'audit_reader', object_label: 'audit_reader' }
  assert.equal(await entries(), [
    { action: 'login.bound', ...login, details: { source: 'api' }, said: 'Database login postgres: bound the database login audit_reader to one source' },
    { action: 'login.bound', ...login, details: { source: 'system' }, said: 'Database login postgres: bound the database login audit_reader to one source' },
    { action: 'login.unbound', ...login, details: null, said: 'Database login postgres: let the database login audit_reader name its source itself' },
  ])
})

test('who may read is an entry: for DBAs if the application says so, for its administrators if the company is known', async () => {
  await db.superuser.query(`
    create table public.administrators (company_id text, user_id text, name text, locale text); create table public.companies (company_id text, name text, has_audit_log boolean, time_zone text, contact text);
    insert into public.companies values ('1', 'One', true, 'UTC', null); insert into public.administrators values ('1', 'eva', 'Eva Ek', 'en');
    select audit.read_access_from('public.administrators', 'public.companies'); select audit.read_access_from('public.administrators', 'public.companies')`)
  assert.equal(await entries(), [{
    action: 'access.read_from', company_id: null, object_kind: 'access', object_id: null, object_label: 'public.administrators, public.companies',
    details: { administrators: 'public.administrators', companies: 'public.companies', before: { administrators: 'app.company_administrator', companies: 'app.company_access' } },
    said: 'Database login postgres: let public.administrators, public.companies say who may read the audit log',
  }])
})

test('a person who may read, and may no longer, is an entry that the company\'s administrators see', async () => {
  const empty = await makeTestDatabase('empty')
  try {
    await migrate({ connectionString: empty.url('postgres'), includeCurrent: true })
    await empty.superuser.query(`
      select audit.grant_administrator('1', '7', 'Åsa Öberg', 'Nordkonsult'); select audit.grant_administrator('1', '7', 'Åsa Öberg', locale => 'sv');
      select audit.grant_administrator('1', '8', 'Bo Ek'); select audit.revoke_administrator('1', '8')`)
    const seen = await empty.inTransactionAs('audit_admin', { 'audit.company_id': '1', 'audit.viewer_id': '7' }, async (client) =>
      (await client.query(`select action, object_id, audit.sentence(e) as en, audit.sentence(e, 'sv') as sv from audit.event e order by id`)).rows)
    assert.equal(seen, [
      { action: 'access.granted', object_id: '7', en: 'Database login postgres: let Åsa Öberg read the audit log', sv: 'Databasinloggning postgres: gav Åsa Öberg rätt att läsa granskningsloggen' },
      { action: 'access.granted', object_id: '8', en: 'Database login postgres: let Bo Ek read the audit log', sv: 'Databasinloggning postgres: gav Bo Ek rätt att läsa granskningsloggen' },
      { action: 'access.revoked', object_id: '8', en: 'Database login postgres: took the right to read the audit log from Bo Ek', sv: 'Databasinloggning postgres: tog ifrån Bo Ek rätten att läsa granskningsloggen' },
    ])
  } finally {
    await empty.drop()
  }
})

test('carries the person and the reason that the transaction has named', async () => {
  await db.superuser.query(`begin; select audit.act_as('17', 'Fredrik Isaksson', 'admin', reason => 'ticket 4711'); select audit.bind_source('audit_reader', 'api'); commit`)
  const { rows } = await db.superuser.query('select actor_name, actor_status, source, reason from audit.event where id > $1', [since])
  assert.equal(rows, [{ actor_name: 'Fredrik Isaksson', actor_status: 'asserted', source: 'admin', reason: 'ticket 4711' }])
})

test.run()
