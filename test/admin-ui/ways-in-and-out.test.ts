import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openBrowser, type TestBrowser } from '../harness/browser.ts'
import { now, ordinary } from './scenario.ts'
import { startScreenServer, type Scenario, type ScreenServer } from './screen-server.ts'
import { button, heading, log, rows } from './state-suite.ts'

const test = suite('Signing in and out, and the way back to the application')
let browser: TestBrowser
let server: ScreenServer
let page: Page

test.before(async () => {
  server = await startScreenServer(ordinary())
  browser = await openBrowser()
})
test.after(async () => {
  await browser.close()
  await server.close()
})

async function open(address = log, scenario: Partial<Scenario> = {}): Promise<void> {
  server.scenario = { ...ordinary(), ...scenario }
  page = await browser.page({ reducedMotion: 'reduce', viewport: { width: 1280, height: 800 } })
  await page.clock.setFixedTime(now)
  await page.goto(`${server.url}${address}`)
  await rows(page)
}
test.after.each(() => page.context().close())

test('where the browser denies all storage, the log is there all the same', async () => {
  server.scenario = ordinary()
  page = await browser.page({ viewport: { width: 1280, height: 800 } })
  await page.addInitScript(() => {
    for (const name of ['localStorage', 'sessionStorage']) {
      Object.defineProperty(window, name, { configurable: true, get: () => { throw new DOMException('Access is denied for this document.', 'SecurityError') } })
    }
  })
  await page.clock.setFixedTime(now)
  await page.goto(`${server.url}${log}`)
  await rows(page)
  await button(page, 'Use dark colours').click()
  await button(page, 'Use light colours').waitFor()
})

test('who was signed out in mid-work comes back to the same list', async () => {
  await open(`${log}?q=kalkyl`, { pageSize: 4 })
  server.scenario = { ...server.scenario, access: 'not_signed_in', failures: { page: { status: 401, code: 'NOT_SIGNED_IN' } } }
  await button(page, 'Show more').click()
  await heading(page, 'You are not signed in')
  assert.is(await page.locator('p.sentence').count(), 0, 'nothing stays on the screen')
  server.scenario = { ...ordinary(), pageSize: 4 }
  await button(page, 'I have signed in').click()
  await rows(page)
  assert.is(new URL(page.url()).searchParams.toString(), 'q=kalkyl')
})

test('who says to have signed in, and has not, is told so', async () => {
  await open(`${log}?q=kalkyl`, { pageSize: 4 })
  server.scenario = { ...server.scenario, access: 'not_signed_in', failures: { page: { status: 401, code: 'NOT_SIGNED_IN' } } }
  await button(page, 'Show more').click()
  await heading(page, 'You are not signed in here')
  await page.getByText('if you are signed in there, one click is enough').waitFor()
  await button(page, 'I have signed in').click()
  await page.getByText('Still not signed in here.').waitFor()
})

test('who signs out is told so, and that this is the log only', async () => {
  await open()
  await button(page, 'Sign out').click()
  await heading(page, 'You have signed out of the audit log')
  await page.getByText('You may still be signed in to the application.').waitFor()
  server.scenario = ordinary()
  await button(page, 'I have signed in').click()
  await rows(page)
})

const notEnded = { status: 503, code: 'SESSION_NOT_ENDED' }
for (const [failure, said] of [
  ['broken off', 'The server could not be reached.'], [{ status: 429, code: 'TOO_MANY_REQUESTS' }, 'The server is busy.'],
  ['a proxy answers', 'Something went wrong.'], [notEnded, 'This browser is signed out, but whoever has a copy of its session could still use it'],
] as const) {
  test(`who could not be signed out is told so, and sees nothing of the log (${JSON.stringify(failure)})`, async () => {
    await open(log, { failures: { session: failure } })
    const asked: string[] = []
    await button(page, 'Sign out').click()
    await heading(page, 'You are not signed out yet')
    page.on('request', (request) => asked.push(`${request.method()} ${new URL(request.url()).pathname}`))
    await page.getByText(said).waitFor()
    await page.evaluate(() => window.dispatchEvent(new Event('focus')))
    await page.locator('button[lang]').click()
    await heading(page, 'Du är inte utloggad än')
    await page.locator('button[lang]').click()
    await heading(page, 'You are not signed out yet')
    for (const shown of ['p.sentence', 'text=Fredrik Isaksson', 'text=Nordljus Konsult AB']) assert.is(await page.locator(shown).count(), 0, shown)
    assert.equal(asked, [], 'nothing is asked for')
    if (failure === notEnded) return assert.is(await button(page, 'Try again').count(), 0)
    await button(page, 'Try again').click()
    await page.waitForTimeout(300)
    await heading(page, 'You are not signed out yet')
    server.scenario.failures = {}
    await button(page, 'Try again').click()
    await heading(page, 'You have signed out of the audit log')
    server.scenario = ordinary()
    await button(page, 'I have signed in').click()
    await rows(page)
  })
}

test('who signs out without a network is signed out when it is there again', async () => {
  await open()
  await page.context().setOffline(true)
  await button(page, 'Sign out').click()
  await heading(page, 'You are not signed out yet')
  await page.context().setOffline(false)
  await heading(page, 'You have signed out of the audit log')
  assert.is(server.scenario.access, 'not_signed_in')
})

test('no view is said to be saved, or gone, that the server knows nothing of', async () => {
  await open(log, { failures: { save: 'a proxy answers' } })
  await button(page, 'Views').click()
  await page.getByLabel('Name of this view').fill('Portal')
  await button(page, 'Save').click()
  await page.getByText('That did not work. Try again.').waitFor()
  assert.is(await page.getByText('Saved: Portal.').count(), 0)
  server.scenario.failures = { save: { status: 400, code: 'AU008', message: 'audit.save_view: there are too many saved views', detail: 'A person can have 50.' } }
  await button(page, 'Save').click()
  await page.getByText('You have 50 saved views, and cannot have more.').waitFor()
})

test('a menu says that nobody is signed in any more, and shows no zeros [case 219]', async () => {
  await open()
  // As if signed out in another tab: what the server answers then.
  server.scenario = { ...server.scenario, access: 'not_signed_in', facets: { actions: [], sources: [], actors: [], kinds: [], isExact: true } }
  await button(page, 'Source').click()
  await heading(page, 'You are not signed in')
  assert.is(await page.locator('p.sentence').count(), 0)
})

test('logo, path and every page without a way on lead back to the application', async () => {
  const home = 'https://konsultboard.example/administration/company'
  const own = await startScreenServer(ordinary(), { homeUrl: home })
  page = await browser.page()
  await page.goto(`${own.url}${log}`)
  await rows(page)
  for (const name of ['Nordljus Konsult AB', 'Company']) assert.is(await page.getByRole('link', { name, exact: true }).getAttribute('href'), home, name)
  for (const access of ['not_administrator', 'add_on_missing', 'company_unknown'] as const) {
    own.scenario = { ...ordinary(), access }
    await page.reload()
    assert.is(await page.getByRole('link', { name: 'Back to the application' }).getAttribute('href'), home, access)
  }
  assert.is(await page.getByRole('link', { name: 'sales@konsultboard.example' }).getAttribute('href'), 'mailto:sales@konsultboard.example')
  own.scenario = ordinary()
  await page.goto(`${own.url}/company/elsewhere`)
  await heading(page, 'There is no such page')
  assert.is(await page.getByRole('link', { name: 'Back to the application' }).getAttribute('href'), home)
  await own.close()
})

test.run()
