import { fork } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { EmbeddedServer } from '../db/embedded.ts'
import { MigrationError } from '../db/migrate.ts'
import { coveredCases, describeCases } from './harness/cases.ts'
import { caseNumbers, whyNotCovered } from './harness/uncovered-cases.ts'
import { clusterVariable, programsVariable, startTestCluster } from './harness/cluster.ts'
import { InstallError, installPostgres } from './harness/install-postgres.ts'
import { fileReport, type FileReport } from './harness/report.ts'

/*
 * npm test [-- <part of a path> …]: one cluster for the run, one process per file, two at a time. The last line is
 * `N passed, N failed`, the exit code is 0 only if nothing failed. TEST_FOLDER names another folder of test files (for the tests of this runner).
 * --postgres 15 (npm run test:postgres -- 15) runs on that version of PostgreSQL what needs nothing but a database.
 * --slow also shows which tests took longer than a second.
 * --cases runs nothing, and lists which numbered case (`[case 48]` in the name of a test) is covered where, and which is not and why.
 */

const { values: options, positionals: patterns } = parseArgs({ allowPositionals: true, options: { postgres: { type: 'string' }, cases: { type: 'boolean', default: false }, slow: { type: 'boolean', default: false } } })
const needOnlyDatabase = ['test/db/', 'test/faults/', 'test/host-app/', 'test/operator/', 'test/partitions/', 'test/server/', 'test/soak/']
/** These speak of the PostgreSQL among the dependencies: how it is started, and how it words the schema. */
const aboutOurs = ['test/db/embedded.test.ts', 'test/db/schema.test.ts']
const concurrency = 2
/** These wait for time-outs and restarts more than they work: one of them at a time runs beside the others. */
const mostlyWaiting = ['faults/', 'soak/', 'security/oversized.test.ts', 'admin-ui/other-viewer.test.ts', 'admin-ui/server-away.test.ts']
/** The slowest files take a minute; beside others, on a machine with ten times the work it can do, three were not enough. */
const limitMilliseconds = 600_000
const here = fileURLToPath(new URL('.', import.meta.url))
const folder = process.env['TEST_FOLDER'] ?? here

function findFiles(wanted: readonly string[]): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts') && !file.includes('node_modules') && (wanted.length === 0 || wanted.some((part) => `test/${file}`.includes(part))))
    .sort()
}

function runFile(file: string, cluster: EmbeddedServer | null): Promise<FileReport> {
  return new Promise((done) => {
    const child = fork(join(here, 'harness/run-file.ts'), [join(folder, file)], {
      cwd: join(here, '..'), detached: true, stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...(cluster === null ? {} : { [clusterVariable]: cluster.folder }) },
    })
    let output = ''
    let report: FileReport | null = null
    let isTooLate = false
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => { output += String(chunk) })
    const endGroup = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      } catch {
        // The group has ended by itself.
      }
    }
    const limit = setTimeout(() => {
      isTooLate = true
      endGroup()
    }, Number(process.env['TEST_LIMIT_MS'] ?? limitMilliseconds))
    child.on('message', (message) => { report = fileReport.parse(message) })
    child.on('close', (code, signal) => {
      clearTimeout(limit)
      endGroup()
      const why = isTooLate ? 'took too long and was ended' : `ended (${signal ?? `exit ${code}`}) before its tests were finished`
      const failed = report ?? { passed: 0, failed: 1, skipped: 0, failures: [`The file ${why}.`], times: [] }
      done(failed.failed === 0 ? failed : { ...failed, failures: [...failed.failures, withoutDots(output)] })
    })
  })
}

/** uvu's own progress (dots and a count per suite) is left out of what a failed file printed. */
function withoutDots(output: string): string {
  const lines = output.split('\n').filter((line) => !/ \(\d+ \/ \d+\)/.test(line) && line.trim() !== '')
  return lines.length === 0 ? '' : `  What it printed:\n    ${lines.slice(-60).join('\n    ')}`
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`
}

async function main(): Promise<number> {
  if (options.cases) {
    console.log(describeCases(coveredCases(findFiles(patterns).map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') }))), caseNumbers, whyNotCovered))
    return 0
  }
  const isOther = options.postgres !== undefined && patterns.length === 0
  const files = findFiles(isOther ? needOnlyDatabase : patterns).filter((file) => !isOther || !aboutOurs.includes(`test/${file}`))
  const total = { passed: 0, failed: 0 }
  if (files.length === 0) {
    console.log('No test file matches.')
    total.failed = 1
  }
  if (options.postgres !== undefined) process.env[programsVariable] = installPostgres(options.postgres)
  const start = performance.now()
  const cluster = process.env['TEST_FOLDER'] === undefined && files.length > 0 ? await startTestCluster() : null
  if (cluster !== null) console.log(`PostgreSQL${options.postgres === undefined ? '' : ` ${options.postgres}`} on port ${cluster.port} is ready with the template database, ${seconds(start)}. ${files.length} test files:`)
  try {
    const isWaiting = (file: string): boolean => mostlyWaiting.some((start) => file.startsWith(start))
    const waiting = files.filter(isWaiting)
    const working = files.filter((file) => !isWaiting(file))
    const take = async (next: () => string | undefined): Promise<void> => {
      for (let file = next(); file !== undefined; file = next()) {
        const began = performance.now()
        const report = await runFile(file, cluster)
        total.passed += report.passed
        total.failed += report.failed
        const skipped = report.skipped > 0 ? `, ${report.skipped} skipped` : ''
        console.log(`${report.failed === 0 ? '✔' : '✘'} ${relative(here, join(folder, file))}  ${report.passed} passed, ${report.failed} failed${skipped}  ${seconds(began)}`)
        const slow = options.slow ? report.times.filter(({ milliseconds }) => milliseconds > 1000).sort((a, b) => b.milliseconds - a.milliseconds) : []
        for (const { title, milliseconds } of slow) console.log(`    ${(milliseconds / 1000).toFixed(1)} s  ${title}`)
        for (const failure of report.failures) if (failure.trim() !== '') console.log(failure.replace(/^/gm, '    '))
      }
    }
    await Promise.all([
      ...Array.from({ length: concurrency }, () => take(() => working.shift() ?? waiting.shift())),
      take(() => waiting.shift()),
    ])
  } finally {
    await cluster?.stop()
  }
  console.log(`All of it took ${seconds(start)}.`)
  console.log(`${total.passed} passed, ${total.failed} failed`)
  return total.failed === 0 ? 0 : 1
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
try {
  process.exitCode = await main()
} catch (error) {
  console.log(error instanceof MigrationError ? `${error.message}\n${error.detail}\n${error.hint}` : error instanceof InstallError ? error.message : error)
  console.log('0 passed, 1 failed')
  process.exitCode = 1
}
