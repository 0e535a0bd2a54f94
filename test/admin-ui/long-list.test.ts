import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openBrowser, type TestBrowser } from '../harness/browser.ts'
import { entry, now, ordinary } from './scenario.ts'
import { startScreenServer, type ScreenServer } from './screen-server.ts'
import { log, rows } from './state-suite.ts'

const test = suite('A list of a thousand entries')
const many = 1_000
let browser: TestBrowser
let server: ScreenServer
let page: Page

test.before(async () => {
  server = await startScreenServer({ ...ordinary(many), pageSize: 500 })
  browser = await openBrowser()
  await fresh()
  await page.goto(`${server.url}${log}`)
  await rows(page)
  await page.getByRole('button', { name: 'Show more' }).click()
  await shows(many)
})
test.after(async () => {
  await browser.close()
  await server.close()
})

async function fresh(): Promise<void> {
  page = await browser.page({ reducedMotion: 'reduce', viewport: { width: 1280, height: 800 } })
  await page.clock.setFixedTime(now)
}

const shows = (count: number) => page.waitForFunction((wanted) => document.querySelectorAll('p.sentence').length === wanted, count)
/** Notes from now on which rows are changed. */
const watch = () => page.evaluate(() => {
  const touched = new Set<Element>()
  Reflect.set(window, 'touched', touched)
  new MutationObserver((changes) => {
    for (const { target } of changes) {
      const row = target.parentElement?.closest('li.entry, ol') ?? null
      if (target instanceof Element && target.matches('li.entry')) touched.add(target)
      else if (row !== null) touched.add(row)
    }
  }).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true })
})
const touched = () => page.evaluate<number>('window.touched.size')

test('keys in the search touch no row before there is an answer, and an opened entry no other row [case 218]', async () => {
  server.scenario.failures = { page: 'silence', count: 'silence', histogram: 'silence' }
  await watch()
  await page.getByRole('searchbox').pressSequentially('ka')
  await page.waitForURL(/q=ka/)
  assert.is(await touched(), 0)
  await page.getByRole('searchbox').fill('')
  await page.waitForURL((url) => !url.searchParams.has('q'))
  assert.is(await touched(), 0, 'the answer that was known stands as it was')
  await page.locator('[data-entry]').nth(3).click()
  await page.getByRole('dialog').waitFor()
  assert.is(await touched(), 1)
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
})

test('a row is at most 25 elements, none of them with a style sheet entry of its own', async () => {
  const elements = await page.evaluate<number>('document.querySelectorAll("li.entry *").length')
  assert.ok(elements <= 25 * many, `${elements} elements`)
  assert.is(await page.evaluate(`document.querySelectorAll('li.entry [class*="css-"], li.entry [class*="Mui"]').length`), 0)
})

test('all of it is there for whoever looks for a word or listens, though what is out of sight is not drawn', async () => {
  assert.is(await page.locator('li.entry').first().evaluate((row) => getComputedStyle(row).contentVisibility), 'auto')
  assert.is(await page.getByRole('button', { name: 'Details' }).count(), many)
  assert.is(await page.locator('p.sentence').last().textContent(), entry(many - 1).sentence)
})

test('how many there are is always said, also when only the first are shown, and that there are more [case 220]', async () => {
  await fresh()
  server.scenario = { ...ordinary(60), count: { count: 10_000, isExact: false } }
  await page.goto(`${server.url}${log}`)
  await shows(50)
  await page.getByText('More than 10,000 entries').waitFor()
  await page.getByRole('button', { name: 'Show more' }).waitFor()
  assert.is(await page.getByText('That is all.').count(), 0)
})

test('two tabs and a sent link show the same, and "back" and "forward" what was there [case 223]', async () => {
  await fresh()
  server.scenario = ordinary(60)
  const lines = (of: Page) => of.locator('p.sentence').allTextContents()
  await page.goto(`${server.url}${log}`)
  await shows(50)
  const all = await lines(page)
  await page.getByRole('searchbox').fill('kalkyl')
  await page.waitForURL(/q=kalkyl/)
  await page.waitForFunction(() => [...document.querySelectorAll('p.sentence')].every((line) => /kalkyl/i.test(line.textContent ?? '')))
  const narrowed = await lines(page)
  const second = await page.context().newPage()
  await second.clock.setFixedTime(now)
  await second.goto(page.url())
  await rows(second)
  assert.equal(await lines(second), narrowed)
  await second.close()
  await page.goBack()
  await shows(50)
  assert.equal(await lines(page), all)
  await page.goForward()
  await shows(narrowed.length)
  assert.equal(await lines(page), narrowed)
  await page.reload()
  await rows(page)
  assert.equal(await lines(page), narrowed)
})

test.run()
