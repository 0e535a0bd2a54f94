import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startApp, type RunningApp } from './running-app.ts'

const it = suite('The admin tool and the nightly job of the host application')
let app: RunningApp

it.before(async () => {
  app = await startApp()
})
it.after(() => app.stop())

const lastEvent = 'select * from audit.event where root_id is null order by id desc limit 1'

it('deletes for support staff, with the person on whose behalf and the reason', async () => {
  const browser = await app.browser('maja')
  const customer = await app.row('select id, name from app.customer where company_id = 2 order by id limit 1')
  const sean = await app.row(`select id from app."user" where email = 'sean.obrien@havsbris.example'`)
  const fields = { company: '2', reason: 'Ticket 4711', on_behalf_of: String(sean['id']) }
  assert.match(await (await browser.get(`/admin-tool/customers/${customer['id']}/delete?company=2`)).text(), 'Seán O&#39;Brien')
  assert.is((await browser.post(`/admin-tool/customers/${customer['id']}/delete`, fields)).status, 303)
  const { action, object_label, actor_id, actor_name, on_behalf_of, reason, source, company_id, db_user } = await app.row(lastEvent)
  assert.equal(
    { action, object_label, actor_id, actor_name, on_behalf_of, reason, source, company_id, db_user },
    {
      action: 'customer.deleted', object_label: customer['name'], actor_id: 'staff-7', actor_name: 'Maja Lind', on_behalf_of: "Seán O'Brien",
      reason: 'Ticket 4711', source: 'admin', company_id: '2', db_user: 'consultant_admin_tool',
    },
  )
})

it('works across companies, and deletes nothing without a reason or for a stranger', async () => {
  const browser = await app.browser('maja')
  assert.match(await (await browser.get('/admin-tool?company=3&q=karin')).text(), 'Karin Bergström')
  const { id } = await app.row('select id from app."user" where company_id = 1 order by id desc limit 1')
  for (const fields of [{ company: '1', reason: ' ' }, { company: '1' }, { reason: 'x' }, { company: '1', reason: 'x', on_behalf_of: String(id) }]) {
    assert.is((await browser.post(`/admin-tool/users/${id}/delete`, fields)).status, 400)
  }
  assert.is((await browser.post(`/admin-tool/users/${id}/delete`, { company: '2', reason: 'x' })).status, 404)
  assert.is((await browser.get('/admin-tool?company=9')).status, 404)
  assert.ok(await app.row('select from app."user" where id = $1', [id]))
})

it('is closed to the people of a company, and the pages are closed to support staff', async () => {
  const administrator = await app.browser('fredrik')
  const { id } = await app.row('select id from app."user" where company_id = 1 order by id desc limit 1')
  assert.is((await administrator.get('/admin-tool')).headers.get('location'), '/')
  assert.is((await administrator.post(`/admin-tool/users/${id}/delete`, { company: '1', reason: 'x' })).headers.get('location'), '/')
  assert.ok(await app.row('select from app."user" where id = $1', [id]))
  const staff = await app.browser('maja')
  assert.is((await staff.get('/customers')).headers.get('location'), '/')
  assert.is((await staff.get('/audit-log')).headers.get('location'), '/?next=audit-log')
})

it('runs the job that deletes stale CVs of all companies, and the source is System', async () => {
  const browser = await app.browser('maja')
  const { stale } = await app.row(`select count(*)::int as stale from app.cv where updated_at < now() - interval '3 years'`)
  assert.ok(Number(stale) > 1)
  await browser.post('/admin-tool/jobs/stale-cvs')
  assert.match(await (await browser.get('/admin-tool')).text(), `The nightly job deleted ${stale} CVs.`)
  const events = await app.row(`
    select count(*)::int as count, count(distinct company_id)::int > 1 as "ofSeveral", array_agg(distinct actor_name) as actors, array_agg(distinct db_user) as logins
    from audit.event where source = 'system' and action = 'cv.deleted'`)
  assert.equal(events, { count: stale, ofSeveral: true, actors: ['Nightly job'], logins: ['consultant_job'] })
})

it.run()
