import { statSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openBrowser, type TestBrowser } from './browser.ts'

const it = suite<{ chrome: TestBrowser }>('The browser of the tests', { chrome: Object.create(null) })
it.before(async (context) => { context.chrome = await openBrowser() })

it('shows a page and saves a picture of it', async ({ chrome }) => {
  const page = await chrome.page()
  await page.setContent('<h1>Åsa</h1>')
  assert.is(await page.textContent('h1'), 'Åsa')
  assert.ok(statSync(await chrome.screenshot(page, 'browser')).size > 1000)
})

it('does not overlook an error on a page', async ({ chrome }) => {
  const page = await chrome.page()
  await page.setContent('<script>setTimeout(() => { throw new Error("lost") })</script>')
  await page.waitForTimeout(200)
  const error = await chrome.close().then(() => null, (reason: unknown) => reason)
  assert.match(String(error), 'lost')
})

it.run()
