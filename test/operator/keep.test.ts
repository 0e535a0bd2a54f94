import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { audit, json } from './audit.ts'

const it = suite('npm run audit -- keep')
let db: TestDatabase

it.before(async () => { db = await makeTestDatabase() })
it.after(() => db.drop())

it('keeps everything with --once, as the login of the server, and says how many', async () => {
  const { rows: [{ n }] } = await db.superuser.query('select count(*)::int as n from audit.event')
  const first = audit(['keep', '--once', '--batch', '5', '--json'], db.url('audit_server'))
  assert.equal(json(first), { kept: n })
  assert.match(first.stderr, /5 entries kept/)
  assert.is(first.status, 0)
  assert.is(audit(['keep', '--once'], db.url('postgres')).stdout, '0 entries kept. Everything is kept.\n')
})

it('counts one entry as one', async () => {
  await db.superuser.query(`delete from app.cv where id = (select min(id) from app.cv)`)
  const { stdout, stderr } = audit(['keep', '--once', '--batch', '1'], db.url('postgres'))
  assert.match(stdout, /^1 entry kept in \d+\.\d s, \d+\.\d\d ms\. Everything is kept\.\n$/)
  assert.match(stderr, /^1 entry kept$/m)
})

it('refuses a batch that is no number, and a login that may not', async () => {
  assert.match(audit(['keep', '--once', '--batch', 'many'], db.url('audit_server')).stderr, /--batch is many/)
  const refused = audit(['keep', '--once'], db.url('audit_reader'))
  assert.is(refused.status, 1)
  assert.match(refused.stdout, /permission denied to set role "audit_keeper"/)
})

it.run()
