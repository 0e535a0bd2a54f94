import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

const it = suite('A table that is attached without a company')
let db: TestDatabase

it.before(async () => {
  db = await makeTestDatabase()
})
it.after(() => db.drop())

/** What PostgreSQL said beside the answer. */
async function warnings(statements: string): Promise<(string | undefined)[][]> {
  const client = await db.as('postgres')
  const said: (string | undefined)[][] = []
  client.on('notice', ({ severity, message, hint }) => said.push([severity, message, hint]))
  await client.query(statements)
  return said
}
const finding = async (): Promise<unknown> => (await db.superuser.query(`select status, finding from audit.health where check_name = 'companies'`)).rows[0]

it('is warned of, and named by audit.health, beside others that name theirs; not once it has one', async () => {
  await db.superuser.query('create table public.note (id int primary key, firm int, name text)')
  assert.equal(await warnings(`select audit.track('public.note', 'note', '{name}')`), [[
    'WARNING', `audit.track: public.note was given no company: its entries will stand under company 'default'`,
    'Call audit.track again with company => the column, or the path, that leads to it. If its rows belong to no company, all is well.',
  ]])
  assert.match(JSON.stringify(await finding()), /"warning".*public\.note was tracked without a company/)
  assert.equal(await warnings(`select audit.track('public.note', 'note', '{name}', company => 'firm')`), [])
  assert.equal(await finding(), { status: 'ok', finding: null })
})

it('is as it should be in a database of one company', async () => {
  await db.superuser.query(`select audit.untrack(t.target) from audit_private.tracked t`)
  assert.equal(await warnings(`select audit.track('public.note', 'note', '{name}'), audit.track('app.cv', 'cv', '{title}')`), [])
  assert.equal(await finding(), { status: 'ok', finding: null })
})

it.run()
