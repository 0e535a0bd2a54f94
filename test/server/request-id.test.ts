import * as assert from 'uvu/assert'
import { serverSuite } from './server-suite.ts'

const it = serverSuite('The id of a request')
const json = { 'content-type': 'application/json' }

it('that a proxy gave goes through the log into the entry that the request makes', async ({ running, fredrik, database }) => {
  const exported = await running.fetch(fredrik, '/export/events.csv', { headers: { 'x-request-id': 'proxy-1.export' } })
  await exported.text()
  await running.fetch(fredrik, '/exports', { method: 'POST', headers: { ...json, 'x-request-id': 'proxy-2.report' }, body: '{"kind":"customers","rowCount":1}' })
  const { rows } = await database.superuser.query<{ action: string; request_id: string }>(`select action, request_id from audit.event where request_id like 'proxy-%' order by id`)
  assert.equal([...new Set(rows.map(({ action }) => action))].sort(), ['audit.export_ended', 'audit.exported', 'customers.exported'])
  assert.match(rows.find(({ action }) => action === 'customers.exported')?.request_id ?? '', /^proxy-2\.report:[0-9a-f-]{36}$/, 'a report that names no request repeats none')
  for (const id of ['proxy-1.export', 'proxy-2.report']) assert.ok(running.log().split('\n').some((line) => line.includes(`"id":"${id}"`)), id)
})

it('that the host application names in its report goes before that of the proxy', async ({ running, fredrik, database }) => {
  await running.fetch(fredrik, '/exports', { method: 'POST', headers: { ...json, 'x-request-id': 'proxy-3' }, body: '{"kind":"contacts","rowCount":1,"requestId":"app-3"}' })
  const { rows } = await database.superuser.query(`select action from audit.event where request_id = 'app-3'`)
  assert.equal(rows, [{ action: 'contacts.exported' }])
})

it('is a new one where the given one could do harm, and stands in the error answer', async ({ running }) => {
  for (const given of ['with space', 'x'.repeat(101), '{"json":1}']) {
    const { error } = await (await running.fetch(null, '/nowhere', { headers: { 'x-request-id': given } })).json()
    assert.match(error.id, /^[0-9a-f-]{36}$/, given)
  }
  const { error } = await (await running.fetch(null, '/nowhere', { headers: { 'x-request-id': 'proxy-4' } })).json()
  assert.is(error.id, 'proxy-4')
})

it('stands in the log with a path that holds no name of a saved view', async ({ running, fredrik }) => {
  const names = ['Zakarias%20Hemlig', 'a/Zakarias', '%5aakarias', 'x%2FZakarias%ff']
  for (const name of names) {
    for (const path of [`/views/${name}`, `/VIEWS/${name}`, `/views/${name}?q=Zakarias`]) {
      for (const method of ['PUT', 'DELETE']) await running.fetch(fredrik, path, { method, headers: json, ...(method === 'PUT' && { body: '{"query":""}' }) })
    }
  }
  assert.not.match(running.log(), /akarias/)
  assert.match(running.log(), '"path":"/views/…"')
})

it.run()
