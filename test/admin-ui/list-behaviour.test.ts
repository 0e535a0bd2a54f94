import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openBrowser, type TestBrowser } from '../harness/browser.ts'
import { entry, exportEnd, now, ordinary } from './scenario.ts'
import { startScreenServer, type Scenario, type ScreenServer } from './screen-server.ts'
import { button, log, rows } from './state-suite.ts'

const test = suite('The list answers to clicks and keys')
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
  page = await browser.page({ reducedMotion: 'reduce', viewport: { width: 1280, height: 800 }, permissions: ['clipboard-read', 'clipboard-write'] })
  await page.clock.setFixedTime(now)
  await page.goto(`${server.url}${address}`)
  await rows(page)
}
test.after.each(() => page.context().close())

const parameters = () => new URL(page.url()).searchParams
const chart = () => page.locator('section [aria-hidden=true]').first()
const clipboard = () => page.evaluate<string>('navigator.clipboard.readText()')

test('a click on the histogram narrows to that day, a drag to those days, and "back" undoes each [case 223]', async () => {
  await open()
  await page.locator('section svg rect').first().waitFor({ state: 'attached' })
  const box = await chart().boundingBox()
  if (box === null) throw new Error('The chart has no place.')
  const at = (day: number) => ({ x: box.x + (box.width * (day + 0.5)) / 60, y: box.y + box.height / 2 })
  await page.mouse.click(at(59).x, at(59).y)
  await page.waitForURL(/from=2026-11-23&to=2026-11-23/)
  await page.goBack()
  await page.mouse.move(at(50).x, at(50).y)
  await page.mouse.down()
  await page.mouse.move(at(45).x, at(45).y, { steps: 5 })
  await page.mouse.up()
  await page.waitForURL(/from=2026-11-09&to=2026-11-14/)
  await page.goBack()
  assert.is(parameters().size, 0)
})

test('new entries are announced and move nothing until they are asked for', async () => {
  await open()
  await page.waitForTimeout(100)
  const top = entry(-3)
  server.scenario = { ...server.scenario, events: [top, ...server.scenario.events], count: { count: 1_287, isExact: true } }
  const before = await page.locator('p.sentence').allInnerTexts()
  await page.getByRole('button', { name: '3 new: show' }).waitFor({ timeout: 25_000 })
  assert.equal(await page.locator('p.sentence').allInnerTexts(), before)
  await page.getByRole('button', { name: '3 new: show' }).click()
  await page.locator(`[data-entry="${top.id}"]`).waitFor()
  await page.getByText('1,287 entries').waitFor()
})

test('as many acts are said as there are lines, once all of them are there', async () => {
  const customer = entry(1)
  await open(log, { events: [exportEnd(3), entry(4), entry(3), customer], count: { count: 13, isExact: true } })
  await page.getByText('13 entries').waitFor()
  await page.getByText('in 3 acts', { exact: true }).waitFor()
  assert.is(await page.locator('p.sentence').count(), 3)
})

test('what is typed in a hurry ends in the answer to the last of it', async () => {
  await open()
  const search = page.getByRole('searchbox')
  await search.pressSequentially('kalkyl', { delay: 40 })
  await page.waitForURL(/q=kalkyl/)
  await page.waitForFunction(() => [...document.querySelectorAll('p.sentence')].every((line) => /kalkyl/i.test(line.textContent ?? '')))
  assert.ok(await page.locator('p.sentence mark').count() > 0, 'the hits are marked')
  await search.fill('')
  await page.waitForURL((url) => !url.searchParams.has('q'))
})

test('a click on a row opens its entry, but not one that folds it out or that chooses text', async () => {
  await open()
  await button(page, /and with it/).first().click()
  await page.locator('.tree').getByText('Anna Ek').waitFor()
  const box = await page.locator('p.sentence').nth(2).boundingBox()
  if (box === null) throw new Error('The sentence has no place.')
  await page.mouse.move(box.x + 5, box.y + 10)
  await page.mouse.down()
  await page.mouse.move(box.x + 120, box.y + 10, { steps: 4 })
  await page.mouse.up()
  assert.ok((await page.evaluate<string>('getSelection().toString()')).length > 3)
  assert.is(new URL(page.url()).pathname, log)
  await page.evaluate('getSelection().empty()')
  await page.locator('p.sentence').nth(2).click()
  await page.waitForURL(/audit-log\/89998/)
  await page.getByRole('dialog').getByText('The deleted row').waitFor()
})

test('from an entry to others like it, to all but those, and to what happened around it', async () => {
  await open()
  const narrow = async (label: string) => {
    await page.goto(`${server.url}${log}/89998`)
    await button(page, 'Narrow the list').click()
    await page.getByRole('menuitem', { name: label, exact: true }).click()
    await page.waitForURL((url) => url.pathname === log)
    return parameters().toString()
  }
  assert.is(await narrow('Only this person'), 'actor=1')
  assert.is(await narrow('This person’s last 7 days'), 'period=7d&actor=1')
  assert.is(await narrow('Only this object'), 'object=contact%2F402')
  assert.is(await narrow('Only this act'), 'act=89998')
  assert.is(await narrow('Five minutes before and after'), 'from=2026-11-23T14%3A12%3A00.000Z&to=2026-11-23T14%3A22%3A00.000Z')
  assert.is(await narrow('Only: Customer contact'), 'kind=contact')
  assert.is(await narrow('Not: API'), 'notSource=api')
  await page.getByRole('button', { name: 'Remove filter: Not from: API' }).click()
  await page.waitForURL((url) => url.search === '')
})

test('an entry can be taken along as text, link, JSON, SQL and a command', async () => {
  await open(`${log}/89999?q=kalkyl`)
  await page.getByText('The deleted row').waitFor()
  const copied = async (form: string) => {
    await button(page, 'Copy').click()
    await page.getByRole('menuitem', { name: form, exact: true }).click()
    await page.getByText('Copied').waitFor()
    return clipboard()
  }
  const link = `${server.url}${log}/89999?q=kalkyl`
  assert.is(await copied('Link'), link)
  assert.is(await copied('As text'), `23 November 2026 at 15:24:00.000 CET\nSeán O’Brien: deleted customer Kalkyl & Bygg i Umeå AB [App]\n${link}`)
  assert.is(JSON.parse(await copied('As JSON')).snapshot.city, 'Umeå')
  assert.is(await copied('As SQL'), 'select e.*, audit.sentence(e) from audit.event e where e.id = 89999;')
  assert.match(await copied('As curl command'), /^curl 'http:\/\/localhost:\d+\/graphql' \\\n {2}-H "Authorization: Bearer \$TOKEN"/)
})

test('a view is saved under a name, opened again and deleted', async () => {
  await open(`${log}?source=sql&period=30d`, { views: [] })
  await button(page, 'Views').click()
  await page.getByLabel('Name of this view').fill('SQL, trettio dagar')
  await button(page, 'Save').click()
  const saved = page.getByRole('link', { name: 'SQL, trettio dagar' })
  await saved.waitFor()
  assert.equal(server.scenario.views.map(({ name, query }) => [name, query]), [['SQL, trettio dagar', 'source=sql&period=30d']])
  await page.goto(`${server.url}${log}`)
  await button(page, 'Views').click()
  await saved.click()
  await page.waitForURL(/source=sql&period=30d/)
  await button(page, 'Views').click()
  await page.getByRole('button', { name: 'Delete the view SQL, trettio dagar' }).click()
  await page.getByText('None yet.').waitFor()
  await page.getByText('Deleted: SQL, trettio dagar.').waitFor()
  assert.equal(server.scenario.views, [])
  await button(page, 'Undo').click()
  await saved.waitFor()
  assert.equal(server.scenario.views.map(({ name, query }) => [name, query]), [['SQL, trettio dagar', 'source=sql&period=30d']])
})

test('a view whose name would be lost in its address says so while it is typed, and is not sent', async () => {
  await open(`${log}?source=sql`, { views: [] })
  await button(page, 'Views').click()
  const field = page.getByLabel('Name of this view')
  for (const name of ['..', '.', 'a/../b', ' .. ']) {
    await field.fill(name)
    await page.getByText('A name cannot be . or .. and cannot have them between slashes.').waitFor()
    assert.is(await button(page, 'Save').isDisabled(), true, name)
    await field.press('Enter')
  }
  await field.fill('a\tb')
  await page.getByText('A name cannot contain tabs').waitFor()
  await field.fill('1. a/b')
  await button(page, 'Save').click()
  await page.getByText('Saved: 1. a/b.').waitFor()
  assert.equal(server.scenario.views.map(({ name }) => name), ['1. a/b'])
})

test('a filter by person and by kind of thing is chosen from what there is', async () => {
  await open()
  await button(page, 'More').click()
  await page.getByRole('button', { name: /Åsa Öberg/ }).click()
  await page.waitForURL(/actor=1/)
  await page.getByRole('button', { name: 'Remove filter: Person: Åsa Öberg' }).waitFor()
  await button(page, /^More/).click()
  await page.getByRole('textbox', { name: 'One thing' }).fill('kund/42')
  await page.getByText('There is no such kind.').waitFor()
  assert.is(await button(page, 'Apply').isDisabled(), true)
  await page.getByRole('textbox', { name: 'One thing' }).fill('user profile 42')
  await button(page, 'Apply').click()
  await page.waitForURL(/object=user%2F42/)
  await page.locator('[data-chip]').filter({ hasText: 'User profile 42' }).waitFor()
})

test('quotes with nothing in them are no search yet: the list stays', async () => {
  await open()
  const asked = server.asked.length
  for (const typed of ['"', '""', '" "', '-"']) {
    await page.getByRole('searchbox').fill(typed)
    await page.waitForTimeout(400)
    assert.is(server.asked.length, asked, typed)
  }
  await rows(page)
  await page.getByRole('searchbox').fill('"kalkyl')
  await page.waitForURL(/q=%22kalkyl/)
})

test('the host application gives the log its name and colours', async () => {
  const own = await startScreenServer(ordinary(), { name: 'Spårbarhet', colour: '#7a1f5c', darkColour: null, signInUrl: null, homeUrl: null })
  page = await browser.page()
  await page.goto(`${own.url}${log}`)
  await page.getByRole('heading', { name: 'Spårbarhet', level: 1 }).waitFor()
  assert.is(await page.title(), 'Spårbarhet')
  assert.is(await button(page, 'Export').evaluate((node) => getComputedStyle(node).backgroundColor), 'rgb(122, 31, 92)')
  await own.close()
})

test.run()
