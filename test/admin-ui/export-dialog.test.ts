import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openBrowser, type TestBrowser } from '../harness/browser.ts'
import { now, ordinary } from './scenario.ts'
import { startScreenServer, type Scenario, type ScreenServer } from './screen-server.ts'
import { button, log, rows } from './state-suite.ts'

const test = suite('The export of the list')
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
  page = await browser.page({ reducedMotion: 'reduce', viewport: { width: 1280, height: 800 } })
  await page.clock.setFixedTime(now)
  await page.goto(`${server.url}${address}`)
  await rows(page)
}
test.after.each(() => page.context().close())

test('a file is offered as an Excel workbook first, and then as it was wanted last', async () => {
  await open()
  await button(page, 'Export').click()
  assert.is(await page.getByRole('radio', { name: 'Excel workbook' }).isChecked(), true)
  await page.getByText('The last sheet says how many rows there are').waitFor()
  await page.getByRole('radio', { name: 'CSV with semicolons' }).check()
  await page.getByText('The last line says how many rows there are').waitFor()
  await page.reload()
  await rows(page)
  await button(page, 'Export').click()
  assert.is(await page.getByRole('radio', { name: 'CSV with semicolons' }).isChecked(), true)
})

test('an export is saved once all of it is there, and shows its receipt', async () => {
  await open()
  await button(page, 'Export').click()
  const [file] = await Promise.all([page.waitForEvent('download'), button(page, 'Download').click()])
  assert.is(file.suggestedFilename(), 'audit-log-2026-11-23.csv')
  assert.is((await readFile(await file.path(), 'utf8')).replace('\u{FEFF}', ''), server.scenario.file)
  const sha256 = createHash('sha256').update(await readFile(await file.path())).digest('hex')
  await page.getByText(sha256).waitFor()
  await page.getByText('SHA-256 of the file').waitFor()
  await page.getByRole('link', { name: 'See it in the log' }).click()
  await page.waitForURL(/audit-log\/90000/)
  await page.getByRole('dialog').getByText('Technical details').waitFor()
})

test('an export that breaks off, or is cancelled, leaves no file', async () => {
  await open(log, { file: '"id","sentence"\n"1","half' })
  let files = 0
  page.on('download', () => { files += 1 })
  await button(page, 'Export').click()
  await button(page, 'Download').click()
  await page.getByText('No file was saved').waitFor()
  server.scenario.failures = { export: 'silence' }
  await button(page, 'Try again').click()
  await page.getByText('The file is being made').waitFor()
  await button(page, 'Cancel').click()
  await page.getByText('What will be in the file').waitFor()
  assert.is(files, 0)
})

test.run()
