import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openBrowser, type TestBrowser } from '../harness/browser.ts'
import { entry, now, ordinary } from './scenario.ts'
import { startScreenServer, type Scenario, type ScreenServer } from './screen-server.ts'
import { button, log, rows } from './state-suite.ts'

const test = suite('Entries that no ordinary day has')
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

async function open(address: string, scenario: Partial<Scenario>): Promise<void> {
  server.scenario = { ...ordinary(), ...scenario }
  page = await browser.page({ reducedMotion: 'reduce', viewport: { width: 1280, height: 800 }, permissions: ['clipboard-read', 'clipboard-write'] })
  await page.clock.setFixedTime(now)
  await page.goto(`${server.url}${address}`)
}
test.after.each(() => page.context().close())

const nested = (levels: number): unknown => {
  let value: unknown = 'the innermost'
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? { part: value, 'and "more"': 1 } : [value, null]
  return value
}

test('who and when are shown, and all of the row, however deep it is nested', async () => {
  const row = { id: 1, deep: nested(2_000) }
  await open(`${log}/90000`, { events: [entry(0, undefined, { snapshot: row, details: nested(2_000) })] })
  const dialog = page.getByRole('dialog')
  await dialog.getByText('23 November 2026 at 15:31:00.000 CET').waitFor()
  await dialog.getByText('Fredrik Isaksson').first().waitFor()
  await dialog.getByText('{"part":').or(dialog.getByText('[{"part":')).first().waitFor()
  await button(page, 'Copy').click()
  await page.getByRole('menuitem', { name: 'As JSON' }).click()
  await page.waitForTimeout(300)
  assert.equal(JSON.parse(await page.evaluate<string>('navigator.clipboard.readText()')).snapshot, row)
})

test('the last moment of the year 9999 is shown, in the list, in the chart and by itself', async () => {
  const events = [entry(0, undefined, { occurredAt: '9999-12-31T23:59:59.999999+00:00' })]
  const buckets = [{ from: '9998-12-31T23:00:00Z', to: '9999-12-31T23:00:00Z' }, { from: '9999-12-31T23:00:00Z', to: '10000-12-31T23:00:00Z' }]
  await open(log, { events, histogram: { unit: 'year', buckets: buckets.map((each) => ({ ...each, deletions: 1, exports: 0, others: 0, isExact: false })) } })
  await rows(page)
  await button(page, 'As a table').click()
  await button(page, 'Only this: 10000').click()
  await page.waitForURL(/to=9999-12-31/)
  await rows(page)
  await page.goto(`${server.url}${log}/90000`)
  await page.getByRole('dialog').getByText('1 January 10000').waitFor()
})

test('a fault of the chart takes nothing but the chart', async () => {
  const stretch = { from: 'never', to: 'never', deletions: 1, exports: 0, others: 0 }
  await open(log, { histogram: { unit: 'day', buckets: [{ ...stretch, isExact: false }] } })
  await rows(page)
  await page.getByText('The overview could not be loaded; the list is complete.').waitFor()
})

test('nothing is offered to be asked for that the server would refuse', async () => {
  const offers = async (changes: Parameters<typeof entry>[2]) => {
    await open(`${log}/90000`, { events: [entry(0, undefined, changes)] })
    await button(page, 'Narrow').or(button(page, /list/i)).first().waitFor()
    await page.getByRole('dialog').locator('[aria-haspopup=menu]').first().click()
    return (await page.getByRole('menuitem').allInnerTexts()).filter((label) => label.startsWith('Only this ') && /person|object|request/.test(label))
  }
  assert.equal(await offers({ actorId: 'ö'.repeat(500), objectId: '😀'.repeat(2_704) }), ['Only this person', 'Only this object', 'Only this request'])
  await page.context().close()
  assert.equal(await offers({ actorId: ' ', objectId: 'x'.repeat(2_705), requestId: 'x'.repeat(501) }), [])
})

test.run()
