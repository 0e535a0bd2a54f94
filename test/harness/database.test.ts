import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from './database.ts'
import { refused } from './refused.ts'

const it = suite<{ database: TestDatabase }>('A database for a test file', { database: Object.create(null) })
it.before(async (context) => { context.database = await makeTestDatabase() })
it.after(({ database }) => database.drop())

it('is a copy of the template that others do not see', async ({ database }) => {
  const other = await makeTestDatabase()
  try {
    await database.superuser.query('create table public.mine (id int)')
    await refused(other.superuser.query('table public.mine'), '42P01', /"public.mine" does not exist/)
  } finally {
    await other.drop()
  }
})

it('rolls back what is done in a transaction as a role', async ({ database }) => {
  const seen = await database.inTransactionAs('pg_read_all_data', { 'audit.company_id': '7' }, async (client) => {
    const { rows } = await client.query<{ role: string; company: string }>(`select current_user::text as role, current_setting('audit.company_id') as company`)
    return rows
  })
  assert.equal(seen, [{ role: 'pg_read_all_data', company: '7' }])
  await database.inTransactionAs('postgres', {}, (client) => client.query('create table public.gone (id int)'))
  await refused(database.superuser.query('table public.gone'), '42P01')
})

it('tells a refusal from a permission, and one SQLSTATE from another', async ({ database }) => {
  const allowed = await refused(database.superuser.query('select 1'), '42501').catch((error: unknown) => error)
  assert.match(String(allowed), 'It was allowed')
  const other = await refused(database.superuser.query('select 1/0'), '42501').catch((error: unknown) => error)
  assert.match(String(other), 'expected 42501')
})

it.run()
