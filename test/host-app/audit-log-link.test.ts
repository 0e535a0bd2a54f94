import { jwtVerify } from 'jose'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeAuditLogToken } from '../../host-app/audit-log-token.ts'
import { startApp, tokenSettings, type RunningApp } from './running-app.ts'

const it = suite('The way from the host application to the audit log')
let app: RunningApp

it.before(async () => {
  app = await startApp()
})
it.after(() => app.stop())

it('posts a token of five minutes that says who comes, and nothing in an address', async () => {
  const browser = await app.browser('jessica')
  const page = await (await browser.get('/audit-log')).text()
  assert.match(page, '<form method="post" action="http://audit.example:5050/session">')
  assert.match(page, '<script src="/static/submit.js" defer></script>')
  const token = /name="token" value="([^"]+)"/.exec(page)?.[1] ?? ''
  const { issuer, audience, tokenKey } = tokenSettings
  const { payload, protectedHeader } = await jwtVerify(token, new TextEncoder().encode(tokenKey), { issuer, audience, algorithms: ['HS256'] })
  const jessica = await app.row(`select id::text as sub, company_id::text as company from app."user" where last_name = 'Kowalski'`)
  const { sub, company, name, iat, exp } = payload
  assert.equal({ sub, company, name }, { ...jessica, name: 'Jessica Kowalski' })
  assert.is(Number(exp) - Number(iat), 300)
  assert.equal(protectedHeader, { alg: 'HS256', typ: 'JWT' })
})

it('leads through the sign-in to the audit log', async () => {
  const browser = await app.browser()
  assert.is((await browser.get('/audit-log')).headers.get('location'), '/?next=audit-log')
  assert.match(await (await browser.get('/?next=audit-log')).text(), 'href="/demo/sign-in/fredrik?next=audit-log"')
  assert.is((await browser.get('/demo/sign-in/fredrik?next=audit-log')).headers.get('location'), '/audit-log')
  assert.is((await browser.get('/demo/sign-in/fredrik?next=//evil.example')).headers.get('location'), '/cvs')
  assert.is((await browser.get('/demo/sign-in/nobody')).status, 404)
})

it('leads to the history of one thing, through the sign-in too, and hands the place on to the log', async () => {
  const place = '?object=customer/42'
  const stranger = await app.browser()
  const signIn = (await stranger.get(`/audit-log?next=${encodeURIComponent(place)}`)).headers.get('location') ?? ''
  const link = /href="(\/demo\/sign-in\/fredrik[^"]*)"/.exec(await (await stranger.get(signIn)).text())?.[1]?.replaceAll('&amp;', '&') ?? ''
  const log = (await stranger.get(link)).headers.get('location') ?? ''
  assert.is(log, `/audit-log?next=${encodeURIComponent(place)}`)
  const administrator = await app.browser('fredrik')
  assert.match(await (await administrator.get(log)).text(), `<input type="hidden" name="next" value="${place}">`)
  assert.match(await (await administrator.get('/customers')).text(), /href="\/audit-log\?next=%3Fobject%3Dcustomer%2F\d+" aria-label="History of customer /)
  assert.not.match(await (await (await app.browser('jessica')).get('/customers')).text(), 'History of')
})

it('does not take the token for the audit log as a cookie of its own', async () => {
  const browser = await app.browser('fredrik')
  const token = /name="token" value="([^"]+)"/.exec(await (await browser.get('/audit-log')).text())?.[1] ?? ''
  const response = await fetch(`${app.origin}/cvs`, { redirect: 'manual', headers: { cookie: `konsultboard_session=${token}` } })
  assert.is(response.status, 303)
})

it('refuses a secret under 32 bytes [case 160]', () => {
  assert.throws(() => makeAuditLogToken({ ...tokenSettings, tokenKey: 'x'.repeat(31) }), /has 31 bytes/)
})

it.run()
