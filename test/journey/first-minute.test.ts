import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openBrowser, type TestBrowser } from '../harness/browser.ts'
import { startDemonstration, type Demonstration } from './demonstration.ts'

const test = suite('The first minute: delete, read, filter, export, ask in SQL')
const folder = mkdtempSync(join(tmpdir(), 'audit-log-journey-'))
chmodSync(folder, 0o755)
let demonstration: Demonstration
let browser: TestBrowser
let page: Page
let dba: pg.Client

test.before(async () => {
  demonstration = await startDemonstration(folder)
  browser = await openBrowser()
  page = await browser.page()
  dba = await connect(demonstration.dba)
})
test.after(async () => {
  await dba.end()
  await browser.close()
  assert.is(await demonstration.stop(), 0)
  rmSync(folder, { recursive: true })
})

async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  return client
}
async function signIn(on: Page, person: string): Promise<void> {
  await on.goto(`${demonstration.hostApp}/demo/sign-in/${person}`)
}
async function openLog(on: Page): Promise<void> {
  await on.goto(`${demonstration.hostApp}/audit-log`)
  await on.waitForURL('**/company/audit-log**')
}
/** Deletes the first row of a list of the host application that a search finds. */
async function deleteFirst(on: Page, list: string, search: string): Promise<void> {
  await on.goto(`${demonstration.hostApp}/${list}?q=${encodeURIComponent(search)}`)
  await on.getByRole('link', { name: 'Delete' }).first().click()
  await on.getByRole('button', { name: /^Delete/ }).click()
  await on.getByText('See it in the Audit Log').waitFor()
}
/** The sentences on the screen, the newest first. */
const sentences = (on: Page): Promise<string[]> => on.locator('p.sentence').allInnerTexts()
test('a deleted CV is on top of the log, one link away', async () => {
  await signIn(page, 'fredrik')
  await deleteFirst(page, 'cvs', 'Kowalski')
  await page.getByRole('link', { name: 'See it in the Audit Log' }).click()
  await page.waitForURL('**/company/audit-log**')
  await page.locator('p.sentence').first().waitFor()
  assert.match((await sentences(page))[0] ?? '', /^Fredrik Isaksson: deleted CV .+ \(Jessica Kowalski\)$/)
  await browser.screenshot(page, 'journey-first-entry')
})

test('the same in SQL, for the DBA, with the connection string that was printed', async () => {
  const { rows } = await dba.query('select occurred_at, audit.sentence(e) from audit.event e order by id desc limit 20')
  assert.is(rows[0].sentence, (await sentences(page))[0])
})

test('in Swedish the sentence is Swedish', async () => {
  await page.getByRole('button', { name: 'Svenska' }).click()
  await page.waitForFunction(() => /raderade CV/.test(document.querySelector('p.sentence')?.textContent ?? ''))
  assert.match(await page.locator('html').getAttribute('lang') ?? '', /^sv/)
  await page.getByRole('button', { name: 'English' }).click()
  await page.waitForFunction(() => /deleted CV/.test(document.querySelector('p.sentence')?.textContent ?? ''))
})

test('deletions and exports of the app, the API, the admin tool and a job appear with their source', async () => {
  await deleteFirst(page, 'customers', 'Kalkyl')
  await page.goto(`${demonstration.hostApp}/customers`)
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Export' }).click()])
  assert.match(await readFile(await file.path(), 'utf8'), /name|Name/)

  await page.goto(`${demonstration.hostApp}/administration/company`)
  await page.getByRole('button', { name: /key/i }).first().click()
  const key = /kb_[A-Za-z0-9_-]+/.exec(await page.content())?.[0] ?? ''
  const authorization = `Bearer ${key}`
  const contacts = await fetch(`${demonstration.hostApp}/api/contacts`, { headers: { authorization } })
  const id = /"id":"?(\d+)/.exec(await contacts.text())?.[1]
  const answer = await fetch(`${demonstration.hostApp}/api/contacts/${id}`, { method: 'DELETE', headers: { authorization } })
  assert.ok(answer.ok, `${answer.status}`)

  const { rows } = await dba.query(`select source, action from audit.event where caused_by is null and action ~ '[.](deleted|exported)$' order by id`)
  assert.equal(rows, [
    { source: 'app', action: 'cv.deleted' },
    { source: 'app', action: 'customer.deleted' },
    { source: 'app', action: 'customers.exported' },
    { source: 'api', action: 'contact.deleted' },
  ])
})

test('a cascade is one line, and unfolds into its tree', async () => {
  await openLog(page)
  await page.getByRole('button', { name: /and with it/ }).first().click()
  await page.locator('.tree').getByText(/deleted (customer contact|project|role)/).first().waitFor()
  await browser.screenshot(page, 'journey-cascade')
})

test('a page of the application leads to the history of one thing', async () => {
  await page.goto(`${demonstration.hostApp}/customers`)
  await page.getByRole('link', { name: /^History of customer/ }).first().click()
  await page.waitForURL(/company\/audit-log\?object=customer(\/|%2F)\d+$/)
  await page.getByRole('button', { name: /^Remove filter: Object: Customer/ }).first().waitFor()
})

test('whose session has ended signs in and is back at the same place', async () => {
  const place = `${demonstration.auditLog}?q=kowalski&zone=utc`
  await page.context().clearCookies({ name: 'audit-session' })
  await page.goto(place)
  await page.getByRole('link', { name: 'Continue' }).click()
  await page.waitForURL(place)
  await page.locator('p.sentence').first().waitFor()
})

test('filters narrow the list, stand in the address, and survive a reload', async () => {
  await page.getByRole('searchbox').or(page.getByLabel('Search names')).first().fill('kowalski')
  await page.waitForURL(/q=kowalski/)
  await page.waitForFunction(() => [...document.querySelectorAll('p.sentence')].every((line) => /kowalski/i.test(line.textContent ?? '')))
  const narrowed = await sentences(page)
  assert.ok(narrowed.length > 0)
  await page.reload()
  await page.locator('p.sentence').first().waitFor()
  assert.equal(await sentences(page), narrowed)
  assert.equal(narrowed.filter((line) => !/kowalski/i.test(line)), [])
})

test('the exported file has exactly the filtered rows, and the export is an entry itself', async () => {
  await openLog(page)
  await page.goto(`${page.url().split('?')[0]}?action=cv.deleted&action=contact.deleted`)
  await page.locator('p.sentence').first().waitFor()
  await page.getByRole('button', { name: 'Export' }).click()
  await page.getByRole('radio', { name: 'CSV with commas' }).check()
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('dialog').getByRole('button', { name: /Export|Download/ }).or(page.getByRole('dialog').getByRole('link', { name: /Export|Download/ })).first().click(),
  ])
  const text = await readFile(await file.path(), 'utf8')
  const { rows } = await dba.query(`select id::text, audit.sentence(e) from audit.event e where company_id = '1' and action in ('cv.deleted', 'contact.deleted') order by occurred_at desc, id desc`)
  for (const { id, sentence } of rows) assert.ok(text.includes(sentence), `${id} ${sentence} is not in the file`)
  assert.match(text, new RegExp(`# end of export: rows=${rows.length} sha256=[0-9a-f]{64}`))
  const { rows: entries } = await dba.query(`select action, actor_name, details ->> 'row_count' as row_count from audit.event where object_kind = 'export' order by id`)
  assert.equal(entries, [
    { action: 'audit.exported', actor_name: 'Fredrik Isaksson', row_count: null },
    { action: 'audit.export_ended', actor_name: 'Fredrik Isaksson', row_count: String(rows.length) },
  ])
})

for (const [person, who, words] of [
  ['jessica', 'somebody who is no administrator', /administrator/i],
  ['karin', 'an administrator of a company without the add-on', /tilläggstjänst|kontakta/i],
] as const) {
  test(`${who} sees no entry, and why`, async () => {
    const other = await browser.page()
    await signIn(other, person)
    await openLog(other)
    await other.getByRole('heading').nth(0).waitFor()
    await other.getByText(words).first().waitFor()
    assert.equal(await sentences(other), [])
    await browser.screenshot(other, `journey-${person}`)
    await other.context().close()
  })
}

test('whoever signs out of the application is out of the log, and nobody reads it as the one before', async () => {
  const other = await browser.page()
  await signIn(other, 'fredrik')
  await openLog(other)
  await other.locator('p.sentence').first().waitFor()
  await other.goto(`${demonstration.hostApp}/cvs`)
  await other.getByRole('button', { name: 'Sign out' }).click()
  await other.getByRole('heading', { name: 'Sign in' }).waitFor()
  assert.is(other.url(), `${demonstration.hostApp}/`)
  await other.goto(demonstration.auditLog)
  await other.getByRole('heading', { name: 'You are not signed in' }).waitFor()

  // Nobody signs out, and somebody else signs in.
  await signIn(other, 'fredrik')
  await openLog(other)
  await other.context().clearCookies({ name: 'konsultboard_session' })
  await signIn(other, 'sean')
  await other.waitForURL(`${demonstration.hostApp}/cvs`)
  await other.goto(demonstration.auditLog)
  await other.getByRole('heading', { name: 'You are not signed in' }).waitFor()
  await other.context().close()
})

test('an administrator of another company sees nothing of this one', async () => {
  const other = await browser.page()
  await signIn(other, 'sean')
  await openLog(other)
  await other.getByText('Havsbris').first().waitFor()
  await other.waitForLoadState('networkidle')
  assert.equal(await sentences(other), [])
  await other.context().close()
})

test('after a restart the data are still there', async () => {
  const before = (await dba.query('select count(*)::int as n from audit.event')).rows
  await dba.end()
  assert.is(await demonstration.stop(), 0)
  demonstration = await startDemonstration(folder)
  dba = await connect(demonstration.dba)
  assert.equal((await dba.query('select count(*)::int as n from audit.event')).rows, before)
  await signIn(page, 'fredrik')
  await openLog(page)
  await page.locator('p.sentence').filter({ hasText: 'deleted CV' }).first().waitFor()
})

test.run()
