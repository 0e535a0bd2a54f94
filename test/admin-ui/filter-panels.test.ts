import type { Locator, Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openBrowser, type TestBrowser } from '../harness/browser.ts'
import { now, ordinary } from './scenario.ts'
import { startScreenServer, type Scenario, type ScreenServer } from './screen-server.ts'
import { button, log, rows } from './state-suite.ts'

const test = suite('The panels of the filters')
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

test('every panel ends within the window, also where its choices come after it opened, and covers no button', async () => {
  await open()
  await page.route('**/graphql', async (route) => {
    if (route.request().postData()?.includes('eventFacets')) await new Promise((resolve) => setTimeout(resolve, 250))
    await route.continue()
  })
  for (const [width, height] of [[1366, 768], [683, 384], [390, 664]] as const) {
    await page.setViewportSize({ width, height })
    for (const name of ['Action type', 'Source', 'Period', 'More']) {
      await page.reload()
      await rows(page)
      await button(page, name).click()
      const panel = page.getByRole('dialog', { name })
      await panel.waitFor()
      await page.waitForTimeout(500)
      const [paper, own] = [await panel.boundingBox(), await page.locator('button', { hasText: name }).first().boundingBox()]
      assert.ok(paper !== null && paper.y + paper.height <= height, `${name} ends in the window of ${width} × ${height}`)
      assert.ok(own === null || paper.y >= own.y + own.height, `${name} leaves its button free at ${width} × ${height}`)
    }
    await page.getByRole('textbox', { name: 'One thing' }).fill('customer/42')
    await button(page, 'Apply').click()
    await page.waitForURL(/object=customer%2F42/)
    await button(page, 'Reset filters').first().click()
  }
})

test('a day that there is not, or only in part, is refused at its field, and the period stays', async () => {
  await open(`${log}?from=2026-11-01`)
  await button(page, 'Period').click()
  const panel = page.getByRole('dialog', { name: 'Period' })
  const [first, last] = [panel.getByLabel('First day'), panel.getByLabel('Last day')]
  const refused = panel.getByText('There is no such day, or part of it is missing.')
  await first.click({ position: { x: 14, y: 16 } })
  await page.keyboard.type('02312026')
  assert.is(await first.inputValue(), '', 'the browser gives no value for it')
  await button(page, 'Apply').click()
  await refused.waitFor()
  assert.is(await page.evaluate('document.activeElement.type'), 'date', 'the field has the focus')
  assert.is(await first.getAttribute('aria-invalid'), 'true')
  assert.is(new URL(page.url()).search, '?from=2026-11-01')
  await first.fill('2026-11-02')
  await refused.waitFor({ state: 'detached' })
  await last.click({ position: { x: 14, y: 16 } })
  await page.keyboard.type('0512')
  await button(page, 'Apply').click()
  await refused.waitFor()
  await last.fill('')
  await button(page, 'Apply').click()
  await page.waitForURL(/\?from=2026-11-02$/)
})

const hundred = Array.from({ length: 100 }, (_, at) => ({ value: String(at), label: at < 2 ? 'Anna Ek' : `Konsult ${at}`, count: 500 - at, isExact: true }))

test('a person who is not among the hundred most active is looked for in the log; two of one name are told apart', async () => {
  await open(log, { facets: { ...ordinary().facets, actors: hundred } })
  await button(page, 'More').click()
  await page.getByText('and 94 more of the 100 most active: type a name').waitFor()
  await page.getByRole('textbox', { name: 'Find a person' }).fill('Kalkyl')
  await page.getByText('Nobody of that name among the 100 most active people.').waitFor()
  await button(page, 'Search the log for “Kalkyl”').click()
  await page.waitForURL(/\?q=Kalkyl$/)
  await rows(page)
  await page.goto(`${server.url}${log}`)
  await rows(page)
  await button(page, 'More').click()
  await button(page, 'Anna Ek (1) 499').click()
  await page.waitForURL(/actor=1$/)
  await page.getByRole('button', { name: /Person: .* \(1\)$|Person: Åsa Öberg$/ }).waitFor()
})

test('in colours of the system, buttons have an edge, the chosen period a frame, and the chart a key', async () => {
  await open(`${log}?period=7d`)
  await page.emulateMedia({ forcedColors: 'active' })
  const style = (of: Locator, name: string) => of.evaluate((node, property) => getComputedStyle(node).getPropertyValue(property), name)
  assert.is(await style(button(page, 'Export'), 'border-top-style'), 'solid')
  const square = await page.locator('.key.deletions').evaluate((node) => getComputedStyle(node, '::before').backgroundColor)
  assert.is(square, 'rgb(208, 125, 118)')
  await button(page, 'Period').click()
  const chosen = page.getByRole('button', { name: /^Last 7 days/ })
  assert.equal([await style(chosen, 'outline-style'), await style(page.getByRole('button', { name: /^Last 30 days/ }), 'outline-style')], ['solid', 'none'])
})

test('a link says its zone by name: an older one that left it to the reader is written anew', async () => {
  await open(`${log}?zone=browser`)
  await page.waitForFunction(() => location.search === '')
  await page.context().close()
  server.scenario = { ...ordinary(), viewer: { ...ordinary().viewer, timeZone: 'Asia/Tokyo' } }
  page = await browser.page({ viewport: { width: 1280, height: 800 } })
  await page.clock.setFixedTime(now)
  await page.goto(`${server.url}${log}?zone=browser&q=kalkyl`)
  await page.waitForURL(/\?zone=Europe%2FStockholm&q=kalkyl$|\?q=kalkyl&zone=Europe%2FStockholm$/)
  await page.goto(`${server.url}${log}?zone=Australia%2FSydney`)
  await rows(page)
  await button(page, 'Australia/Sydney').click()
  await page.getByRole('menuitem', { name: 'This link’s: Australia/Sydney' }).waitFor()
  await page.getByRole('menuitem', { name: 'This device’s: Europe/Stockholm' }).click()
  await page.waitForURL(/\?zone=Europe%2FStockholm$/)
})

test.run()
