import { button, log, rows, stateSuite, type State } from './state-suite.ts'

const states: readonly State[] = [
  { name: 'action types', reach: async (page) => { await button(page, 'Action type').click(); await page.getByText('612').waitFor() } },
  { name: 'more filters', reach: async (page) => { await button(page, 'More').click(); await button(page, /Åsa Öberg/).waitFor() } },
  { name: 'the period', reach: async (page) => { await button(page, 'Period').click(); await button(page, /Last 7 days/).waitFor() } },
  { name: 'a period of one\u2019s own', address: `${log}?from=2026-10-10&to=2026-11-12`, reach: async (page) => { await button(page, 'Period').click(); await page.getByRole('dialog').getByText('10 Oct – 12 Nov 2026').waitFor() } },
  { name: 'a kind of thing that there is not', reach: async (page) => { await button(page, 'More').click(); await page.getByRole('textbox', { name: 'One thing' }).fill('kund/42'); await page.getByText('There is no such kind.').waitFor() } },
  { name: 'the keys', reach: async (page) => { await rows(page); await page.keyboard.press('?'); await page.getByText('Opens the entry').waitFor() } },
  { name: 'saved views', reach: async (page) => { await button(page, 'Views').click(); await page.getByRole('link', { name: /Export av kunder/ }).waitFor() } },
]

stateSuite('Every state of the filters, the views and the keys, in both themes and on three widths', states)
