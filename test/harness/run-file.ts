import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import { z } from 'zod'
import type { FileReport } from './report.ts'
import type { WatchedSuite } from './watched-uvu.ts'

/*
 * Runs one test file in a process of its own and sends a FileReport to its parent. uvu is driven as `uvu/run` does it
 * (UVU_DEFER, UVU_QUEUE), but its queue is executed here, because uvu.exec hides how much was meant to run.
 */

/** What uvu's runner of a suite resolves to: its errors as text or true, and how many passed, were skipped, were meant to run. */
const suiteResult = z.tuple([z.union([z.string(), z.literal(true)]), z.number(), z.number(), z.number()])
const queue: (() => Promise<unknown>)[][] = [[]]

async function runFile(path: string): Promise<FileReport> {
  const watched = new URL('watched-uvu.ts', import.meta.url).href
  registerHooks({
    resolve: (specifier, context, next) => next(specifier === 'uvu' && context.parentURL !== watched ? watched : specifier, context),
  })
  Object.assign(globalThis, { UVU_DEFER: 1, UVU_INDEX: 0, UVU_QUEUE: queue })
  const { suites } = await import('./watched-uvu.ts')
  try {
    await import(pathToFileURL(path).href)
  } catch (error) {
    return { passed: 0, failed: 1, skipped: 0, failures: [`The file cannot be loaded.\n${describeError(error)}`], times: [] }
  }
  const report: FileReport = { passed: 0, failed: 0, skipped: 0, failures: [], times: [] }
  for (const run of queue.flat()) await runSuite(run, report)
  for (const suite of suites) addForgotten(suite, report)
  report.times = suites.flatMap(({ times }) => times)
  if (report.passed + report.failed === 0) fail(report, 1, 'The file runs no test.')
  return report
}

async function runSuite(run: () => Promise<unknown>, report: FileReport): Promise<void> {
  try {
    const [errors, passed, skipped, total] = suiteResult.parse(await run())
    report.passed += passed
    report.skipped += skipped
    report.failed += total - passed
    if (errors !== true) report.failures.push(errors)
  } catch (error) {
    fail(report, 1, `A suite ended with an error.\n${describeError(error)}`)
  }
}

function addForgotten(suite: WatchedSuite, report: FileReport): void {
  const name = suite.name === '' ? 'The suite' : `The suite "${suite.name}"`
  if (!suite.isRun && suite.tests > 0) fail(report, suite.tests, `${name} is never run: its .run() is missing.`)
  if (suite.isRun && suite.tests === 0) fail(report, 1, `${name} has no test.`)
  if (suite.hasOnly) fail(report, 1, `${name} runs only some of its tests: remove .only.`)
  for (const { hook, error } of suite.hookErrors) {
    // uvu counts the tests that a failing hook kept from running; an error after the last test is counted by nobody.
    fail(report, hook === 'after' || suite.tests === 0 ? 1 : 0, `${name}: its ${hook} failed.\n${describeError(error)}`)
  }
}

function fail(report: FileReport, count: number, text: string): void {
  report.failed += count
  report.failures.push(text)
}

function describeError(error: unknown): string {
  return inspect(error, { depth: 4 })
}

const path = process.argv[2]
if (path === undefined || process.send === undefined) throw new Error('run-file.ts is started by test/run.ts: npm test -- <part of a path>')
process.on('disconnect', () => process.exit(1))
const report = await runFile(path)
process.send(report, undefined, undefined, () => process.exit(report.failed === 0 ? 0 : 1))
