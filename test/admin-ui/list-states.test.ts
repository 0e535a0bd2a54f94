import type { Page } from 'playwright-core'
import * as assert from 'uvu/assert'
import { button, heading, log, rows, stateSuite, type State } from './state-suite.ts'

const broken = { status: 500, code: 'INTERNAL' }
const chart = (page: Page) => page.locator('section svg rect').first().waitFor({ state: 'attached' })

const states: readonly State[] = [
  { name: 'the list', reach: async (page) => { await rows(page); await chart(page) } },
  {
    name: 'first loading', scenario: { failures: { page: 'silence', count: 'silence', histogram: 'silence' } },
    reach: (page) => page.getByRole('status', { name: 'Loading entries' }).waitFor(),
  },
  {
    name: 'loading more', scenario: { pageSize: 6 },
    reach: async (page, server) => {
      await rows(page)
      server.scenario.failures = { page: 'silence' }
      await button(page, 'Show more').click()
      await page.getByRole('progressbar').first().waitFor()
      assert.is(await page.locator('p.sentence').count(), 6)
    },
  },
  {
    name: 'more could not be loaded', scenario: { pageSize: 6 },
    reach: async (page, server) => {
      await rows(page)
      server.scenario.failures = { page: broken }
      await button(page, 'Show more').click()
      await page.getByText('More entries could not be loaded.').waitFor()
      assert.is(await page.locator('p.sentence').count(), 6, 'what is there stays')
    },
  },
  {
    name: 'nothing ever recorded', scenario: { events: [], count: { count: 0, isExact: true }, histogram: { unit: 'day', buckets: [] } },
    reach: async (page) => {
      await heading(page, 'Nothing has been recorded yet')
      assert.is(await page.getByText('0 entries').count(), 0)
      await page.getByText('Recording since 3 February 2026 at 09:12.').waitFor()
    },
  },
  {
    name: 'nothing matches', address: `${log}?q=nobody-has-this-name&period=7d&notSource=api`, scenario: { count: { count: 0, isExact: true } },
    reach: async (page) => {
      await heading(page, 'No entry matches')
      await page.getByText('The search looks at the names of things').waitFor()
      await button(page, 'Look at any time').waitFor()
      await page.getByRole('button', { name: 'Remove filter: Not from: API' }).first().waitFor()
    },
  },
  {
    name: 'partly failed', scenario: { failures: { histogram: broken, count: broken, facets: broken, views: broken } },
    reach: async (page) => {
      await rows(page)
      await page.getByText('The overview could not be loaded; the list is complete.').waitFor()
      await page.getByText('The number of entries could not be determined.').waitFor()
    },
  },
  {
    name: 'the list in Swedish', scenario: { locale: 'sv' },
    reach: async (page) => {
      await rows(page)
      await page.getByRole('heading', { name: 'Granskningslogg', level: 1 }).waitFor()
      await page.getByText('1 284 poster').waitFor()
      await heading(page, /^I dag\s*måndag 23 november 2026$/)
      assert.is(await page.locator('html').getAttribute('lang'), 'sv-SE')
    },
  },
  { name: 'network gone', scenario: { failures: { page: 'broken off' } }, reach: (page) => heading(page, 'The server cannot be reached') },
  {
    name: 'server error', scenario: { failures: { page: broken } },
    reach: async (page) => {
      await heading(page, 'Something went wrong on our side')
      await page.getByText('req-2026-11-23').waitFor()
      await button(page, 'Copy reference').waitFor()
    },
  },
  {
    name: 'too slow', address: `${log}?q=a`, scenario: { failures: { page: { status: 503, code: 'TOO_SLOW' } } },
    reach: async (page) => { await heading(page, 'This took too long'); await button(page, 'Reset filters').first().waitFor() },
  },
  {
    name: 'a search of too many words', scenario: { failures: { page: { status: 400, code: 'BAD_FILTER', message: 'query has more than 10 words' } } },
    reach: async (page) => {
      await page.getByText('The search has more than 10 words. Leave some of them out.').waitFor()
      assert.is(await page.getByText('Reference').count(), 0, 'the person can mend it')
    },
  },
  { name: 'busy', scenario: { failures: { page: { status: 429, code: 'TOO_MANY_REQUESTS' } } }, reach: (page) => heading(page, 'The server is busy') },
  {
    name: 'a filter that is none', address: `${log}?from=2026-02-30&object=customer`,
    reach: (page) => page.getByText('from=2026-02-30 and object=customer').waitFor(),
  },
  { name: 'not an administrator', scenario: { access: 'not_administrator' }, reach: (page) => heading(page, 'The audit log is for administrators') },
  { name: 'add-on not bought', scenario: { access: 'add_on_missing' }, reach: (page) => page.getByText('sales@konsultboard.example').waitFor() },
  { name: 'company unknown', scenario: { access: 'company_unknown' }, reach: (page) => heading(page, 'Your company is not known here') },
  {
    name: 'signed out in mid-work [case 219]', address: `${log}?q=kalkyl`, scenario: { pageSize: 1 },
    reach: async (page, server) => {
      await rows(page)
      server.scenario = { ...server.scenario, access: 'not_signed_in', failures: { page: { status: 401, code: 'NOT_SIGNED_IN' } } }
      await button(page, 'Show more').click()
      await heading(page, 'You are not signed in here')
      const signIn = new URL(await page.getByRole('link', { name: 'Continue' }).getAttribute('href') ?? '')
      assert.is(signIn.searchParams.get('next'), '?q=kalkyl', 'the host application learns where to come back to')
    },
  },
  {
    name: 'somebody else signed in', scenario: { pageSize: 1 },
    reach: async (page, server) => {
      await rows(page)
      server.scenario = { ...server.scenario, viewer: { ...server.scenario.viewer, viewerId: '21', companyId: '2', companyName: 'Sydvind Teknik AB' } }
      await button(page, 'Show more').click()
      await heading(page, 'The sign-in has changed')
    },
  },
  {
    name: 'an address of many faults', address: `${log}?actorId=99&q=a&q=b&order=asc&period=7d&from=2026-01-01&zone=mars&${'x'.repeat(150)}=1`,
    reach: (page) => page.getByText('Nothing was looked for.').waitFor(),
  },
  { name: 'offline', reach: async (page) => { await rows(page); await page.context().setOffline(true); await page.getByText('This device is offline.').waitFor() } },
  {
    name: 'new version', scenario: { failures: { recording: broken } },
    reach: async (page, server) => {
      await rows(page)
      server.scenario.failures = { page: { status: 400, code: 'UNKNOWN_DOCUMENT' } }
      await page.getByRole('searchbox').fill('x')
      await heading(page, 'There is a new version of this page')
      await button(page, 'Load again').first().waitFor()
    },
  },
]

stateSuite('Every state of the list, in both themes and on three widths', states)
