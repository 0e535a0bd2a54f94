import * as assert from 'uvu/assert'
import { entry, exportEnd, ordinary } from './scenario.ts'
import { button, log, stateSuite, type State } from './state-suite.ts'

const states: readonly State[] = [
  {
    name: 'an entry of which a part was never kept', address: `${log}/89994`,
    reach: async (page) => { await page.getByText('Never kept, so not in this copy: password_hash.').waitFor(); await button(page, 'Copy the row').waitFor() },
  },
  {
    name: 'an export and how it ended', address: `${log}/89997`, scenario: { events: [...ordinary(9).events, exportEnd(3)] },
    reach: async (page) => {
      await page.getByText('How it ended').waitFor()
      await page.getByRole('link', { name: /the export of customers was completed \(2,450 rows\)/ }).waitFor()
      assert.is(await page.getByRole('dialog').getByText('Object', { exact: true }).count(), 0, 'an export is of no one thing')
    },
  },
  {
    name: 'an entry whose person nobody named', address: `${log}/89999`,
    scenario: { events: [entry(1, undefined, { actorStatus: 'missing', actorId: null, actorName: null, source: 'sql' })] },
    reach: (page) => page.getByText('Nobody was named. The database login and network address below tell where it came from.').waitFor(),
  },
  {
    name: 'more than can be counted', address: `${log}?q=a`,
    scenario: {
      count: { count: 10_000, isExact: false },
      histogram: { ...ordinary().histogram, buckets: ordinary().histogram.buckets.map((bucket, at) => ({ ...bucket, isExact: at > 20 })) },
      facets: { ...ordinary().facets, isExact: false, actions: ordinary().facets.actions.map((facet) => ({ ...facet, isExact: false })) },
    },
    reach: async (page) => {
      await page.getByText('Up to 16 Oct 2026 not everything is counted').waitFor()
      await page.getByText(/^more than [\d,]+ deletions$/).waitFor()
      await button(page, 'Action type').click()
      await page.getByText('612+').waitFor()
    },
  },
]

stateSuite('Every state of an entry, and of numbers that are not exact, in both themes and on three widths', states)
