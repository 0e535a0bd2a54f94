import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import * as assert from 'uvu/assert'
import { openBrowser, type TestBrowser } from '../harness/browser.ts'
import { tokenFor } from '../server/running-server.ts'
import { serverSuite, type ServerContext } from '../server/server-suite.ts'
import { button, log, rows } from './state-suite.ts'

const it = serverSuite('The screens and the server understand each other')
let browser: TestBrowser

it.before(async ({ database, fredrik }) => {
  browser = await openBrowser()
  const app = await database.as('consultant_app')
  await app.query(`begin; select audit.act_as('${fredrik.id}', 'Fredrik Isaksson')`)
  await app.query(`delete from app.cv where id in (select cv.id from app.cv join app."user" u on u.id = cv.user_id where u.company_id = ${fredrik.companyId} order by cv.id limit 3)`)
  await app.query('commit')
  await app.query(`delete from app.customer where id = (select min(id) from app.customer where company_id = ${fredrik.companyId})`)
})
it.after(() => browser.close())

async function open({ running, fredrik }: ServerContext, address: string): Promise<Page> {
  const page = await browser.page({ permissions: ['clipboard-read', 'clipboard-write'] })
  const failures: string[] = []
  page.on('console', (message) => { if (message.type() === 'error') failures.push(message.text()) })
  await page.request.post(`${running.url}/session`, { data: { token: await tokenFor(fredrik) } })
  await page.goto(`${running.url}${address}`)
  await page.waitForLoadState('networkidle')
  assert.equal(failures, [])
  return page
}

it('about the list: its number, its histogram, its choices and its questions', async (context) => {
  const page = await open(context, log)
  await rows(page)
  const { rows: [all] } = await context.database.superuser.query(`select count(*)::int as n from audit.event where company_id = $1`, [context.fredrik.companyId])
  await page.getByText(`${all.n} entries`).waitFor()
  await page.locator('section svg rect').first().waitFor({ state: 'attached' })
  await button(page, 'Action type').click()
  await page.getByRole('checkbox', { name: 'Delete user CV 3' }).check()
  await page.waitForURL(/action=cv.deleted/)
  await page.getByText('3 matching entries').waitFor()
  await page.keyboard.press('Escape')
  await button(page, 'More').click()
  await button(page, /Fredrik Isaksson/).click()
  await page.waitForURL(/actor=/)
  await rows(page)
  await browser.screenshot(page, 'real-list')
  await page.getByRole('button', { name: 'Copy this list' }).click()
  await page.getByRole('menuitem', { name: 'As SQL' }).click()
  await page.getByText('Copied').waitFor()
  assert.match(await page.evaluate('navigator.clipboard.readText()'), /audit[.][\s\S]*cv[.]deleted/)
  await page.context().close()
})

it('about the address of a question: the list there asks for just that', async (context) => {
  const { running, fredrik } = context
  for (const [question, filter] of [
    ['rootsOnly=true', { rootsOnly: true }], ['', {}], ['action=cv.deleted', { actions: ['cv.deleted'] }], ['rootsOnly=true&source=api', { sources: ['api'], rootsOnly: true }],
    ['source=api&from=2026-03-01T23:59:60Z&to=2026-04-01T00:00:00Z', { sources: ['api'], from: '2026-03-02T00:00:00Z', to: '2026-04-01T00:00:00Z' }],
  ] as const) {
    const { address } = await (await running.fetch(fredrik, `/question?${question}`)).json()
    const page = await browser.page()
    await page.request.post(`${running.url}/session`, { data: { token: await tokenFor(fredrik) } })
    const list = page.waitForRequest((request) => /orderBy/.test(request.postData() ?? ''))
    await page.goto(address)
    assert.equal((await list).postDataJSON().variables.filter, filter, address)
    await page.context().close()
  }
})

it('about a file in each form: it is whole, and its receipt is that of the log', async (context) => {
  const page = await open(context, `${log}?action=cv.deleted`)
  await rows(page)
  for (const form of ['CSV with commas', 'CSV with semicolons', 'Excel workbook', 'JSON Lines']) {
    await button(page, 'Export').click()
    await page.getByRole('radio', { name: form }).check()
    const [file] = await Promise.all([page.waitForEvent('download'), button(page, 'Download').click()])
    await page.getByText('The file is saved, all of it').waitFor()
    const end = (await context.database.superuser.query(`select details ->> 'row_count' as rows, details ->> 'file_sha256' as sha256 from audit.event where action = 'audit.export_ended' order by id desc limit 1`)).rows[0]
    assert.is(end.rows, '3', form)
    await page.getByText(end.sha256).waitFor()
    assert.ok((await readFile(await file.path())).length > 100, form)
    await button(page, 'Close').click()
  }
  await page.context().close()
})

it('about how an export ended, the last word of the log first; and that no end is recorded where the server was killed', async (context) => {
  const { database, fredrik } = context
  const settings = { 'audit.company_id': fredrik.companyId, 'audit.viewer_id': fredrik.id }
  const begin = async (outcomes: readonly string[]): Promise<string> => {
    let entry = ''
    await database.inTransactionAs('audit_admin', settings, async (client) => {
      const { rows: [row] } = await client.query(`select audit.record_log_export('csv')::text as id`)
      entry = row.id
      for (const outcome of outcomes) await client.query('select audit.record_log_export_end($1, 1234, null, $2)', [entry, outcome])
      await client.query('commit')
    })
    return entry
  }
  const page = await open(context, `${log}/${await begin([])}`)
  await page.getByText('No end is recorded: it is still running, or the server was stopped by force.').waitFor()
  await page.goto(`${context.running.url}${log}/${await begin(['complete', 'cancelled'])}`)
  await page.getByText('How it ended').waitFor()
  await page.getByRole('link', { name: /cancelled/ }).waitFor()
  await page.context().close()
})

it('about who is signed in: an administrator of another company, in a second tab, ends the first', async (context) => {
  const { running, fredrik } = context
  const page = await open(context, log)
  await rows(page)
  await page.getByText('Fredrik Isaksson').first().waitFor()
  const other = await running.person('sean.obrien@havsbris.example')
  assert.is.not(other.companyId, fredrik.companyId)
  const second = await page.context().newPage()
  await second.request.post(`${running.url}/session`, { data: { token: await tokenFor(other) } })
  await second.goto(`${running.url}${log}`)
  await second.waitForLoadState('networkidle')
  await second.getByRole('heading', { name: 'Audit Log', level: 1 }).waitFor()
  await page.getByRole('searchbox').fill('a')
  await page.getByRole('heading', { name: 'The sign-in has changed' }).waitFor()
  assert.is(await page.locator('p.sentence').count(), 0)
  await button(page, 'Load again').click()
  await page.waitForURL(/q=a/)
  await page.getByRole('heading', { name: 'Audit Log', level: 1 }).waitFor()
  assert.is(await page.getByText('Fredrik Isaksson').count(), 0)
  await page.context().close()
})

it('about views, the recording, and the end of a session', async (context) => {
  const page = await open(context, `${log}?source=app&object=customer/1`)
  await button(page, 'Views').click()
  await page.getByLabel('Name of this view').fill('Åsas vy')
  await button(page, 'Save').click()
  await page.getByRole('link', { name: 'Åsas vy' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('link', { name: 'About the recording' }).click()
  await page.getByText('Nobody can change the entries unnoticed.').waitFor()
  await page.getByText('Fredrik Isaksson').last().waitFor()
  await browser.screenshot(page, 'real-recording')
  await button(page, 'Sign out').click()
  await page.getByRole('heading', { name: 'You have signed out of the audit log' }).waitFor()
  await page.reload()
  await page.getByRole('heading', { name: 'You are not signed in' }).waitFor()
  await page.context().close()
})

it.run()
