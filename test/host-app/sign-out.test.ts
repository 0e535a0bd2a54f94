import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startApp, type Browser, type RunningApp } from './running-app.ts'

const it = suite('Signing out of the host application')
let app: RunningApp

it.before(async () => {
  app = await startApp()
})
it.after(() => app.stop())

const where = (response: Response): [number, string | null] => [response.status, response.headers.get('location')]

/** A browser in which a person has opened the log. */
async function inLog(person: string): Promise<Browser> {
  const browser = await app.browser(person)
  assert.match(await (await browser.get('/audit-log')).text(), 'http://audit.example:5050/session"')
  return browser
}

/** What a page sends by itself to the audit server: where to go on from there. */
async function leadsOn(response: Response): Promise<string | undefined> {
  assert.is(response.status, 200)
  const page = await response.text()
  assert.match(page, '<form method="post" action="http://audit.example:5050/session/end">')
  assert.match(page, '<script src="/static/submit.js" defer></script>')
  assert.is(page.match(/<form /g)?.length, 1)
  return /name="next" value="([^"]+)"/.exec(page)?.[1]
}

it('ends the session in the audit log too, and comes back to the sign-in', async () => {
  const browser = await inLog('fredrik')
  assert.is(await leadsOn(await browser.post('/sign-out')), `${app.origin}/`)
  assert.equal(where(await browser.get('/cvs')), [303, '/'])
})

it('needs no audit log where it was never opened', async () => {
  assert.equal(where(await (await app.browser('fredrik')).post('/sign-out')), [303, '/'])
  assert.equal(where(await (await app.browser('maja')).post('/sign-out')), [303, '/'])
})

it('was forgotten: whoever signs in next does not get the session in the log of the one before', async () => {
  for (const [person, path] of [['asa', '/cvs'], ['sean', '/cvs'], ['maja', '/admin-tool']] as const) {
    const browser = await inLog('fredrik')
    assert.is(await leadsOn(await browser.get(`/demo/sign-in/${person}`)), `${app.origin}${path}`, person)
    assert.is((await browser.get(path)).status, 200, person)
  }
  // On the way into the log the session is replaced there.
  assert.equal(where(await (await inLog('fredrik')).get('/demo/sign-in/asa?next=audit-log')), [303, '/audit-log'])
})

it('was forgotten by the same person, or there is nobody before: they go straight on', async () => {
  assert.equal(where(await (await inLog('fredrik')).get('/demo/sign-in/fredrik')), [303, '/cvs'])
  assert.equal(where(await (await app.browser()).get('/demo/sign-in/fredrik')), [303, '/cvs'])
  const second = await inLog('fredrik')
  await second.get('/demo/sign-in/asa')
  await second.get('/audit-log')
  assert.equal(where(await second.get('/demo/sign-in/asa')), [303, '/cvs'], 'who opened the log last counts')
})

it('is not done by a page of somebody else', async () => {
  const browser = await inLog('fredrik')
  assert.is((await browser.post('/sign-out', {}, { origin: 'https://evil.example' })).status, 403)
  assert.is((await browser.get('/cvs')).status, 200)
})

it.run()
