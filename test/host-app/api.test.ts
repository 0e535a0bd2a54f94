import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeApiKey } from '../../host-app/api-key.ts'
import { startApp, type RunningApp } from './running-app.ts'

const it = suite('The HTTP API of the host application')
let app: RunningApp

it.before(async () => {
  app = await startApp()
})
it.after(() => app.stop())

const keyOf = async (email: string): Promise<string> => {
  const { id } = await app.row('select id from app."user" where email = $1', [email])
  return makeApiKey(app.pools.app, String(id))
}
const call = (method: string, path: string, key: string): Promise<Response> =>
  fetch(`${app.origin}/api${path}`, { method, headers: { authorization: `Bearer ${key}` } })
const lastEvent = 'select * from audit.event where root_id is null order by id desc limit 1'

it('deletes in the name of the person whose key it is, and the source is the API', async () => {
  const key = await keyOf('fredrik.isaksson@nordljus.example')
  const { id, name } = await app.row('select id, name from app.customer where company_id = 1 order by id limit 1')
  assert.is((await call('DELETE', `/customers/${id}`, key)).status, 204)
  assert.is((await call('DELETE', `/customers/${id}`, key)).status, 404)
  const { action, object_label, actor_name, source, db_user, company_id } = await app.row(lastEvent)
  assert.equal(
    { action, object_label, actor_name, source, db_user, company_id },
    { action: 'customer.deleted', object_label: name, actor_name: 'Fredrik Isaksson', source: 'api', db_user: 'consultant_api', company_id: '1' },
  )
})

it('lists and exports its own company, and the export is recorded', async () => {
  const key = await keyOf('karin.bergstrom@granit.example')
  const list: unknown = await (await call('GET', '/customers?q=AB', key)).json()
  assert.type(list, 'object')
  const lines = (await (await call('GET', '/contacts/export', key)).text()).trimEnd().split('\r\n')
  const { action, source, company_id, details } = await app.row(lastEvent)
  assert.equal(
    { action, source, company_id, details },
    { action: 'contacts.exported', source: 'api', company_id: '3', details: { row_count: lines.length - 1, format: 'csv' } },
  )
})

it('refuses a missing, a wrong and a deleted person\'s key, and what the person may not do', async () => {
  for (const key of ['', 'kb_wrong', "' or true --"]) {
    const response = await call('GET', '/customers', key)
    assert.is(response.status, 401)
    assert.match(await response.text(), /^\{"error":"Send the header/)
  }
  assert.is((await fetch(`${app.origin}/api/customers`)).status, 401)
  const key = await keyOf('aino.makinen@havsbris.example')
  const other = await app.row('select id from app.customer where company_id = 1 order by id limit 1')
  const colleague = await app.row('select id from app."user" where company_id = 2 order by id desc limit 1')
  assert.is((await call('DELETE', `/customers/${other['id']}`, key)).status, 404)
  assert.is((await call('DELETE', `/users/${colleague['id']}`, key)).status, 403)
  assert.is((await call('DELETE', '/customers/x', key)).status, 400)
  await app.database.superuser.query(`delete from app."user" where email = 'aino.makinen@havsbris.example'`)
  assert.is((await call('GET', '/customers', key)).status, 401)
})

it('makes a key on the page of the company, shows it once and keeps only its hash', async () => {
  const browser = await app.browser('fredrik')
  const page = await (await browser.post('/administration/company/api-keys')).text()
  const key = /kb_[\w-]{32}/.exec(page)?.[0] ?? ''
  assert.is((await call('GET', '/cvs', key)).status, 200)
  assert.not.match(await (await browser.get('/administration/company')).text(), key)
  assert.not.match(JSON.stringify(await app.row('select array_agg(encode(key_hash, $1)) as hashes from app.api_key', ['escape'])), key)
})

it.run()
