import * as assert from 'uvu/assert'
import { serverSuite } from './server-suite.ts'

const it = serverSuite('What an administrator may know about the recording')

it('is what is recorded, since when, how it stands and who may read, and names no table, login or function', async ({ running, database, fredrik }) => {
  const response = await running.fetch(fredrik, '/recording')
  assert.is(response.status, 200)
  const text = await response.clone().text()
  const { kinds, checks, administrators, firstEntryAt } = await response.json()
  assert.equal(kinds.map(({ kind, isRecording }: { kind: string; isRecording: boolean }) => [kind, isRecording]),
    ['contact', 'customer', 'cv', 'project', 'role', 'user'].map((kind) => [kind, true]))
  assert.equal(kinds.filter(({ leftOut }: { leftOut: string[] }) => leftOut.length > 0).map(({ kind, copy, leftOut }: { kind: string; copy: string; leftOut: string[] }) => ({ kind, copy, leftOut })),
    [{ kind: 'user', copy: 'part', leftOut: ['password_hash'] }])
  // How the server keeps up is another test's business.
  assert.equal({ ...checks, operation: '' }, { completeness: 'warning', protection: 'ok', operation: '' })
  assert.ok(['ok', 'warning'].includes(checks.operation), checks.operation)
  const { rows } = await database.superuser.query<{ name: string }>(
    `select first_name || ' ' || last_name as name from app."user" where company_id = $1 and is_administrator order by 1`, [fredrik.companyId])
  assert.equal([...administrators].sort(), rows.map(({ name }) => name).sort())
  const { rows: [first] } = await database.superuser.query(`select min(occurred_at) as at from audit.event where company_id = $1`, [fredrik.companyId])
  assert.is(firstEntryAt === null ? null : new Date(firstEntryAt).getTime(), first.at === null ? null : first.at.getTime())
  assert.not.match(text, /app\.|audit_|consultant_|trigger|api_key/)
})

it('says so when a table is no longer recorded', async ({ running, database, fredrik }) => {
  await database.superuser.query('alter table app.cv disable trigger audit_capture')
  const { kinds, checks } = await (await running.fetch(fredrik, '/recording')).json()
  await database.superuser.query('alter table app.cv enable always trigger audit_capture')
  assert.is(kinds.find(({ kind }: { kind: string }) => kind === 'cv').isRecording, false)
  assert.is(checks.completeness, 'failed')
})

it('names the columns that no copy has, quickly, for whoever reads an entry, and for nobody else', async ({ running, database, fredrik }) => {
  const leftOut = await (await running.fetch(fredrik, '/left-out')).json()
  assert.equal(leftOut, { contact: [], customer: [], cv: [], project: [], role: [], user: ['password_hash'] })
  assert.is((await running.fetch(null, '/left-out')).status, 401)
  const jessica = await running.person('jessica.kowalski@nordljus.example')
  assert.is((await running.fetch(jessica, '/left-out')).status, 403)
  const asJessica = { 'audit.company_id': jessica.companyId, 'audit.viewer_id': jessica.id }
  const answer = await database.inTransactionAs('audit_admin', asJessica, (client) => client.query('select audit.left_out()'))
  assert.equal(answer.rows, [{ left_out: null }], 'the function itself refuses too')
})

it('is only for those who may read the log', async ({ running, database }) => {
  assert.is((await running.fetch(null, '/recording')).status, 401)
  const jessica = await running.person('jessica.kowalski@nordljus.example')
  assert.is((await running.fetch(jessica, '/recording')).status, 403)
  assert.is((await running.fetch(await running.person('karin.bergstrom@granit.example'), '/recording')).status, 403)
  const asJessica = { 'audit.company_id': jessica.companyId, 'audit.viewer_id': jessica.id }
  const answer = await database.inTransactionAs('audit_admin', asJessica, (client) => client.query('select audit.recording() as recording'))
  assert.equal(answer.rows, [{ recording: null }], 'the function itself refuses too')
})

it.run()
