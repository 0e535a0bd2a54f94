import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openBrowser, type TestBrowser } from '../harness/browser.ts'
import { entry, now, ordinary, topOf } from './scenario.ts'
import { startScreenServer, type Scenario, type ScreenServer } from './screen-server.ts'
import { button, log, rows } from './state-suite.ts'

const test = suite('The list by keyboard')
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

const focused = () => page.evaluate<string | null>('document.activeElement.getAttribute("data-entry") ?? document.activeElement.getAttribute("aria-label")')

test('by keyboard alone: search, go down the list, open an entry, step through, close, and be back at its row [case 224]', async () => {
  await open()
  await page.keyboard.press('/')
  assert.is(await focused(), 'Search names')
  await page.keyboard.press('Tab')
  const outline = await page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle')
  assert.is(outline, 'solid', 'where the keyboard is can be seen')
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await page.keyboard.press('k')
  assert.is(await focused(), '89999')
  await page.keyboard.press('Enter')
  await page.waitForURL(/audit-log\/89999/)
  await page.getByText('The deleted row').waitFor()
  assert.is(await page.evaluate('document.activeElement.closest("[role=dialog]") !== null'), true, 'the focus is in the drawer')
  await page.keyboard.press('j')
  await page.waitForURL(/audit-log\/89998/)
  await page.keyboard.press('k')
  await page.waitForURL(/audit-log\/89999/)
  await page.keyboard.press('Escape')
  await page.waitForURL(/audit-log$/)
  await page.waitForFunction(() => document.activeElement?.getAttribute('data-entry') === '89999')
})

test('the focus stays near when a filter is dropped, and on the button that changes the language', async () => {
  await open(`${log}?source=app&source=api&period=90d`)
  await page.getByRole('button', { name: 'Remove filter: Source: App' }).click()
  await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Remove filter: Source: API')
  await page.getByRole('button', { name: /^Remove filter: Period/ }).click()
  await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Remove filter: Source: API')
  await button(page, 'Reset filters').click()
  await page.waitForFunction(() => document.activeElement?.textContent === 'Action type')
  await button(page, 'Svenska').click()
  await page.waitForFunction(() => document.activeElement?.textContent === 'English')
})

test('"?" shows what can be done by keyboard, but not in the search', async () => {
  await open()
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'By keyboard' }).getByText('Opens the entry').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.keyboard.press('/')
  await page.keyboard.press('?')
  assert.is(await page.getByRole('searchbox').inputValue(), '?')
  assert.is(await page.getByRole('dialog').count(), 0)
})

test('at the last row "j" loads more, and after a reload the list is where it was', async () => {
  await open(log, { pageSize: 20 })
  await page.locator('[data-entry]').last().focus()
  await page.keyboard.press('j')
  await page.waitForFunction(() => document.querySelectorAll('p.sentence').length === 40)
  await page.locator('[data-entry]').nth(35).focus()
  await page.evaluate('window.scrollTo(0, 900)')
  await page.waitForTimeout(300)
  await page.reload()
  await page.waitForFunction(() => document.querySelectorAll('p.sentence').length === 40)
  await page.waitForFunction(() => Math.abs(window.scrollY - 900) < 5)
})

test('in an entry the last loaded row is not the end: "j" loads more and goes on, also with Caps Lock', async () => {
  await open(log, { pageSize: 20 })
  await page.locator('[data-entry]').last().click()
  await page.waitForURL(/audit-log\/89981$/)
  await page.getByText('The deleted row').waitFor()
  assert.is(await button(page, 'Older entry').isDisabled(), false)
  server.scenario.failures = { page: { status: 500, code: 'INTERNAL' } }
  await page.keyboard.press('J')
  await page.getByRole('dialog').getByText('More entries could not be loaded.').waitFor()
  server.scenario.failures = {}
  await page.keyboard.press('J')
  await page.waitForURL(/audit-log\/89980$/)
  await page.keyboard.press('K')
  await page.waitForURL(/audit-log\/89981$/)
})

test('what the keyboard comes to is not hidden below the day', async () => {
  await open()
  await page.locator('[data-entry]').nth(40).focus()
  const hidden: number[] = []
  for (let at = 39; at > 0; at -= 1) {
    await page.keyboard.press('k')
    if (await page.evaluate<boolean>('document.activeElement.getBoundingClientRect().top < document.querySelector(".day").getBoundingClientRect().bottom')) hidden.push(at)
  }
  assert.equal(hidden, [])
})

test('an entry that is not in the list gives the focus back to where it was, or to the title of the page', async () => {
  const top = entry(1)
  const inside = entry(1, undefined, { id: '50011', rootId: top.id, root: topOf(top), causedBy: top.id, wentAlong: null })
  await open(`${log}/50011`, { events: [...ordinary().events, inside] })
  await page.getByText('The deleted row').waitFor()
  await page.keyboard.press('Escape')
  await page.waitForFunction(() => document.activeElement?.tagName === 'H1')
  await button(page, /and with it/).first().click()
  const link = page.locator('.tree a', { hasText: 'Anna Ek' })
  await link.focus()
  await page.keyboard.press('Enter')
  await page.waitForURL(/audit-log\/50010$/)
  await page.getByText('The deleted row').waitFor()
  await page.keyboard.press('Escape')
  await page.waitForFunction(() => document.activeElement?.textContent?.includes('Anna Ek') && document.activeElement.tagName === 'A')
})

test('the keys that work by themselves can be switched off, which stays so [WCAG 2.1.4]', async () => {
  await open()
  await page.keyboard.press('?')
  await page.getByRole('switch', { name: 'Use the keys / J K and ?' }).click()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.reload()
  await rows(page)
  for (const key of ['j', '/', '?']) await page.keyboard.press(key)
  assert.is(await page.evaluate('document.activeElement.tagName'), 'BODY')
  assert.is(await page.getByRole('dialog').count(), 0)
  await page.locator('[data-entry]').first().click()
  await page.getByText('The deleted row').waitFor()
  assert.is(await button(page, 'Older entry').getAttribute('title'), 'Older entry')
  await page.keyboard.press('j')
  await page.waitForTimeout(200)
  assert.match(page.url(), /audit-log\/90000$/)
  await page.keyboard.press('Escape')
  await button(page, 'By keyboard').click()
  await page.getByRole('switch', { name: 'Use the keys / J K and ?' }).click()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.keyboard.press('/')
  assert.is(await focused(), 'Search names')
})

test.run()
