import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { openBrowser } from '../harness/browser.ts'
import { now, ordinary } from './scenario.ts'
import { startScreenServer } from './screen-server.ts'
import { button, log, rows } from './state-suite.ts'

/*
 * npm run screenshots: takes the pictures for README and docs into docs/pictures/, from an invented company on an
 * invented day, so that they are the same every time.
 */

type Picture = {
  readonly name: string
  readonly options: BrowserContextOptions
  readonly address?: string
  readonly reach: (page: Page) => Promise<unknown>
}

const folder = fileURLToPath(new URL('../../docs/pictures/', import.meta.url))
const laptop = { viewport: { width: 1280, height: 800 } }
const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 }
const list = async (page: Page) => {
  await rows(page)
  await page.locator('section svg rect').first().waitFor({ state: 'attached' })
}

const pictures: readonly Picture[] = [
  { name: 'list', options: laptop, reach: list },
  { name: 'list-dark', options: { ...laptop, colorScheme: 'dark' }, reach: list },
  { name: 'list-phone', options: phone, reach: list },
  { name: 'search', options: laptop, address: `${log}?q=kalkyl`, reach: list },
  { name: 'act', options: laptop, reach: async (page) => { await list(page); await button(page, /and with it/).first().click(); await page.locator('.tree').getByText('Anna Ek').waitFor() } },
  { name: 'entry', options: laptop, address: `${log}/89999`, reach: (page) => page.getByRole('dialog').getByText('Anna Ek').waitFor() },
  { name: 'entry-phone', options: phone, address: `${log}/89999`, reach: (page) => page.getByRole('dialog').getByText('Anna Ek').waitFor() },
  { name: 'export', options: laptop, reach: async (page) => { await list(page); await button(page, 'Export').click(); await page.getByText('1,284 entries').last().waitFor() } },
  { name: 'receipt', options: laptop, reach: async (page) => { await list(page); await button(page, 'Export').click(); await button(page, 'Download').click(); await page.getByText('The file is saved').waitFor() } },
  { name: 'recording', options: laptop, address: `${log}/recording`, reach: (page) => page.getByText('Zoë Lind').waitFor() },
]

mkdirSync(folder, { recursive: true })
const server = await startScreenServer(ordinary())
const browser = await openBrowser()
for (const { name, options, address = log, reach } of pictures) {
  const page = await browser.page({ reducedMotion: 'reduce', ...options })
  await page.clock.setFixedTime(now)
  await page.goto(`${server.url}${address}`)
  await reach(page)
  await page.waitForTimeout(400)
  await page.screenshot({ path: `${folder}${name}.png` })
  await page.context().close()
  console.log(`docs/pictures/${name}.png`)
}
await browser.close()
await server.close()
