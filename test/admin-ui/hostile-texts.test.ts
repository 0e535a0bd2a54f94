import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { visible } from '../../admin-ui/src/text/visible.ts'
import { openBrowser, type TestBrowser } from '../harness/browser.ts'
import { hostileTexts } from '../security/hostile-text.ts'
import { entry, now, ordinary } from './scenario.ts'
import { startScreenServer } from './screen-server.ts'
import { log, rows } from './state-suite.ts'

const test = suite('Ten thousand hostile names on the screen')
const texts = hostileTexts(Number(process.env['TEST_SEED'] ?? 20_261_124), Number(process.env['TEST_TEXTS'] ?? 10_000), false)
/** So many names in one list; each row shows two. */
const batch = 2_000
let browser: TestBrowser

test.before(async () => { browser = await openBrowser() })
test.after(() => browser.close())

test('are texts and nothing else, each as it is but for what cannot be seen, which is made visible [case 218]', async () => {
  for (let from = 0; from < texts.length; from += batch) {
    const names = texts.slice(from, from + batch)
    const events = Array.from({ length: names.length / 2 }, (_, at) => entry(at, { action: 'cv.deleted', kind: 'cv', verb: 'deleted CV', label: names[2 * at] ?? '', owner: names[2 * at + 1] ?? '' }))
    const server = await startScreenServer({ ...ordinary(0), events, pageSize: events.length })
    const page = await browser.page({ reducedMotion: 'reduce', viewport: { width: 1280, height: 800 } })
    const refused: string[] = []
    page.on('dialog', (dialog) => { refused.push(`a dialog: ${dialog.message()}`); void dialog.dismiss() })
    page.on('console', (message) => { if (message.type() === 'error') refused.push(message.text()) })
    try {
      await page.clock.setFixedTime(now)
      await page.goto(`${server.url}${log}`)
      await rows(page)
      await page.waitForFunction((wanted) => document.querySelectorAll('p.sentence').length === wanted, events.length)
      const shown = await page.evaluate(() => [...document.querySelectorAll('p.sentence')].map((sentence) => [...sentence.querySelectorAll('bdi')].slice(1, 3).map(({ textContent }) => textContent)))
      assert.equal(shown.flat().length, names.length)
      for (const [at, name] of names.entries()) if (shown.flat()[at] !== visible(name)) assert.is(shown.flat()[at], visible(name), `name ${from + at}`)
      assert.is(await page.evaluate(() => document.querySelectorAll('p.sentence script, p.sentence img, p.sentence a, p.sentence iframe, p.sentence style').length), 0)
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), 'nothing is wider than the page')
      assert.equal(refused, [])
    } finally {
      await page.close()
      await server.close()
    }
  }
})

test.run()
