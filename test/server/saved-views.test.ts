import * as assert from 'uvu/assert'
import { z } from 'zod'
import { refused } from '../harness/refused.ts'
import type { Person, RunningServer } from './running-server.ts'
import { serverSuite } from './server-suite.ts'

const it = serverSuite('Saved views')

const listed = z.object({ views: z.array(z.object({ name: z.string(), query: z.string(), savedAt: z.iso.datetime() })) })
const put = (running: RunningServer, as: Person | null, name: string, body: unknown, headers: Record<string, string> = {}) =>
  running.fetch(as, `/views/${encodeURIComponent(name)}`, { method: 'PUT', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) })
const remove = (running: RunningServer, as: Person | null, name: string) => running.fetch(as, `/views/${encodeURIComponent(name)}`, { method: 'DELETE' })
const list = async (running: RunningServer, as: Person) => listed.parse(await (await running.fetch(as, '/views')).json()).views.map(({ name, query }) => [name, query])

it('are kept under their name, replaced by it, and taken away by it', async ({ running, fredrik }) => {
  assert.is((await put(running, fredrik, 'Åsas raderingar / vecka 47', { query: 'actor=7&period=7d' })).status, 204)
  assert.is((await put(running, fredrik, ' Exports ', { query: 'action=customers.exported' })).status, 204)
  assert.equal((await list(running, fredrik)).sort(), [['Exports', 'action=customers.exported'], ['Åsas raderingar / vecka 47', 'actor=7&period=7d']].sort())
  assert.is((await put(running, fredrik, 'Exports', { query: 'source=app' })).status, 204)
  assert.is((await remove(running, fredrik, 'Åsas raderingar / vecka 47')).status, 204)
  assert.equal(await list(running, fredrik), [['Exports', 'source=app']])
  assert.is((await remove(running, fredrik, 'Exports')).status, 204)
  assert.is((await remove(running, fredrik, 'Exports')).status, 204, 'what is gone can go again')
  assert.equal(await list(running, fredrik), [])
})

it('belong to one person of one company: nobody else sees, changes or takes them away', async ({ running, database, fredrik }) => {
  const sean = await running.person('sean.obrien@havsbris.example')
  await put(running, fredrik, 'mine', { query: 'source=app' })
  assert.equal(await list(running, sean), [])
  await database.superuser.query(`insert into audit.saved_view (company_id, viewer_id, name, query) values ($1, $2, 'of the same person elsewhere', '')`, [fredrik.companyId, sean.id])
  assert.equal(await list(running, sean), [])
  await put(running, sean, 'mine', { query: 'source=sql' })
  await remove(running, sean, 'mine')
  assert.equal(await list(running, fredrik), [['mine', 'source=app']])
})

it('are under row-level security even for a statement that names somebody else', async ({ running, database, fredrik }) => {
  await put(running, fredrik, 'mine', { query: 'source=app' })
  const sean = await running.person('sean.obrien@havsbris.example')
  const settings = { 'audit.company_id': sean.companyId, 'audit.viewer_id': sean.id }
  const seen = await database.inTransactionAs('audit_admin', settings, async (client) => {
    await client.query(`update audit.saved_view set query = 'stolen'`)
    await client.query('delete from audit.saved_view')
    return (await client.query('select 1 from audit.saved_view')).rowCount
  })
  assert.is(seen, 0)
  assert.equal(await list(running, fredrik), [['mine', 'source=app']])
  await refused(database.inTransactionAs('audit_admin', settings, (client) =>
    client.query('insert into audit.saved_view (company_id, viewer_id, name, query) values ($1, $2, $3, $4)', [fredrik.companyId, fredrik.id, 'planted', ''])), '42501', /row-level security/)
})

it('are only for those who may read the log', async ({ running }) => {
  const strangers: Array<[Person | null, number]> = [
    [null, 401], [await running.person('jessica.kowalski@nordljus.example'), 403], [await running.person('karin.bergstrom@granit.example'), 403],
  ]
  for (const [person, status] of strangers) {
    assert.is((await running.fetch(person, '/views')).status, status)
    assert.is((await put(running, person, 'x', { query: '' })).status, status)
    assert.is((await remove(running, person, 'x')).status, status)
  }
})

it('are at most fifty, and saving over one is still possible then', async ({ running, fredrik }) => {
  const sender = { ...fredrik }
  for (let number = 0; number < 50; number += 1) await put(running, sender, `view ${number}`, { query: '' })
  const before = (await list(running, sender)).length
  const answer = await put(running, sender, 'one too many', { query: '' })
  assert.is(answer.status, 400)
  assert.match(await answer.text(), /AU008.*too many saved views/)
  assert.is((await list(running, sender)).length, before)
  assert.is((await put(running, sender, 'view 3', { query: 'source=app' })).status, 204)
})

it('are refused when they cannot be kept as they are: name, size, type, and pages of other sites', async ({ running, fredrik }) => {
  for (const name of [' .. ', ' . ']) {
    const answer = await put(running, fredrik, name, { query: '' })
    assert.is(answer.status, 400, name)
    assert.match(await answer.text(), /made of dots between slashes/, name)
  }
  assert.is((await put(running, fredrik, ' ', { query: '' })).status, 400)
  assert.is((await put(running, fredrik, 'x'.repeat(101), { query: '' })).status, 400)
  assert.is((await put(running, fredrik, 'a\u0007', { query: '' })).status, 400)
  assert.is((await put(running, fredrik, 'x', { query: 'x'.repeat(4_001) })).status, 400)
  assert.is((await put(running, fredrik, 'x', { query: '', companyId: '2' })).status, 400)
  assert.is((await put(running, fredrik, 'x', { query: '' }, { 'content-type': 'text/plain' })).status, 415)
  assert.is((await put(running, fredrik, 'x', { query: '' }, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' })).status, 403)
  assert.is((await running.fetch(fredrik, '/views', { method: 'POST' })).status, 405)
})

it.run()
