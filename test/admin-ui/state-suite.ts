import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AxeResults, RunOptions } from 'axe-core'
import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openBrowser, type TestBrowser } from '../harness/browser.ts'
import { now, ordinary } from './scenario.ts'
import { startScreenServer, type Scenario, type ScreenServer } from './screen-server.ts'

/** 640 is 1280 at a zoom of 200 %; 320 is the narrowest that WCAG asks for. */
const widths = [1280, 640, 320] as const
const themes = ['light', 'dark'] as const
/** The ground of the page in each theme, so that a theme which did not come is no look at it. */
const grounds = { light: 'rgb(245, 246, 248)', dark: 'rgb(15, 20, 25)' } as const
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
/** Those of them that a theme can break. */
const ofColours = ['color-contrast', 'link-in-text-block']
/** Entries of the log: enough for a list, few enough for axe to be quick. */
const size = 9

/** Where the log stands. */
export const log = '/company/audit-log'

/** One state in which somebody may find the screens. */
export type State = {
  readonly name: string
  readonly address?: string
  readonly scenario?: Partial<Scenario>
  /** Brings the page into the state, and checks what makes it that. */
  readonly reach: (page: Page, server: ScreenServer) => Promise<unknown>
}

/**
 * A test for each state: it can be reached, axe finds nothing against WCAG 2.2 A and AA, nothing scrolls sideways and the
 * browser reports no breach of the content security policy; in both themes, each on three widths. Pictures lie in test/.artifacts.
 */
export function stateSuite(name: string, states: readonly State[]): void {
  const test = suite(name)
  let browser: TestBrowser
  let server: ScreenServer
  let axe: string
  // One page for all states, so that the script is read and compiled once.
  let page: Page
  const breaches: string[] = []

  test.before(async () => {
    axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
    server = await startScreenServer(ordinary(size), { signInUrl: 'https://konsultboard.example/audit-log', homeUrl: 'https://konsultboard.example/administration/company' })
    browser = await openBrowser()
    page = await browser.page({ colorScheme: 'light', reducedMotion: 'reduce' })
    page.on('console', (message) => {
      if (/content security policy/i.test(message.text())) breaches.push(message.text())
    })
    await page.clock.setFixedTime(now)
  })
  test.after(async () => {
    await browser.close()
    await server.close()
  })

  for (const state of states) {
    test(state.name, async () => {
      const found: string[] = []
      server.scenario = { ...ordinary(size), ...state.scenario }
      await page.emulateMedia({ colorScheme: 'light' })
      await page.setViewportSize({ width: 1280, height: 800 })
      await page.goto(`${server.url}${state.address ?? log}`)
      await state.reach(page, server)
      await page.evaluate(axe)
      // The theme and the width change below an open page, as they do at dusk and when a phone is turned: nothing is lost.
      for (const colorScheme of themes) {
        await page.emulateMedia({ colorScheme })
        for (const width of widths) {
          await page.setViewportSize({ width, height: 800 })
          await page.waitForFunction((ground) => getComputedStyle(document.body).backgroundColor === ground, grounds[colorScheme])
          await page.evaluate(painted)
          const where = `${colorScheme}, ${width} wide`
          // In the dark nothing but the colours is another, and at 640 they are those of 320.
          if (colorScheme === 'light' || width !== 640) found.push(...(await violations(page, colorScheme === 'light' ? { type: 'tag', values: rules } : { type: 'rule', values: ofColours })).map((violation) => `${where}: ${violation}`))
          const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
          if (overflow !== 0) found.push(`${where}: scrolls sideways by ${String(overflow)} pixels`)
          if ((colorScheme === 'light') === (width === 1280) && width !== 320) await browser.screenshot(page, `state-${state.name.replaceAll(/ \[.*|,/g, '').replaceAll(' ', '-')}-${colorScheme}-${width}`)
        }
      }
      await page.context().setOffline(false)
      await page.evaluate('sessionStorage.clear(), localStorage.clear()')
      assert.equal([...found, ...breaches.splice(0)], [])
    })
  }
  test.run()
}

/** Resolves when what was changed has been laid out and drawn. */
const painted = 'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))'

/** What axe finds by some rules, in words. */
async function violations(page: Page, runOnly: RunOptions['runOnly']): Promise<string[]> {
  const { violations: found } = await page.evaluate<AxeResults>(`axe.run({ resultTypes: ['violations'], runOnly: ${JSON.stringify(runOnly)} })`)
  return found.flatMap(({ id, help, nodes }) => nodes.map(({ target }) => `${id}: ${help} (${target.join(' ')})`))
}

export const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' })
export const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { name }).waitFor()
/** Waits for the first line of the list. */
export const rows = (page: Page) => page.locator('p.sentence').first().waitFor()
