import type { Page } from 'playwright-core'
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

test.run()
