import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openBrowser, type TestBrowser } from '../harness/browser.ts'
import { entry, exportEnd, now, ordinary, topOf } from './scenario.ts'
import { startScreenServer, type Scenario, type ScreenServer } from './screen-server.ts'
import { log, rows } from './state-suite.ts'

const test = suite('What lines and entries say')
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
  page = await browser.page({ reducedMotion: 'reduce', viewport: { width: 1280, height: 800 }, permissions: ['clipboard-read', 'clipboard-write'] })
  await page.clock.setFixedTime(now)
  await page.goto(`${server.url}${address}`)
  await rows(page)
}
test.after.each(() => page.context().close())

test('a line says for whom and why, what took it along, and in the same line how an export ended', async () => {
  const customer = entry(1)
  const role = entry(5, undefined, { rootId: customer.id, root: topOf(customer), wentAlong: null })
  const foreign = entry(7, undefined, { rootId: '7', root: null, wentAlong: null })
  const reasoned = entry(4, undefined, { onBehalfOf: 'Ängla Ström', reason: 'GDPR, ärende 17' })
  await open(log, { events: [exportEnd(3), entry(3), reasoned, customer] })
  const lines = page.locator('li.entry')
  assert.equal(await lines.locator('p.sentence').allInnerTexts(), [
    'مريم الحسيني: exported customers (2,450 rows) · was completed', reasoned.sentence, customer.sentence,
  ])
  await lines.nth(1).getByText('On behalf of: Ängla Ström').waitFor()
  await lines.nth(1).getByText('Reason: GDPR, ärende 17').waitFor()
  await page.goto(`${server.url}${log}?entries=each`)
  await page.locator('p.sentence').nth(3).waitFor()
  assert.match(await lines.first().innerText(), /the export of customers was completed/)
  // Its top is not in the list, or belongs to another company.
  server.scenario.events = [role, foreign]
  await page.goto(`${server.url}${log}?q=deleted`)
  await lines.nth(0).getByText('went along with customer Kalkyl & Bygg i Umeå AB').waitFor()
  await lines.nth(1).getByText('went along with something else').waitFor()
  // Its arrow stands at the first of its lines, and what stands side by side is read and copied as words of their own.
  await page.setViewportSize({ width: 320, height: 800 })
  const along = page.locator('.along').first()
  const [whole, arrow] = [await along.boundingBox(), await along.locator('svg').boundingBox()]
  assert.ok(whole !== null && arrow !== null && whole.height > 40 && arrow.y - whole.y < 8, JSON.stringify([whole, arrow]))
  assert.is(await page.locator('.day').first().textContent(), 'Today Monday, 23 November 2026')
  assert.match(await lines.first().locator('time').textContent() ?? '', /^\d+ min ago \d\d:\d\d$/)
})

test('however long the name of a person is, what they did is read', async () => {
  const name = 'Projektledare för mycket långa namn som aldrig tar slut '.repeat(8)
  await open(log, { events: [entry(1, undefined, { sentenceParts: [{ part: 'actor', text: name }, { part: 'text', text: ': deleted CV ' }, { part: 'object', text: 'Analyst' }] })] })
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 800 })
    const [line, object] = [await page.locator('p.sentence').boundingBox(), await page.getByText('Analyst', { exact: true }).boundingBox()]
    assert.ok(line !== null && object !== null && object.y + object.height <= line.y + line.height, `at ${width}`)
  }
})

test('that something was copied moves nothing', async () => {
  await open(`${log}/89999`)
  await page.getByText('The deleted row').waitFor()
  const place = async () => JSON.stringify(await page.getByText('The deleted row').boundingBox())
  const before = await place()
  const copy = page.locator('button', { hasText: 'Copy the row' })
  const width = (await copy.boundingBox())?.width
  await copy.click()
  await page.getByText('Copied').waitFor()
  assert.is((await copy.boundingBox())?.width, width)
  assert.is(await place(), before)
})

test('the tab says which page and entry it shows', async () => {
  await open()
  assert.is(await page.title(), 'Audit Log')
  await page.locator('[data-entry="89998"]').click()
  await page.waitForFunction(() => document.title === 'Entry 89998 · Audit Log')
  await page.goto(`${server.url}${log}/recording`)
  await page.waitForFunction(() => document.title === 'About the recording · Audit Log')
})

test('a number in the search leads to the entry of that number', async () => {
  await open(`${log}?source=app`)
  await page.getByRole('searchbox').fill('89998')
  await page.getByRole('link', { name: 'Open entry 89998' }).click()
  await page.waitForURL(/audit-log\/89998\?/)
  await page.getByRole('dialog').getByText('The deleted row').waitFor()
})

test('an entry is printed alone, as ink on paper by night too', async () => {
  await open(`${log}/89999`)
  await page.getByText('The deleted row').waitFor()
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
  assert.is(await page.locator('#root').isVisible(), false)
  assert.is(await page.getByText('Technical details').isVisible(), true)
  assert.is(await page.locator('button', { hasText: 'Copy the row' }).isVisible(), false)
  assert.is(await page.getByText('Technical details').evaluate((node) => getComputedStyle(node).color), 'rgb(0, 0, 0)')
})

test('a person in the address is named, though no line names them', async () => {
  await open(log, { facets: { ...ordinary().facets, actors: [] } })
  await page.route('**/graphql', async (route) => {
    const asked = route.request().postData() ?? ''
    if (!asked.includes('events(') || /"first":1\b/.test(asked)) return route.continue()
    return route.fulfill({ json: { data: { viewer: { access: 'granted' }, events: { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } } } } })
  })
  await page.goto(`${server.url}${log}?actor=0`)
  await page.getByRole('button', { name: /^Remove filter: Person: Fredrik Isaksson$/ }).first().waitFor()
})

test.run()
