import { mkdirSync, mkdtempSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { build } from 'vite'
import { buildBeside, layDown } from '../../admin-ui/lay-down.ts'

const it = suite('Screens that are built while they are served')
const folder = mkdtempSync(join(tmpdir(), 'audit-log-screens-'))
const served = join(folder, 'dist')

it.after(() => rmSync(folder, { recursive: true }))

/** A few hundred files, and a page that refers to one of them. */
function write(place: string, version: string): void {
  mkdirSync(join(place, 'assets'), { recursive: true })
  for (let n = 0; n < 300; n += 1) writeFileSync(join(place, 'assets', `${n}-${version}.js`), version)
  writeFileSync(join(place, 'index.html'), `<script src="./assets/7-${version}.js"></script>`)
}

/** What a page refers to is read as a browser would, again and again, while something goes on. @returns which versions were seen */
async function readWhile(going: Promise<unknown>): Promise<Set<string>> {
  let isOver = false
  const ended = going.finally(() => { isOver = true })
  const seen = new Set<string>()
  while (!isOver) {
    const page = await readFile(join(served, 'index.html'), 'utf8')
    const [, script = 'nothing'] = /src="\.\/([^"]+)"/.exec(page) ?? []
    // The next page may be there by the time that a slow reader asks for the script of the last one.
    const version = await readFile(join(served, script), 'utf8').catch(async (error: unknown) => {
      if (await readFile(join(served, 'index.html'), 'utf8') === page) throw error
      return null
    })
    if (version !== null) seen.add(version)
  }
  await ended
  return seen
}

it('are there at each moment, and nothing of the last ones is left', async () => {
  write(served, 'old')
  writeFileSync(join(served, '.built-from'), 'the old sources')
  write(`${served}.new`, 'new')
  const seen = await readWhile(layDown(`${served}.new`, served))
  assert.ok(seen.size >= 1)
  assert.is(readdirSync(join(served, 'assets')).length, 300)
  assert.ok(readdirSync(join(served, 'assets')).every((name) => name.endsWith('-new.js')))
  assert.not.ok(existsSync(`${served}.new`) || existsSync(join(served, '.built-from')))
})

it('are replaced by a build of Vite when it is done, and stay when it fails', async () => {
  const root = join(folder, 'sources')
  const to = join(root, 'dist')
  mkdirSync(root)
  const run = () => build({ root, configFile: false, logLevel: 'silent', plugins: [buildBeside(to)] })
  writeFileSync(join(root, 'index.html'), '<script type="module" src="./main.js"></script>')
  writeFileSync(join(root, 'main.js'), 'console.log("first")')
  await run()
  const first = readFileSync(join(to, 'index.html'), 'utf8')
  writeFileSync(join(root, 'main.js'), 'import "./not-there.js"')
  await run().then(() => assert.unreachable(), (error) => assert.match(String(error), 'not-there'))
  assert.is(readFileSync(join(to, 'index.html'), 'utf8'), first)
  const [, script = ''] = /src="\/(assets\/[^"]+)"/.exec(first) ?? []
  assert.match(readFileSync(join(to, script), 'utf8'), 'first')
  writeFileSync(join(root, 'main.js'), 'console.log("second")')
  await run()
  assert.not.ok(existsSync(join(to, script)))
  assert.is(readdirSync(join(to, 'assets')).length, 1)
  assert.match(readFileSync(join(to, 'assets', readdirSync(join(to, 'assets'))[0] ?? ''), 'utf8'), 'second')
})

it('are ours: the configuration builds them so', async () => {
  const configuration = readFileSync(new URL('../../admin-ui/vite.config.ts', import.meta.url), 'utf8')
  assert.match(configuration, `buildBeside(join(import.meta.dirname, 'dist'))`)
  assert.not.match(configuration, /outDir|emptyOutDir/)
})

it.run()
