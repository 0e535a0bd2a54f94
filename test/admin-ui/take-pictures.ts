import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { openBrowser } from '../harness/browser.ts'
import { csvFile } from './exported-file.ts'
import { now, ordinary } from './scenario.ts'
import { startScreenServer } from './screen-server.ts'
import { button, log, rows } from './state-suite.ts'

/*
 * npm run screenshots: takes pictures of every screen into docs/pictures/, from an invented company on an invented day, so
 * that they are the same every time. Those that README and docs show are small WebP files and committed; the PNG files
 * beside them are for looking at.
 */

type Picture = {
  readonly name: string
  readonly options: BrowserContextOptions
  readonly address?: string
  readonly reach: (page: Page) => Promise<unknown>
  /** README or a page of docs shows it. */
  readonly isShown?: true
}

const folder = fileURLToPath(new URL('../../docs/pictures/', import.meta.url))
const laptop = { viewport: { width: 1280, height: 800 } }
const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 }
const list = async (page: Page) => {
  await rows(page)
  await page.locator('section svg rect').first().waitFor({ state: 'attached' })
}

const pictures: readonly Picture[] = [
  { name: 'list', options: laptop, reach: list, isShown: true },
  { name: 'list-dark', options: { ...laptop, colorScheme: 'dark' }, reach: list },
  { name: 'list-phone', options: phone, reach: list },
  { name: 'search', options: laptop, address: `${log}?q=kalkyl`, reach: list },
  { name: 'act', options: laptop, reach: async (page) => { await list(page); await button(page, /and with it/).first().click(); await page.locator('.tree').getByText('Anna Ek').waitFor() } },
  { name: 'entry', options: laptop, address: `${log}/89999`, reach: (page) => page.getByRole('dialog').getByText('Anna Ek').waitFor(), isShown: true },
  { name: 'entry-phone', options: phone, address: `${log}/89999`, reach: (page) => page.getByRole('dialog').getByText('Anna Ek').waitFor() },
  { name: 'export', options: laptop, reach: async (page) => { await list(page); await button(page, 'Export').click(); await page.getByText('1,284 entries').last().waitFor() } },
  { name: 'receipt', options: laptop, reach: async (page) => { await list(page); await button(page, 'Export').click(); await page.getByRole('radio', { name: 'CSV with commas' }).check(); await button(page, 'Download').click(); await page.getByText('The file is saved').waitFor() }, isShown: true },
  { name: 'recording', options: laptop, address: `${log}/recording`, reach: (page) => page.getByText('Zoë Lind').waitFor() },
]

/** The page as WebP, sharp and small. */
async function asWebp(page: Page): Promise<Buffer> {
  const chrome = await page.context().newCDPSession(page)
  const { data } = await chrome.send('Page.captureScreenshot', { format: 'webp', quality: 60 })
  return Buffer.from(data, 'base64')
}

mkdirSync(folder, { recursive: true })
const server = await startScreenServer({ ...ordinary(), file: csvFile('"id","sentence"\n', 1284) })
const browser = await openBrowser()
for (const { name, options, address = log, reach, isShown } of pictures) {
  const page = await browser.page({ reducedMotion: 'reduce', deviceScaleFactor: 2, ...options })
  await page.clock.setFixedTime(now)
  await page.goto(`${server.url}${address}`)
  await reach(page)
  await page.waitForTimeout(400)
  await page.screenshot({ path: `${folder}${name}.png` })
  if (isShown) writeFileSync(`${folder}${name}.webp`, await asWebp(page))
  await page.context().close()
  console.log(`docs/pictures/${name}.${isShown ? 'webp' : 'png'}`)
}
await browser.close()
await server.close()
