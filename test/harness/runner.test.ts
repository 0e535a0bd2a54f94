import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const it = suite('The test runner')
const runner = fileURLToPath(new URL('../run.ts', import.meta.url))
const header = `import { suite } from 'uvu'\nconst it = suite('a suite')\n`

type Run = { status: number | null; lines: string[]; output: string }

/** Runs the runner on a folder with those test files, without a database. */
function run(files: Readonly<Record<string, string>>): Run {
  const folder = mkdtempSync(join(tmpdir(), 'audit-log-runner-'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, `${name}.test.ts`), text)
  const { status, stdout, stderr } = spawnSync(process.execPath, [runner], { encoding: 'utf8', env: { ...process.env, TEST_FOLDER: folder, TEST_LIMIT_MS: '4000' } })
  rmSync(folder, { recursive: true })
  return { status, lines: stdout.trimEnd().split('\n'), output: stdout + stderr }
}

it('ends with the counts alone on the last line, and exit code 0 when all passed', () => {
  const { status, lines } = run({ good: `${header}it('one', () => {})\nit('two', () => {})\nit.run()\n` })
  assert.is(lines.at(-1), '2 passed, 0 failed')
  assert.is(status, 0)
})

const failures: [string, string, string, RegExp][] = [
  ['a test fails', `${header}it('one', () => {})\nit('two', () => { throw new Error('no') })\nit.run()\n`, '1 passed, 1 failed', /"two"/],
  ['the set-up of a suite throws', `${header}it.before(() => { throw new Error('no database') })\nit('one', () => {})\nit('two', () => {})\nit.run()\n`, '0 passed, 2 failed', /its before failed\.[^]*no database/],
  ['the set-up of a suite rejects', `${header}it.before(async () => { throw new Error('no database') })\nit('one', () => {})\nit.run()\n`, '0 passed, 1 failed', /no database/],
  ['the set-up of each test throws', `${header}it.before.each(() => { throw new Error('no row') })\nit('one', () => {})\nit.run()\n`, '0 passed, 1 failed', /no row/],
  ['what comes after a suite throws', `${header}it.after(() => { throw new Error('not closed') })\nit('one', () => {})\nit.run()\n`, '1 passed, 1 failed', /not closed/],
  ['what comes after each test throws', `${header}it.after.each(() => { throw new Error('not rolled back') })\nit('one', () => {})\nit('two', () => {})\nit.run()\n`, '0 passed, 2 failed', /not rolled back/],
  ['run() is forgotten', `${header}it('one', () => {})\nit('two', () => {})\n`, '0 passed, 2 failed', /its \.run\(\) is missing/],
  ['one of two suites is forgotten', `${header}it('one', () => {})\nit.run()\nconst other = suite('other')\nother('two', () => {})\n`, '1 passed, 1 failed', /"other" is never run/],
  ['a file has no test', 'export {}\n', '0 passed, 1 failed', /runs no test/],
  ['a suite has no test', `${header}it.run()\n`, '0 passed, 1 failed', /has no test/],
  ['all tests are skipped', `${header}it.skip('one', () => {})\nit.run()\n`, '0 passed, 1 failed', /has no test/],
  ['only some tests are run', `${header}it('one', () => {})\nit.only('two', () => {})\nit.run()\n`, '1 passed, 1 failed', /remove \.only/],
  ['a file cannot be loaded', `import './missing.ts'\n`, '0 passed, 1 failed', /cannot be loaded/],
  ['a file ends the process', 'process.exit(0)\n', '0 passed, 1 failed', /before its tests were finished/],
  ['a test ends the process', `${header}it('one', () => process.exit(0))\nit.run()\n`, '0 passed, 1 failed', /before its tests were finished/],
  ['nothing is left that could finish a test', `${header}it('one', () => new Promise(() => {}))\nit.run()\n`, '0 passed, 1 failed', /The file (ended|took too long)/],
  ['a file does not end', 'setInterval(() => {}, 1000)\nawait new Promise(() => {})\n', '0 passed, 1 failed', /took too long/],
  ['an error is caught by nobody', `${header}it('one', async () => { setTimeout(() => { throw new Error('lost') }, 10); await new Promise((done) => setTimeout(done, 500)) })\nit.run()\n`, '0 passed, 1 failed', /lost/],
]

// All of them in one run; what it says of one file is its line and what is indented below.
let all: Run = { status: null, lines: [], output: '' }
it.before(() => {
  all = run(Object.fromEntries(failures.map(([, text], index) => [`case-${index}`, text])))
})
for (const [index, [when, , counts, says]] of failures.entries()) {
  it(`fails when ${when}`, () => {
    const start = all.lines.findIndex((line) => line.includes(`case-${index}.test.ts`))
    const length = all.lines.slice(start + 1).findIndex((line) => !line.startsWith('    '))
    assert.match(all.lines[start] ?? all.output, `✘`)
    assert.match(all.lines[start] ?? all.output, counts)
    assert.match(all.lines.slice(start, start + 1 + length).join('\n'), says)
  })
}

it('ends with exit code 1 and the sum of all files when something failed', () => {
  assert.is(all.status, 1)
  const counts = all.lines.flatMap((line) => [...line.matchAll(/^✘ .* (\d+) passed, (\d+) failed/g)])
  const sum = (group: number): number => counts.reduce((total, match) => total + Number(match[group]), 0)
  assert.is(counts.length, failures.length)
  assert.is(all.lines.at(-1), `${sum(1)} passed, ${sum(2)} failed`)
})

it('shows the difference between what was expected and what was there', () => {
  const { output } = run({ different: `${header}import * as assert from ${JSON.stringify(import.meta.resolve('uvu/assert'))}\nit('one', () => assert.equal({ a: 1 }, { a: 2 }))\nit.run()\n` })
  assert.match(output, /Actual:[^]*1[^]*Expected:[^]*2/)
})

it.run()
