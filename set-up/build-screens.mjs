import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkout } from './checkout.mjs'
import { oneAtATime } from './one-at-a-time.mjs'
import { Refusal } from './refusal.mjs'

const sources = join(checkout, 'admin-ui')
const built = join(sources, 'dist')
const marker = join(built, '.built-from')

/** Builds admin-ui/dist if it is missing or older than its sources. */
export async function buildScreens(node) {
  if (!existsSync(join(sources, 'index.html'))) return
  await oneAtATime('build', () => {
    const wanted = hashOfSources()
    if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return
    const start = performance.now()
    console.error('Building the screens …')
    const vite = join(checkout, 'node_modules', 'vite', 'bin', 'vite.js')
    const { status, stdout, stderr } = spawnSync(node, [vite, 'build', 'admin-ui', '--logLevel', 'error'], { cwd: checkout, encoding: 'utf8' })
    if (status !== 0) throw new Refusal(`The screens cannot be built:\n${stdout}${stderr}`.trim(), 'Correct the error above and start again.')
    writeFileSync(marker, wanted)
    console.error(`Screens built, ${((performance.now() - start) / 1000).toFixed(0)} s.`)
  })
}

function hashOfSources() {
  const hash = createHash('sha256').update(readFileSync(join(checkout, 'package-lock.json')))
  const files = readdirSync(sources, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath ?? file.path, file.name))
    .filter((path) => !path.startsWith(built))
    .sort()
  for (const path of files) hash.update(path.slice(checkout.length)).update('\0').update(readFileSync(path)).update('\0')
  return hash.digest('hex')
}
