import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { whenAndWhere } from '../../bench/when-and-where.ts'
import { entriesVariable, resultsVariable } from './plan-results.ts'

/*
 * npm run test:plans [-- entries]: the questions of the screens and of docs/dba.md among a million entries. Fails as npm test does if one reads a table from
 * end to end or another index than the one that is named; what each used is written to bench/results/plans.md. It takes a while: the keeper keeps both logs first.
 */

const entries = process.argv[2] ?? '1000000'
const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'audit-log-plans-'))
const left = z.object({
  kept: z.object({ entries: z.number(), batches: z.number(), seconds: z.number(), peakMebibytes: z.number().nullable() }),
  results: z.array(z.object({ what: z.string(), index: z.string(), indexes: z.array(z.string()), readWhole: z.array(z.string()), rows: z.number() })),
})

try {
  const { status } = spawnSync(process.execPath, ['test/run.ts', 'test/reading/plans', 'test/docs/dba'], {
    cwd: root, stdio: 'inherit', env: { ...process.env, [entriesVariable]: entries, [resultsVariable]: folder, TEST_LIMIT_MS: '7200000' },
  })
  if (status !== 0) process.exitCode = 1
  else if (entries === '1000000') writeFileSync(join(root, 'bench/results/plans.md'), report())
} finally {
  rmSync(folder, { recursive: true })
}

function report(): string {
  const { kept } = read('screens')
  return `# What questions read among ${Number(entries).toLocaleString('en')} entries

${whenAndWhere()}

Counted by PostgreSQL while each ran under row-level security: every index of the log that was read, and every table that was read from end to end. \`npm run test:plans\` asks again,
and fails if the index named is not among them, or a table is read from end to end. The same tests drop indexes and the keeper's tables, to see that they would notice.

## What the screens ask

${table('screens')}

## What docs/dba.md asks

${table('dba')}

## The keeper before that

It had never run: ${kept.entries.toLocaleString('en')} entries waited. It kept them in ${kept.batches} batches and ${Math.round(kept.seconds)} s, beside a second keeper at another log;
${kept.peakMebibytes === null ? 'this machine does not tell how much memory it took.' : `the memory of its backend that is not shared was ${Math.round(kept.peakMebibytes)} MiB at most after a batch.`}
`
}

function read(name: string): z.infer<typeof left> {
  return left.parse(JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')))
}

function table(name: string): string {
  const rows = read(name).results
    .map(({ what, index, indexes, readWhole, rows }) => [what, `\`${index}\``, indexes.filter((one) => one !== index).map((one) => `\`${one}\``).join(', '), readWhole.join(', ') || 'none', rows.toLocaleString('en')])
  return [['question', 'index', 'and', 'read from end to end', 'rows'], ['---', '---', '---', '---', '---:'], ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
