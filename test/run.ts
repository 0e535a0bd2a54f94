import { fork } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EmbeddedServer } from '../db/embedded.ts'
import { MigrationError } from '../db/migrate.ts'
import { clusterVariable, startTestCluster } from './harness/cluster.ts'
import { fileReport, type FileReport } from './harness/report.ts'

/*
 * npm test [-- <part of a path> …]: one cluster for the run, one process per file, two at a time. The last line is
 * `N passed, N failed`, the exit code is 0 only if nothing failed. TEST_FOLDER names another folder of test files (for the tests of this runner).
 */

const concurrency = 2
const limitMilliseconds = 180_000
const here = fileURLToPath(new URL('.', import.meta.url))
const folder = process.env['TEST_FOLDER'] ?? here

function findFiles(patterns: readonly string[]): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts') && !file.includes('node_modules') && (patterns.length === 0 || patterns.some((pattern) => `test/${file}`.includes(pattern))))
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
      const failed = report ?? { passed: 0, failed: 1, skipped: 0, failures: [`The file ${why}.`] }
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
  const files = findFiles(process.argv.slice(2))
  const total = { passed: 0, failed: 0 }
  if (files.length === 0) {
    console.log('No test file matches.')
    total.failed = 1
  }
  const start = performance.now()
  const cluster = process.env['TEST_FOLDER'] === undefined && files.length > 0 ? await startTestCluster() : null
  if (cluster !== null) console.log(`PostgreSQL on port ${cluster.port} is ready with the template database, ${seconds(start)}. ${files.length} test files:`)
  try {
    const waiting = [...files]
    const work = async (): Promise<void> => {
      for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
        const began = performance.now()
        const report = await runFile(file, cluster)
        total.passed += report.passed
        total.failed += report.failed
        const skipped = report.skipped > 0 ? `, ${report.skipped} skipped` : ''
        console.log(`${report.failed === 0 ? '✔' : '✘'} ${relative(here, join(folder, file))}  ${report.passed} passed, ${report.failed} failed${skipped}  ${seconds(began)}`)
        for (const failure of report.failures) if (failure.trim() !== '') console.log(failure.replace(/^/gm, '    '))
      }
    }
    await Promise.all(Array.from({ length: concurrency }, work))
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
  console.log(error instanceof MigrationError ? `${error.message}\n${error.detail}\n${error.hint}` : error)
  console.log('0 passed, 1 failed')
  process.exitCode = 1
}
