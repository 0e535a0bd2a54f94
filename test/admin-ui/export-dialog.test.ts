import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openBrowser, type TestBrowser } from '../harness/browser.ts'
import { csvFile, workbookFile } from './exported-file.ts'
import { exportEnd, now, ordinary } from './scenario.ts'
import { startScreenServer, type Failure, type Scenario, type ScreenServer } from './screen-server.ts'
import { button, heading, log, rows } from './state-suite.ts'

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

async function open(address = log, scenario: Partial<Scenario> = {}, script?: () => void): Promise<void> {
  server.scenario = { ...ordinary(), ...scenario }
  page = await browser.page({ reducedMotion: 'reduce', viewport: { width: 1280, height: 800 } })
  if (script !== undefined) await page.addInitScript(script)
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
  assert.is(file.suggestedFilename(), 'audit-log-2026-11-23.xlsx')
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

const wrong: Readonly<Record<string, Partial<Scenario> & { readonly form: string; readonly said: string }>> = {
  'a workbook that is cut': { form: 'Excel workbook', file: workbookFile('rows').slice(0, -5), said: 'The connection broke off before the file was whole.' },
  'a workbook that is empty': { form: 'Excel workbook', file: '', said: 'The connection broke off before the file was whole.' },
  'rows that are gone': { form: 'CSV with commas', file: csvFile('"id"\n"1"\n"2"\n', 2).replace('"2"\n', ''), said: 'The file that came is not the one that the server sent' },
  'a page to sign in': { form: 'CSV with commas', file: '<html>Sign in</html>', fileType: 'text/html', said: 'What came is not an export' },
  'a file that the log says is another': {
    form: 'CSV with commas', file: csvFile('"id"\n', 0), said: 'The file that came is not the one that the server sent',
    events: [{ ...exportEnd(0), action: 'audit.export_ended', id: '95000', objectId: '95000' }],
  },
}

for (const [what, { form, said, ...scenario }] of Object.entries(wrong)) {
  test(`${what}, answered in place of the export, is not saved`, async () => {
    await open(log, scenario)
    let files = 0
    page.on('download', () => { files += 1 })
    await button(page, 'Export').click()
    await page.getByRole('radio', { name: form }).check()
    await button(page, 'Download').click()
    await page.getByText('No file was saved').waitFor()
    await page.getByText(said).waitFor()
    assert.is(files, 0)
  })
}

test('a file that the browser cannot check is not called whole', async () => {
  await open(log, {}, () => Object.defineProperty(crypto, 'subtle', { value: undefined }))
  await button(page, 'Export').click()
  await Promise.all([page.waitForEvent('download'), button(page, 'Download').click()])
  await page.getByText('The file is saved, but this browser could not check it').waitFor()
})

const refusals: readonly { readonly failure: Failure; readonly en: string; readonly sv: string; readonly again: boolean }[] = [
  { failure: { status: 403, code: 'NOT_ADMINISTRATOR', hint: 'Ask an administrator of your company.' }, en: 'Only administrators of the company may export its log.', sv: 'Bara företagets administratörer får exportera loggen.', again: false },
  { failure: { status: 403, code: 'ADD_ON_MISSING', hint: 'Ask sales@konsultboard.example.' }, en: 'To get it, contact sales@konsultboard.example.', sv: 'Kontakta sales@konsultboard.example för att få den.', again: false },
  { failure: { status: 403, code: 'FOREIGN_ORIGIN', hint: 'Open it from the log.' }, en: 'Open it from the log.', sv: 'Exporten nekades.', again: false },
  { failure: { status: 414, code: 'ADDRESS_TOO_LONG' }, en: 'There are too many filters for one file.', sv: 'Det är för många filter för en fil.', again: false },
  { failure: { status: 400, code: 'BAD_FILTER', message: 'The filter cannot be used.', detail: 'query has no word' }, en: 'The search has no word in it.', sv: 'Sökningen innehåller inget ord.', again: false },
  { failure: { status: 429, code: 'TOO_MANY_REQUESTS' }, en: 'Too many files were asked for in a short time.', sv: 'För många filer begärdes på kort tid.', again: true },
  { failure: { status: 503, code: 'TOO_MANY_EXPORTS' }, en: 'Too many exports are running at the moment.', sv: 'Just nu pågår för många exporter.', again: true },
  { failure: { status: 503, code: 'NOT_RECORDED' }, en: 'The export cannot be recorded at the moment, and therefore does not begin.', sv: 'Exporten kan inte registreras just nu', again: true },
  { failure: { status: 503, code: 'DATABASE_UNAVAILABLE' }, en: 'The server is busy at the moment.', sv: 'Servern är upptagen just nu.', again: true },
]

for (const locale of ['en', 'sv'] as const) {
  test(`an export that is refused says why, and offers to try again only where that may help (${locale})`, async () => {
    await open(log, { locale })
    const [exported, start, cancel, close, failed, again] = locale === 'en' ? ['Export', 'Download', 'Cancel', 'Close', 'No file was saved', 'Try again'] : ['Exportera', 'Ladda ner', 'Avbryt', 'Stäng', 'Ingen fil sparades', 'Försök igen']
    for (const refusal of refusals) {
      server.scenario.failures = { export: refusal.failure }
      await button(page, exported).click()
      await button(page, start).click()
      await page.getByText(failed).waitFor()
      const said = await page.getByRole('dialog').innerText()
      assert.ok(said.includes(refusal[locale]), `${JSON.stringify(refusal.failure)}: ${said}`)
      assert.not.match(said, /wrong on our side|fel hos oss/)
      assert.is(await button(page, again).count(), refusal.again ? 1 : 0, JSON.stringify(refusal.failure))
      await button(page, refusal.again ? cancel : close).click()
    }
  })
}

test('who may not read any more is told so by the page, and gets no file', async () => {
  await open()
  await button(page, 'Export').click()
  await page.getByText('1,284 entries, all of them in one file').waitFor()
  const saved: unknown[] = []
  page.on('download', (file) => saved.push(file.suggestedFilename()))
  server.scenario = { ...server.scenario, access: 'add_on_missing' }
  await button(page, 'Download').click()
  await heading(page, 'The audit log is an add-on')
  assert.equal(saved, [])
})

test.run()
