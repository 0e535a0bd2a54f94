import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openBrowser, type TestBrowser } from '../harness/browser.ts'
import { now, ordinary } from './scenario.ts'
import { startScreenServer, type Scenario, type ScreenServer } from './screen-server.ts'
import { button, heading, log, rows } from './state-suite.ts'

const test = suite('A server that is away, busy or newer')
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

test('a part of the page that the same version of the server does not give is not called a new version', async () => {
  await open()
  await page.route('**/assets/recording-page*', (route) => route.fulfill({ status: 404 }))
  await page.getByRole('link', { name: 'About the recording' }).click()
  await heading(page, 'A part of this page did not load')
  assert.is(await page.getByText('There is a new version of this page').count(), 0)
})

test('while the server is away, its absence is said, and what was wanted comes by itself when it is back', async () => {
  await open()
  const away = () => page.route('**/*', (route) => route.abort())
  await away()
  await button(page, 'Export').click()
  await heading(page, 'The server cannot be reached')
  assert.is(await page.getByText('There is a new version of this page').count(), 0)
  await page.unroute('**/*')
  await page.getByText('What will be in the file').waitFor()
  await button(page, 'Cancel').click()
  await away()
  await page.getByRole('link', { name: 'About the recording' }).click()
  await heading(page, 'The server cannot be reached')
  await page.unroute('**/*')
  await button(page, 'Try again').click()
  await page.getByText('Nobody can change the entries unnoticed.').waitFor()
})

test('a list whose server was away comes by itself when it is back', async () => {
  await open()
  server.scenario = { ...server.scenario, failures: { page: 'broken off' } }
  await page.getByRole('searchbox').fill('Anna')
  await heading(page, 'The server cannot be reached')
  server.scenario = { ...server.scenario, failures: {} }
  await rows(page)
})

test('a list that the server was too busy for comes by itself when it is not [case 219]', async () => {
  await open()
  server.scenario = { ...server.scenario, failures: { page: { status: 503, code: 'DATABASE_UNAVAILABLE' } } }
  await page.getByRole('searchbox').fill('Anna')
  await heading(page, 'The server is busy')
  assert.is(await page.locator('p.sentence').count(), 0)
  server.scenario = { ...server.scenario, failures: {} }
  await rows(page)
})

test('a page that is older than the server says so when a part of it is gone, and when it is looked at again', async () => {
  await open()
  const newer = '<script type="module" src="/assets/index-newer.js"></script>'
  await page.route('**/assets/recording-page*', (route) => route.fulfill({ status: 404 }))
  await page.route(`**${log}`, (route) => route.fulfill({ contentType: 'text/html', body: newer }))
  await page.getByRole('link', { name: 'About the recording' }).click()
  await heading(page, 'There is a new version of this page')
  await page.context().close()
  await open()
  await page.clock.setFixedTime(new Date(now.getTime() + 3_600_000))
  await page.route(`**${log}`, (route) => route.fulfill({ contentType: 'text/html', body: newer }))
  await page.evaluate('document.dispatchEvent(new Event("visibilitychange"))')
  await page.getByText('There is a new version of this page.').waitFor()
})

test.run()
