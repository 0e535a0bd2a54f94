import { existsSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { guards } from './guards.ts'

const it = suite('The list of guards')
const path = (name: string) => new URL(`../../${name}`, import.meta.url)

it('can take each guard away: its text stands once in its file', async () => {
  const wrong: string[] = []
  for (const guard of guards) {
    if (!('file' in guard)) continue
    const times = existsSync(path(guard.file)) ? (await readFile(path(guard.file), 'utf8')).split(guard.text).length - 1 : 'no file, so'
    if (times !== 1) wrong.push(`${guard.name}: ${times} times in ${guard.file}`)
  }
  assert.is(wrong.join('\n'), '')
})

it('names each guard once, and tests that exist', () => {
  assert.is(new Set(guards.map(({ name }) => name)).size, guards.length)
  assert.ok(guards.length >= 60)
  const files = readdirSync(path('test'), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.ts')).map((file) => `test/${file}`)
  const parts = new Set(guards.flatMap(({ tests }) => tests))
  assert.equal([...parts].filter((part) => !files.some((file) => file.includes(part))), [])
})

it('has been tried: each guard has a row in results.md that says which test fails without it', async () => {
  const rows = new Map([...(await readFile(path('test/guards/results.md'), 'utf8')).matchAll(/^\| \d{4}-\d\d-\d\d \| (.+?) \| (.+) \|$/gm)].map(([, name = '', says = '']) => [name, says]))
  const wrong = guards.flatMap(({ name }) => {
    const says = rows.get(name)
    if (says === undefined) return [`${name}: it was never tried. Run: npm run test:guards -- "${name}"`]
    return says.startsWith('**not watched**') ? [`${name}: ${says}`] : []
  })
  assert.is(wrong.join('\n'), '')
})

it.run()
