import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openBrowser, type TestBrowser } from '../harness/browser.ts'
import { startDemonstration, type Demonstration } from './demonstration.ts'

const test = suite('Everybody can use the screens')
const folder = mkdtempSync(join(tmpdir(), 'audit-log-accessibility-'))
chmodSync(folder, 0o755)
let demonstration: Demonstration
let browser: TestBrowser
let axe: string

test.before(async () => {
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  demonstration = await startDemonstration(folder)
  browser = await openBrowser()
  const page = await browser.page()
  await page.goto(`${demonstration.hostApp}/demo/sign-in/fredrik`)
  for (const [list, search] of [['customers', 'Kalkyl'], ['cvs', 'Kowalski']]) {
    await page.goto(`${demonstration.hostApp}/${list}?q=${search}`)
    await page.getByRole('link', { name: 'Delete' }).first().click()
    await page.getByRole('button', { name: /^Delete/ }).click()
    await page.getByText('See it in the Audit Log').waitFor()
  }
  await page.context().close()
})
test.after(async () => {
  await browser.close()
  await demonstration.stop()
  rmSync(folder, { recursive: true })
})

/** What axe finds against WCAG 2.2 A and AA, in words. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const { violations: found } = await page.evaluate<AxeResults>(`axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })`)
  return found.flatMap(({ id, help, nodes }) => nodes.map(({ target }) => `${id}: ${help} (${target.join(' ')})`))
}

const states: ReadonlyArray<{ name: string; person: string; open: (page: Page) => Promise<unknown> }> = [
  { name: 'the list', person: 'fredrik', open: (page) => page.locator('p.sentence').first().waitFor() },
  {
    name: 'an unfolded act', person: 'fredrik',
    open: async (page) => {
      await page.getByRole('button', { name: /and with it|och med/ }).first().click()
      await page.locator('.tree p, .tree li').first().waitFor()
    },
  },
  {
    name: 'the details of an entry', person: 'fredrik',
    open: async (page) => {
      await page.getByRole('button', { name: 'Details' }).first().click()
      await page.getByText('The deleted row').waitFor()
    },
  },
  {
    name: 'the filter menu', person: 'fredrik',
    open: async (page) => {
      await page.getByRole('button', { name: 'Action type' }).click()
      await page.getByText('All deletions').waitFor()
    },
  },
  {
    name: 'the export dialog', person: 'fredrik',
    open: async (page) => {
      await page.getByRole('button', { name: 'Export', exact: true }).click()
      await page.getByRole('button', { name: 'Download' }).waitFor()
    },
  },
  {
    name: 'nothing that matches', person: 'fredrik',
    open: async (page) => {
      await page.goto(`${page.url().split('?')[0]}?q=nothing-has-this-name`)
      await page.getByRole('heading').nth(1).waitFor()
    },
  },
  { name: 'somebody who is no administrator', person: 'jessica', open: (page) => page.getByRole('heading').first().waitFor() },
  { name: 'a company without the add-on, in Swedish', person: 'karin', open: (page) => page.getByText(/tilläggstjänst/).first().waitFor() },
]

// test/admin-ui has every state on every width; here it is the same with a real log behind it.
for (const [colorScheme, width] of [['light', 1280], ['dark', 320]] as const) {
  test(`axe finds nothing, ${colorScheme}, ${width} pixels wide, and nothing scrolls sideways`, async () => {
    const found: string[] = []
    for (const person of new Set(states.map((state) => state.person))) {
      const page = await browser.page({ colorScheme, viewport: { width, height: 800 }, reducedMotion: 'reduce' })
      await page.goto(`${demonstration.hostApp}/demo/sign-in/${person}`)
      for (const state of states.filter((candidate) => candidate.person === person)) {
        await page.goto(`${demonstration.hostApp}/audit-log`)
        await page.waitForURL('**/company/audit-log**')
        await state.open(page)
        await page.waitForTimeout(300)
        found.push(...(await violations(page)).map((violation) => `${state.name}: ${violation}`))
        const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
        if (overflow !== 0) found.push(`${state.name}: scrolls sideways by ${String(overflow)} pixels`)
      }
      await page.context().close()
    }
    assert.equal(found, [])
  })
}

test.run()
