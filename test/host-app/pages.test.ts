import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startApp, type RunningApp } from './running-app.ts'

const it = suite('The pages of the host application')
let app: RunningApp

it.before(async () => {
  app = await startApp()
})
it.after(() => app.stop())

const idOf = async (query: string, values: readonly unknown[] = []): Promise<string> => String((await app.row(query, values))['id'])
const countOf = async (from: string, values: readonly unknown[] = []): Promise<unknown> =>
  (await app.row(`select count(*)::int as count ${from}`, values))['count']
const customerOf = (company: number): Promise<string> => idOf('select id from app.customer where company_id = $1 order by id limit 1', [company])
const lastEvent = 'select * from audit.event where root_id is null order by id desc limit 1'

it('deletes a CV after a confirmation and leads to the entry with one link', async () => {
  const browser = await app.browser('fredrik')
  const id = await idOf(`select cv.id from app.cv join app."user" u on u.id = user_id where last_name = 'Kowalski' and cv.title = 'Project Manager'`)

  const confirmation = await (await browser.get(`/cvs/${id}/delete`)).text()
  assert.match(confirmation, /Delete <bdi>CV Project Manager \(Jessica Kowalski\)<\/bdi>\?/)
  const deleted = await browser.post(`/cvs/${id}/delete`)
  assert.is(deleted.status, 303)
  assert.is(deleted.headers.get('location'), '/cvs')
  assert.match(await (await browser.get('/cvs')).text(), 'CV Project Manager deleted.</bdi> — <a href="/audit-log">See it in the Audit Log</a>')
  assert.not.match(await (await browser.get('/cvs')).text(), 'CV Project Manager deleted.')

  const event = await app.row(`select e.*, audit.sentence(e) as sentence from audit.event e order by id desc limit 1`)
  const fredrik = await idOf(`select id from app."user" where last_name = 'Isaksson'`)
  const { action, object_id, company_id, actor_id, actor_status, source, db_user, application_name, sentence } = event
  assert.equal(
    { action, object_id, company_id, actor_id, actor_status, source, db_user, application_name, sentence },
    {
      action: 'cv.deleted', object_id: id, company_id: '1', actor_id: fredrik, actor_status: 'asserted', source: 'app',
      db_user: 'consultant_app', application_name: 'konsultboard',
      sentence: 'Fredrik Isaksson: deleted CV Project Manager (Jessica Kowalski)',
    },
  )
  assert.match(String(event['request_id']), /^[0-9a-f-]{36}$/)
})

it('says what goes along before a customer is deleted, and it goes', async () => {
  const browser = await app.browser('fredrik')
  const id = await customerOf(1)
  const contacts = await countOf('from app.contact where customer_id = $1', [id])
  assert.match(await (await browser.get(`/customers/${id}/delete`)).text(), `<li>${contacts} contacts</li>`)
  await browser.post(`/customers/${id}/delete`)
  assert.is(await countOf('from app.contact where customer_id = $1', [id]), 0)
  assert.is(await countOf(`from audit.event where action = 'contact.deleted' and root_id = (${lastEvent.replace('*', 'id')})`), contacts)
})

it('deletes one of each kind', async () => {
  const browser = await app.browser('asa')
  const rows = [
    ['cvs', 'cv', 'select cv.id from app.cv join app."user" u on u.id = user_id where company_id = 1 limit 1'],
    ['contacts', 'contact', 'select contact.id from app.contact join app.customer c on c.id = customer_id where company_id = 1 limit 1'],
    ['roles', 'role', 'select role.id from app.role join app.project p on p.id = project_id where company_id = 1 limit 1'],
    ['projects', 'project', 'select id from app.project where company_id = 1 limit 1'],
    ['customers', 'customer', 'select id from app.customer where company_id = 1 limit 1'],
    ['users', 'user', 'select id from app."user" where company_id = 1 and not is_administrator limit 1'],
  ] as const
  for (const [path, kind, query] of rows) {
    const id = await idOf(query)
    assert.is((await browser.post(`/${path}/${id}/delete`)).status, 303, path)
    const { action, object_id, actor_name } = await app.row(lastEvent)
    assert.equal([action, object_id, actor_name], [`${kind}.deleted`, id, 'Åsa Öberg'])
  }
})

it('neither shows nor deletes what belongs to another company', async () => {
  const browser = await app.browser('fredrik')
  const id = await customerOf(2)
  assert.is((await browser.get(`/customers/${id}/delete`)).status, 404)
  assert.is((await browser.post(`/customers/${id}/delete`)).status, 404)
  assert.is(await countOf('from app.customer where id = $1', [id]), 1)
  assert.not.match(await (await browser.get('/customers')).text(), 'Havsbris')
})

it('lets only administrators delete user profiles', async () => {
  const browser = await app.browser('aino')
  const id = await idOf('select id from app."user" where company_id = 2 order by id desc limit 1')
  assert.is((await browser.post(`/users/${id}/delete`)).status, 403)
  assert.is(await countOf('from app."user" where id = $1', [id]), 1)
  assert.not.match(await (await browser.get('/users')).text(), '/delete"')
})

it('refuses a form that another origin, or nobody knows who, sent', async () => {
  const browser = await app.browser('fredrik')
  const id = await customerOf(1)
  const port = Number(new URL(app.origin).port)
  for (const headers of [{ origin: 'http://evil.example' }, { origin: `http://127.0.0.1:${port + 1}` }, { origin: 'null' }, {}]) {
    assert.is((await browser.post(`/customers/${id}/delete`, {}, headers)).status, 403)
    assert.is((await browser.post('/customers/export', {}, headers)).status, 403)
  }
  assert.is(await countOf('from app.customer where id = $1', [id]), 1)
})

it('sends everybody who is not signed in to the sign-in, with a forged cookie too', async () => {
  const browser = await app.browser()
  const unsigned = 'konsultboard_session=eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIiwicm9sZSI6InBlcnNvbiJ9.'
  const forged = await fetch(`${app.origin}/cvs`, { redirect: 'manual', headers: { cookie: unsigned } })
  const asked = await Promise.all(['/cvs', '/audit-log', '/administration/company', '/admin-tool'].map((path) => browser.get(path)))
  for (const response of [forged, ...asked, await browser.post('/customers/export')]) {
    assert.is(response.status, 303)
    assert.match(String(response.headers.get('location')), /^\/(\?next=audit-log)?$/)
  }
})

it('signs a person out whose profile is deleted, and the entry still has the name [case 45]', async () => {
  const browser = await app.browser('sean')
  const id = await idOf(`select id from app."user" where last_name = 'O''Brien'`)
  await browser.post(`/users/${id}/delete`)
  assert.is((await browser.get('/cvs')).headers.get('location'), '/')
  const { actor_id, actor_name, object_label } = await app.row(lastEvent)
  assert.equal({ actor_id, actor_name, object_label }, { actor_id: id, actor_name: "Seán O'Brien", object_label: "Seán O'Brien" })
})

it('exports exactly what was searched for, formula-safe, and records it', async () => {
  const browser = await app.browser('fredrik')
  await app.row(`insert into app.customer (company_id, name, city) values (1, '=SUM(A1) "Export"; AB', E'two\nlines') returning id`)
  const response = await browser.post('/customers/export', { q: '=sum(a1) "' })
  assert.is(response.status, 200)
  assert.is(response.headers.get('content-disposition'), 'attachment; filename=customers.csv')
  const bytes = new TextDecoder('utf-8', { ignoreBOM: true }).decode(await response.arrayBuffer())
  assert.match(bytes, /^\ufeffId,Name,City,Website\r\n\d+,"'=SUM\(A1\) ""Export""; AB","two\nlines",\r\n$/)
  const { action, source, actor_name, company_id, details } = await app.row(lastEvent)
  assert.equal(
    { action, source, actor_name, company_id, details },
    {
      action: 'customers.exported', source: 'app', actor_name: 'Fredrik Isaksson', company_id: '1',
      details: { row_count: 1, format: 'csv', filter: { query: '=sum(a1) "' } },
    },
  )
})

it('exports projects, customers and contacts of its own company only, and nothing else', async () => {
  const browser = await app.browser('karin')
  const froms = {
    projects: 'from app.project where company_id = 3',
    customers: 'from app.customer where company_id = 3',
    contacts: 'from app.contact join app.customer c on c.id = customer_id where company_id = 3',
  }
  for (const [path, from] of Object.entries(froms)) {
    const lines = (await (await browser.post(`/${path}/export`)).text()).trimEnd().split('\r\n')
    const { action, company_id, details } = await app.row(lastEvent)
    const counted = { row_count: await countOf(from), format: 'csv' }
    assert.is(lines.length - 1, counted.row_count)
    assert.match(await (await browser.get(`/${path}`)).text(), `<small>${counted.row_count}</small>`)
    assert.equal({ action, company_id, details }, { action: `${path}.exported`, company_id: '3', details: counted })
  }
  assert.is((await browser.post('/cvs/export')).status, 404)
})

it('hands out no file and deletes nothing when it cannot be recorded [case 73]', async () => {
  const browser = await app.browser('karin')
  const id = await customerOf(3)
  await app.database.superuser.query('alter function audit.record_export rename to moved; alter function audit.act_as rename to moved_too')
  try {
    const refused = await browser.post('/customers/export')
    assert.is(refused.status, 500)
    const text = await refused.text()
    assert.match(text, /noted as [0-9a-f-]{36}/)
    assert.not.match(text, 'act_as')
    assert.is((await browser.post(`/customers/${id}/delete`)).status, 500)
  } finally {
    await app.database.superuser.query('alter function audit.moved rename to record_export; alter function audit.moved_too rename to act_as')
  }
  assert.is(await countOf('from app.customer where id = $1', [id]), 1)
  assert.is(app.errors.length, 2)
})

it('searches for exactly the characters that were typed', async () => {
  const browser = await app.browser('karin')
  const search = async (q: string): Promise<string> => (await browser.get(`/customers?${new URLSearchParams({ q })}`)).text()
  await app.database.superuser.query(`insert into app.customer (company_id, name) values (3, '50%_off\\ <script>alert("x")</script>'' AB')`)
  assert.match(await search('50%_off\\ <SCRIPT>'), '50%_off\\ &lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&#39; AB')
  for (const nothing of ['%%', '_____', '\\\\', "' or true --", '$1', '\u202e']) assert.match(await search(nothing), 'Nothing matches', nothing)
})

it('refuses what is not right, by name of the field', async () => {
  const browser = await app.browser('karin')
  for (const query of ['q=%00', `q=${'x'.repeat(201)}`, 'q=a&q=b', 'page=0', 'page=x']) {
    assert.is((await browser.get(`/customers?${query}`)).status, 400, query)
  }
  for (const id of ['1e3', '-1', "1'", '9'.repeat(20)]) assert.is((await browser.get(`/customers/${id}/delete`)).status, 400, id)
  assert.match(await (await browser.get('/customers?q=%00')).text(), 'q: must not hold a NUL character')
  assert.is((await browser.get('/customers/%E0%A4%A/delete')).status, 400)
  assert.is((await browser.get('/nowhere')).status, 404)
  assert.is((await browser.get('/static/../app.ts')).status, 404)
})

it('sends its safety headers with every answer', async () => {
  for (const path of ['/', '/nowhere', '/api/customers', '/static/style.css']) {
    const { headers } = await fetch(app.origin + path)
    assert.match(String(headers.get('content-security-policy')), "default-src 'none'")
    assert.match(String(headers.get('content-security-policy')), "form-action 'self' http://audit.example:5050")
    assert.is(headers.get('x-powered-by'), null)
    assert.is(headers.get('x-content-type-options'), 'nosniff')
  }
})

it.run()
