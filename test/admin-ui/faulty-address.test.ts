import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openBrowser, type TestBrowser } from '../harness/browser.ts'
import { now, ordinary } from './scenario.ts'
import { startScreenServer, type Scenario, type ScreenServer } from './screen-server.ts'
import { button, heading, log, rows } from './state-suite.ts'

const test = suite('The page at a faulty address')
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
test.after.each(() => page.context().close())

async function open(address: string, scenario: Partial<Scenario> = {}): Promise<void> {
  server.scenario = { ...ordinary(), ...scenario }
  server.asked.length = 0
  page = await browser.page({ reducedMotion: 'reduce', viewport: { width: 1280, height: 800 } })
  await page.clock.setFixedTime(now)
  await page.goto(`${server.url}${address}`)
}

test('shows nothing, offers no file and no question, and saves no view; a reset leads out', async () => {
  await open(`${log}?actorId=99&q=a&q=b&order=asc&utm_source=mail`)
  await heading(page, 'This filter is not valid')
  await page.getByText('Here actorId=99 is written actor=99.').waitFor()
  assert.is(await page.locator('p.sentence').count(), 0)
  assert.equal(server.asked, [])
  assert.is(await button(page, 'Export').isDisabled(), true)
  await button(page, 'Action type').click()
  await page.getByRole('checkbox', { name: 'Delete user CV' }).waitFor()
  await page.waitForTimeout(500)
  assert.is(await page.getByRole('dialog').getByText('612').count(), 0, 'no number of another question')
  await page.keyboard.press('Escape')
  await button(page, 'Copy this list').click()
  assert.equal(await page.getByRole('menuitem').allInnerTexts(), ['Link'])
  await page.keyboard.press('Escape')
  await button(page, 'Views').click()
  await page.getByLabel('Name of this view').fill('Vy')
  assert.is(await button(page, 'Save').isDisabled(), true)
  await page.getByText('The filter of this page is not valid and cannot be saved.').waitFor()
  await page.keyboard.press('Escape')
  await button(page, 'Reset filters').last().click()
  await rows(page)
  assert.is(new URL(page.url()).search, '?utm_source=mail')
})

test('a saved view that is not understood says so instead of showing everything', async () => {
  await open(log, { views: [{ name: 'Åsas', query: 'actorId=99#x', savedAt: '2026-11-20T08:00:00Z' }] })
  await rows(page)
  const asked = server.asked.length
  await button(page, 'Views').click()
  await page.getByRole('link', { name: 'Åsas' }).click()
  await page.getByText('Here actorId=99#x is written actor=99#x.').waitFor()
  assert.is(await page.locator('p.sentence').count(), 0)
  assert.is(server.asked.length, asked)
})

test('one thing takes the place of a kind that was chosen before', async () => {
  await open(`${log}?kind=cv`)
  await rows(page)
  await button(page, /^More/).click()
  await page.getByRole('textbox', { name: 'One thing' }).fill('Customer 81')
  await button(page, 'Apply').click()
  await page.waitForURL(/object=customer/)
  assert.is(new URL(page.url()).search, '?object=customer%2F81')
  assert.equal(await page.locator('[data-chip]').allInnerTexts(), ['Object: Customer 81'])
})

test.run()
