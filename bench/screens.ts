import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { builtScreens } from '../server/screens.ts'
import { openBrowser, type TestBrowser } from '../test/harness/browser.ts'
import { companies, startReadCluster, viewer } from './read-cluster.ts'
import { startAuditServer, type RunningServer } from './read-server.ts'
import { decimal, showMilliseconds, type Figure, type Report } from './report.ts'
import { median, spread } from './rounds.ts'

type Options = { isQuick: boolean; events?: number; folder?: string; notice: (line: string) => void }

const full = { events: 10_000_000, rounds: 9, rows: 1_000 }
const quick = { events: 5_000, rounds: 1, rows: 150 }
const log = '/company/audit-log'
const headings: Partial<Figure> = { what: 'what', goal: 'goal', ours: 'ours', spread: 'half of the rounds' }

/** Measures the screens in a browser, before a server with many entries: what they weigh, when they show, how they answer. */
export async function benchScreens({ isQuick, events, folder = join(tmpdir(), 'audit-log-bench-read'), notice }: Options): Promise<Report> {
  const size = { ...(isQuick ? quick : full), ...(events !== undefined && { events }) }
  const figures: Figure[] = []
  const add = (figure: Partial<Figure>): void => void figures.push({ what: '', goal: '', ours: '', spread: '', without: '', floor: '', with: '', ...figure })
  const { first, later } = weigh()
  add({ what: 'script for the first page, gzipped', goal: '≤ 400 kB', ours: `${decimal(first / 1000, 0)} kB` })
  add({ what: 'the chart, loaded after the list', ours: `${decimal(later / 1000, 0)} kB more` })
  const cluster = await startReadCluster(folder, notice)
  let server: RunningServer | undefined
  let browser: TestBrowser | undefined
  try {
    server = await startAuditServer(cluster.url('audit_server', await cluster.database(size.events)))
    browser = await openBrowser()
    notice('first rows')
    for (const [what, address] of [['newest entries', log], ['search for a frequent word', `${log}?q=developer`], ['deletions of CVs in a quarter', `${log}?action=cv.deleted&from=2026-07-01&to=2026-09-30`]] as const) {
      const readings: number[] = []
      for (let round = 0; round < size.rounds; round += 1) {
        const page = await signedIn(browser, server)
        readings.push(await firstRows(page, `${server.url}${address}`))
        await page.context().close()
      }
      const { low, high } = spread(readings)
      add({ what: `first rows, ${what}`, goal: '≤ 1,000 ms', ours: showMilliseconds(median(readings)), spread: `${showMilliseconds(low)} – ${showMilliseconds(high)}` })
    }
    notice('rows, typing, scrolling')
    const page = await signedIn(browser, server)
    await firstRows(page, `${server.url}${log}`)
    await loadRows(page, size.rows)
    const shown = await page.locator('p.sentence').count()
    const frames = await scroll(page)
    add({ what: `scrolling ${decimal(shown, 0)} rows: frames over 50 ms`, goal: '0 %', ours: `${decimal(100 * frames.slow, 1)} %` })
    add({ what: 'the longest of them', ours: showMilliseconds(frames.longest) })
    add({ what: `typing in the search beside ${decimal(shown, 0)} rows: slowest answer to a key`, goal: '≤ 200 ms', ours: showMilliseconds(await type(page)) })
    add({ what: `opening an entry beside ${decimal(shown, 0)} rows: answer to the click`, goal: '≤ 200 ms', ours: showMilliseconds(await openEntry(page, shown)) })
    add({ what: `memory of the page's script with ${decimal(shown, 0)} rows`, ours: `${decimal(await memory(page) / 1e6, 0)} MB` })
    await page.context().close()
  } finally {
    await browser?.close()
    await server?.stop()
    await cluster.stop()
  }
  return {
    title: 'The screens in a browser',
    server: `${decimal(size.events, 0)} entries of 200 companies; the reader's has 17 % of them. ${cluster.description}`,
    figures, headings,
    method: [
      'The script for the first page is what index.html loads before anything is shown: its file and everything that it imports, each gzipped alone. What is imported later is not in it.',
      'First rows: from the beginning of the navigation, with an empty cache, until the first line of the list is in the page, in headless Chromium on the machine that also runs the server and PostgreSQL.',
      'Slowest answer to a key: the longest event of the Event Timing interface, from the key to the next paint, while eight letters are typed. Frames: the time between two animation frames while the page scrolls 120 pixels in each.',
    ],
  }
}

/** Bytes of gzipped script: what the page needs before it shows anything, and what the chart needs beside it. */
function weigh(): { first: number; later: number } {
  const file = (name: string) => readFileSync(join(builtScreens, 'assets', name), 'utf8')
  const withImports = (name: string, known: Set<string>): Set<string> => {
    if (known.has(name)) return known
    known.add(name)
    for (const [, imported] of file(name).matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)) if (imported !== undefined) withImports(imported, known)
    return known
  }
  const bytes = (names: Iterable<string>) => [...names].reduce((sum, name) => sum + gzipSync(file(name)).length, 0)
  const [, entry] = /src="[^"]*assets\/([^"]+\.js)"/.exec(readFileSync(join(builtScreens, 'index.html'), 'utf8')) ?? []
  if (entry === undefined) throw new Error(`${builtScreens}/index.html names no script. Build the screens: npm run build.`)
  const first = withImports(entry, new Set())
  const [, chart] = /import\(["'`]\.\/(histogram-chart[^"'`]+\.js)["'`]\)/.exec([...first].map(file).join('\n')) ?? []
  const withChart = chart === undefined ? first : withImports(chart, new Set(first))
  return { first: bytes(first), later: bytes([...withChart].filter((name) => !first.has(name))) }
}

async function signedIn(browser: TestBrowser, server: RunningServer): Promise<Page> {
  const page = await browser.page({ viewport: { width: 1280, height: 900 } })
  await page.request.post(`${server.url}/session`, { data: { token: await server.token(companies.big, viewer.id) } })
  return page
}

async function firstRows(page: Page, address: string): Promise<number> {
  await page.goto(address, { waitUntil: 'commit' })
  const seen = await page.waitForFunction(() => (document.querySelector('p.sentence') === null ? 0 : performance.now()), undefined, { polling: 'raf' })
  return Number(await seen.jsonValue())
}

async function loadRows(page: Page, wanted: number): Promise<void> {
  for (let rows = 0; rows < wanted;) {
    const before = rows
    await page.getByRole('button', { name: 'Show more' }).click()
    rows = Number(await (await page.waitForFunction((known) => {
      const now = document.querySelectorAll('p.sentence').length
      return now > known ? now : 0
    }, before === 0 ? 50 : before)).jsonValue())
  }
}

/** Scrolls from the top to the bottom. @returns the share of slow frames, and milliseconds of the longest */
async function scroll(page: Page): Promise<{ slow: number; longest: number }> {
  const frames = await page.evaluate<number[]>(() => new Promise((resolve) => {
    const taken: number[] = []
    let last = performance.now()
    window.scrollTo(0, 0)
    const step = (now: number): void => {
      taken.push(now - last)
      last = now
      const before = window.scrollY
      window.scrollBy({ top: 120, behavior: 'instant' })
      if (window.scrollY === before && taken.length > 2) resolve(taken.slice(2))
      else requestAnimationFrame(step)
    }
    requestAnimationFrame(step)
  }))
  return { slow: frames.filter((frame) => frame > 50).length / Math.max(1, frames.length), longest: Math.max(0, ...frames) }
}

/** Notes the longest event of the Event Timing interface from now on. @returns what reads it, in milliseconds */
async function watchEvents(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(() => {
    const slowest = { duration: 0 }
    Reflect.set(window, 'slowest', slowest)
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) slowest.duration = Math.max(slowest.duration, duration)
    })
    const watched: PerformanceObserverInit & { durationThreshold: number } = { type: 'event', buffered: false, durationThreshold: 16 }
    observer.observe(watched)
  })
  return async () => {
    await page.waitForTimeout(1_500)
    return page.evaluate<number>('window.slowest.duration')
  }
}

/** Types into the search. @returns milliseconds from a key to the paint after it, at most */
async function type(page: Page): Promise<number> {
  const slowest = await watchEvents(page)
  await page.getByRole('searchbox').focus()
  await page.keyboard.type('kowalski', { delay: 120 })
  return slowest()
}

/** Takes the search back, so that all rows are there again, and opens an entry. @returns milliseconds from the click to the paint after it */
async function openEntry(page: Page, rows: number): Promise<number> {
  await page.getByRole('searchbox').fill('')
  await page.waitForURL((url) => !url.searchParams.has('q'))
  await page.waitForFunction((all) => document.querySelectorAll('p.sentence').length === all, rows)
  const slowest = await watchEvents(page)
  await page.locator('[data-entry]').nth(2).click()
  await page.getByRole('dialog').waitFor()
  return slowest()
}

/** Bytes that are left on the heap of the page after its garbage is collected. */
async function memory(page: Page): Promise<number> {
  const inspector = await page.context().newCDPSession(page)
  await inspector.send('HeapProfiler.collectGarbage')
  return (await inspector.send('Runtime.getHeapUsage')).usedSize
}
