import * as assert from 'uvu/assert'
import { entry, ordinary } from './scenario.ts'
import { button, heading, log, rows, stateSuite, type State } from './state-suite.ts'

const broken = { status: 500, code: 'INTERNAL' }
const hostile = [
  '<img src=x onerror=alert(1)>', 'javascript:alert(1)', '**not** [markdown](https://evil.example)', `\u202Egnirts\u0000 \u200B`,
  'x'.repeat(500), 'Ö'.repeat(120), 'مشروع التدقيق السنوي',
]

const states: readonly State[] = [
  {
    name: 'an unfolded act',
    reach: async (page) => { await button(page, /and with it/).first().click(); await page.locator('.tree').getByText('Anna Ek').waitFor() },
  },
  {
    name: 'the details of an entry', address: `${log}/89999?q=kalkyl`,
    reach: async (page) => { await page.getByText('The deleted row').waitFor(); await page.getByRole('dialog').getByText('Anna Ek').waitFor() },
  },
  { name: 'an entry that is not there', address: `${log}/7`, reach: (page) => heading(page, 'There is no such entry') },
  { name: 'the histogram as a table', reach: async (page) => { await button(page, 'As a table').click(); await button(page, 'Only this: 23 Nov 2026').waitFor() } },
  { name: 'the export dialog', reach: async (page) => { await button(page, 'Export').click(); await page.getByText('1,284 entries, all of them in one file').waitFor() } },
  {
    name: 'an export under way', scenario: { failures: { export: 'silence' } },
    reach: async (page) => { await button(page, 'Export').click(); await button(page, 'Download').click(); await page.getByText('The file is being made').waitFor() },
  },
  {
    name: 'an export that broke off', scenario: { file: '"id","sentence"\n"1","half' },
    reach: async (page) => { await button(page, 'Export').click(); await button(page, 'Download').click(); await page.getByText('No file was saved').waitFor() },
  },
  {
    name: 'an export that was refused', scenario: { failures: { export: { status: 403, code: 'ADD_ON_MISSING' } } },
    reach: async (page) => { await button(page, 'Export').click(); await button(page, 'Download').click(); await page.getByRole('link', { name: 'sales@konsultboard.example' }).waitFor() },
  },
  {
    name: 'a view of an impossible name',
    reach: async (page) => { await button(page, 'Views').click(); await page.getByLabel('Name of this view').fill('..'); await page.getByText('A name cannot be . or ..').waitFor() },
  },
  {
    name: 'the receipt of an export',
    reach: async (page) => { await button(page, 'Export').click(); await button(page, 'Download').click(); await page.getByText('The file is saved, all of it').waitFor() },
  },
  {
    name: 'the recording', address: `${log}/recording`,
    scenario: { recording: { ...ordinary().recording, checks: { completeness: 'failed', protection: 'warning', operation: 'ok' } } },
    reach: (page) => page.getByText('Some of it is not recorded at the moment.').waitFor(),
  },
  { name: 'the recording, not loaded', address: `${log}/recording`, scenario: { failures: { recording: broken } }, reach: (page) => heading(page, 'Something went wrong on our side') },
  {
    name: 'hostile names [case 218]', address: `${log}?q=img`, scenario: { events: hostile.map((label, at) => entry(at, { action: 'cv.deleted', kind: 'cv', verb: 'deleted CV <img>', label, owner: label })) },
    reach: async (page) => {
      await rows(page)
      await page.getByText('⟨U+202E⟩').first().waitFor()
      assert.is(await page.locator('p.sentence img, p.sentence a').count(), 0)
    },
  },
]

stateSuite('Every state of what opens from the list, in both themes and on three widths', states)
