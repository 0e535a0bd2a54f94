import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { findChromium } from './chromium.ts'

/** A browser for one test file. */
export type TestBrowser = {
  browser: Browser
  /** Opens a page with cookies of its own; an error that nobody caught in it fails `close`. */
  page: (options?: BrowserContextOptions) => Promise<Page>
  /** Saves what a page shows as test/.artifacts/<name>.png and returns the path. */
  screenshot: (page: Page, name: string) => Promise<string>
  /** Closes the browser; throws if a page had an error that nobody caught. */
  close: () => Promise<void>
}

const artifacts = fileURLToPath(new URL('../.artifacts/', import.meta.url))
const flags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
]

/** Starts the browser that npm installed, or the one that CHROMIUM_PATH names. */
export async function openBrowser(): Promise<TestBrowser> {
  const { executablePath, environment } = findChromium()
  const browser = await chromium.launch({ executablePath, args: flags, headless: true, env: { ...process.env, ...environment } })
  const errors: Error[] = []
  return {
    browser,
    page: async (options) => {
      const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Stockholm', ...options })
      const page = await context.newPage()
      page.setDefaultTimeout(15_000)
      page.on('pageerror', (error) => errors.push(error))
      return page
    },
    screenshot: async (page, name) => {
      mkdirSync(artifacts, { recursive: true })
      const path = `${artifacts}${name}.png`
      await page.screenshot({ path, fullPage: true })
      return path
    },
    close: async () => {
      await browser.close()
      if (errors.length > 0) throw new AggregateError(errors, `The pages had ${errors.length} errors that nobody caught: ${errors.map(String).join('; ')}`)
    },
  }
}
