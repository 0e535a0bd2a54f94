import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { linesOf, runBench } from './run-bench.ts'

const it = suite('npm run bench read')

// Whether a figure reaches its goal is for a person to read on a quiet machine; here only that each is measured.
it('gives a figure for every goal, and keeps the entries that it made', () => {
  const folder = mkdtempSync(join(tmpdir(), 'audit-log-bench-test-'))
  chmodSync(folder, 0o755)
  try {
    const first = runBench('read', '--quick', '--folder', folder)
    assert.is(first.status, 0, first.stderr)
    assert.match(first.stderr, 'filling events_5000')
    const goals = linesOf(first.stdout).filter(([, goal]) => goal !== '').map(([what, goal]) => `${what.replace(/[:,].*/, '')} ${goal}`)
    for (const [goal, least] of [
      [/^newest 25 of .* ≤ 1 ms$/, 3], [/^the 25 behind .* ≤ 1 ms$/, 1], [/^25 of ≤ 10 ms$/, 14], [/^search ≤ 5 ms$/, 1], [/^search ≤ 75 ms$/, 1], [/^total of ≤ 2\.5 ms$/, 15],
      [/^facets of ≤ 50 ms$/, 11], [/^histogram of ≤ 50 ms$/, 11], [/≤ 1\.3$/, 7], [/≤ 1\.5$/, 2], [/^export of .* ≤ 1\.2$/, 1], [/≤ 64 MiB$/, 2], [/≤ 200 MiB$/, 1], [/≤ 1 s$/, 1],
    ] as const) assert.is(goals.filter((line) => goal.test(line)).length, least, String(goal))
    assert.not.match(first.stdout, /NaN|Infinity/)
    const exports = runBench('exports', '--quick', '--folder', folder)
    assert.is(exports.status, 0, exports.stderr)
    assert.not.match(exports.stderr, 'filling')
    assert.is(linesOf(exports.stdout).filter(([what]) => what.startsWith('export of ')).length, 10)
    assert.match(exports.stdout, 'beside 2 exports')
    assert.not.match(exports.stdout, /NaN|Infinity/)
    assert.ok(existsSync(join(folder, 'postgres')) || first.stderr.includes('/var/tmp/'))
  } finally {
    rmSync(folder, { recursive: true })
  }
})

it.run()
