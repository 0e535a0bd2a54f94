import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openBrowser, type TestBrowser } from '../harness/browser.ts'
import { entry, now, ordinary } from './scenario.ts'
import { startScreenServer, type Scenario, type ScreenServer } from './screen-server.ts'
import { button, heading, log, rows } from './state-suite.ts'

const test = suite('Somebody else signs in beside an open page')
let browser: TestBrowser
let server: ScreenServer
let page: Page

/** What the other company's log holds: it may never stand below the name of the first. */
const foreign = 'Hemliga kunden AB'

test.before(async () => {
  server = await startScreenServer(ordinary())
  browser = await openBrowser()
})
test.after(async () => {
  await browser.close()
  await server.close()
})
test.after.each(() => page.context().close())

/** Opens the log of the first company, and notes from then on whether its name and something of the other log are there at once. */
async function open(address = log): Promise<void> {
  server.scenario = { ...ordinary(), pageSize: 6 }
  page = await browser.page({ reducedMotion: 'reduce', viewport: { width: 1280, height: 800 } })
  await page.clock.setFixedTime(now)
  await page.goto(`${server.url}${address}`)
  await page.getByText('Nordljus Konsult AB').waitFor()
  await page.evaluate(`
    window.mixed = []
    new MutationObserver(() => {
      const said = document.body.innerText
      const [ours, theirs] = [/Nordljus|Fredrik Isaksson\\n/, /${foreign}|Sydvind|Zara/].map((pattern) => pattern.test(said))
      if (theirs && ours) window.mixed.push(said)
    }).observe(document.body, { childList: true, subtree: true, characterData: true })`)
}

/** From now on the cookie of the browser is somebody else's, of another company. */
function becomeOther(changes: Partial<Scenario> = {}): void {
  const theirs = { action: 'customer.deleted', kind: 'customer', verb: 'deleted customer', label: foreign, owner: null }
  const { recording, facets } = ordinary()
  server.scenario = {
    ...ordinary(), pageSize: 60,
    viewer: { viewerId: '21', viewerName: 'Olle Grön', companyId: '2', companyName: 'Sydvind Teknik AB', timeZone: 'America/New_York' },
    events: Array.from({ length: 60 }, (_, number) => entry(number, theirs, { companyId: '2' })),
    facets: { ...facets, actors: [{ value: '31', label: 'Zara Sydvind', count: 3, isExact: true }] },
    recording: { ...recording, administrators: ['Zara Sydvind'] },
    views: [{ name: 'Sydvinds vy', query: '', savedAt: '2026-11-20T08:00:00Z' }],
    ...changes,
  }
}

async function isCleared(): Promise<void> {
  await heading(page, 'The sign-in has changed')
  assert.equal(await page.evaluate('window.mixed'), [])
  const said = await page.locator('body').innerText()
  assert.not.match(said, new RegExp(`${foreign}|Sydvind|Zara|Nordljus|Fredrik|Kalkyl`), 'nothing of either log is left')
  assert.is(await page.locator('p.sentence').count(), 0)
}

const changes: Readonly<Record<string, () => Promise<unknown>>> = {
  'more of the list': () => button(page, 'Show more').click(),
  'a filter': () => page.getByRole('searchbox').fill('kund'),
  'an entry': () => page.locator('p.sentence').nth(2).click(),
  'the choices of a filter': () => button(page, 'More').click(),
  'the saved views': () => button(page, 'Views').click(),
  'the recording': () => page.getByRole('link', { name: 'About the recording' }).click(),
  'an unfolded act': () => button(page, /and with it/).first().click(),
  'coming back to the page': () => page.evaluate('window.dispatchEvent(new Event("focus"))'),
}
for (const [name, ask] of Object.entries(changes)) {
  test(`${name}: nothing of the other log is shown under the name of the first, and what stood there goes`, async () => {
    await open()
    await rows(page)
    becomeOther()
    await ask()
    await isCleared()
  })
}

test('a page that waits notices it by itself', async () => {
  await open()
  await rows(page)
  becomeOther()
  await page.getByRole('heading', { name: 'The sign-in has changed' }).waitFor({ timeout: 25_000 })
  await isCleared()
})

test('no file is asked for in the name of the other', async () => {
  await open()
  await rows(page)
  await button(page, 'Export').click()
  await page.getByText('1,284 entries, all of them in one file').waitFor()
  const before = server.exports
  becomeOther()
  await button(page, 'Download').click()
  await isCleared()
  assert.is(server.exports, before)
})

test('no view is saved for the other', async () => {
  await open()
  await rows(page)
  await button(page, 'Views').click()
  await page.getByRole('link', { name: /Export av kunder/ }).waitFor()
  await page.getByLabel('Name of this view').fill('Fredriks vy')
  becomeOther()
  await button(page, 'Save').click()
  await isCleared()
  assert.equal(server.scenario.views.map(({ name }) => name), ['Sydvinds vy'])
})

test('the same person for another company, and somebody who may not read, are others too', async () => {
  for (const other of [{ viewer: { ...ordinary().viewer, companyId: '2', companyName: 'Sydvind Teknik AB' } }, { access: 'not_administrator' as const }]) {
    await open()
    await rows(page)
    becomeOther(other)
    await button(page, 'Show more').click()
    await isCleared()
    if (other.access === undefined) await page.context().close()
  }
})

test('loading the page again shows the other log under its own name, at the same address', async () => {
  await open(`${log}?source=app`)
  await rows(page)
  becomeOther()
  await button(page, 'Show more').click()
  await isCleared()
  await button(page, 'Load again').click()
  await page.getByText('Sydvind Teknik AB').waitFor()
  await page.getByText(foreign).first().waitFor()
  assert.is(new URL(page.url()).search, '?source=app')
})

test('the same person who has signed in again goes on where they were', async () => {
  await open()
  await rows(page)
  const { scenario } = server
  server.scenario = { ...scenario, access: 'not_signed_in', failures: { page: { status: 401, code: 'NOT_SIGNED_IN' } } }
  await button(page, 'Show more').click()
  await heading(page, 'You are not signed in here')
  server.scenario = scenario
  await button(page, 'I have signed in').click()
  await rows(page)
})

test.run()
