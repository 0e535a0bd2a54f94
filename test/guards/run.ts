import { spawn } from 'node:child_process'
import { appendFileSync, chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { guards, type Guard } from './guards.ts'

/*
 * npm run test:guards [-- <part of a guard's name, its file or its tests> …]: takes one guard away at a time, in a copy of the checkout, and
 * expects that a test which watches it fails. The exit code is 0 only if every guard is watched. What was found stands
 * in results.md. A file has 90 seconds; TEST_LIMIT_MS gives it more on a loaded machine.
 */

type Finding = { isWatched: boolean; says: string }

const checkout = fileURLToPath(new URL('../..', import.meta.url))
const resultsFile = fileURLToPath(new URL('results.md', import.meta.url))
const leftOut = ['node_modules', '.data', '.git', 'dist'].map((name) => join(checkout, name))
/** Runs as a superuser in the template database, after the migration. */
const afterMigration = 'host-app/attach.sql'
const committed = 'db/migrations/committed'

/** A copy of the checkout that goes when this process ends; the dependencies are shared. */
function copyCheckout(): string {
  const folder = mkdtempSync(join(tmpdir(), 'audit-log-guards-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  chmodSync(folder, 0o755)
  cpSync(checkout, folder, { recursive: true, filter: (source) => !leftOut.includes(source) })
  symlinkSync(join(checkout, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

const fixtures = 'db/migrations/fixtures/'

/**
 * Takes a text away from where committed migrations have included a file: they hold the text of that file as it was then.
 * In the checkout none of it may change; in the copy a changed one says that its hash is not right.
 * @returns what undoes it
 */
function takeFromCommitted(folder: string, file: string, text: string, without: string): () => void {
  const name = file.slice(fixtures.length)
  const begin = `--! Included ${name}\n`
  const end = `--! EndIncluded ${name}`
  const undo = readdirSync(join(folder, committed)).filter((migration) => migration.endsWith('.sql')).map((migration) => {
    const path = join(folder, committed, migration)
    const whole = readFileSync(path, 'utf8')
    const taken = whole.split(begin).map((part, index) => {
      if (index === 0) return part
      const length = part.indexOf(end)
      return part.slice(0, length).replaceAll(text, () => without) + part.slice(length)
    }).join(begin)
    if (taken !== whole) writeFileSync(path, taken.replace(/^--! Hash: .*\n/m, '$&--! AllowInvalidHash\n'))
    return () => writeFileSync(path, whole)
  })
  return () => undo.forEach((restore) => restore())
}

async function take(guard: Guard, folder: string): Promise<Finding> {
  const path = join(folder, 'file' in guard ? guard.file : afterMigration)
  const whole = readFileSync(path, 'utf8')
  let restoreCommitted = (): void => undefined
  if ('file' in guard) {
    const times = whole.split(guard.text).length - 1
    if (times !== 1) return { isWatched: false, says: `cannot be taken away: its text stands ${times} times in ${guard.file}` }
    writeFileSync(path, whole.replace(guard.text, () => guard.without))
    if (guard.file.startsWith(fixtures)) restoreCommitted = takeFromCommitted(folder, guard.file, guard.text, guard.without)
  } else {
    appendFileSync(path, `\nreset role;\n${guard.statement};\n`)
  }
  try {
    return findingOf(await runTests(folder, guard.tests))
  } finally {
    writeFileSync(path, whole)
    restoreCommitted()
  }
}

function runTests(folder: string, tests: readonly string[]): Promise<string> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, ['test/run.ts', ...tests], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, TEST_LIMIT_MS: process.env['TEST_LIMIT_MS'] ?? '90000' } })
    running = child
    let output = ''
    child.stdout.on('data', (chunk) => { output += String(chunk) })
    child.on('error', fail)
    child.on('close', () => done(stripVTControlCharacters(output)))
  })
}

/** A test must fail by name: a program that no longer starts watches nothing. */
function findingOf(output: string): Finding {
  const failed = [...output.matchAll(/^\s*FAIL\s+(.+?)\s+"(.+)"\s*$/gm)].map(([, suite, test]) => `${suite}: ${test}`)
  const [first, ...others] = [...new Set(failed)]
  if (first !== undefined) return { isWatched: true, says: others.length === 0 ? first : `${first} (and ${others.length} more)` }
  // Tests had begun, so that it is not the start that fails: a file that cannot be loaded says so.
  const ended = /^✘ (\S+) [^]*?The file (ended \(.+?\) before its tests were finished|took too long and was ended[^]*?•)/m.exec(output)
  if (ended !== null) return { isWatched: true, says: `${ended[1]} ${ended[2]?.split('.')[0]}` }
  const counts = output.trimEnd().split('\n').at(-1) ?? ''
  if (/^[1-9]\d* passed, 0 failed$/.test(counts)) return { isWatched: false, says: `no test fails: ${counts}` }
  return { isWatched: false, says: `the tests cannot be run without it: ${output.trimEnd().split('\n').slice(-6).join(' ').slice(0, 400)}` }
}

/** Keeps what an earlier run found of guards that were not tried now. */
function writeResults(findings: ReadonlyMap<string, Finding>): void {
  const today = new Date().toISOString().slice(0, 10)
  const before = new Map((existsSync(resultsFile) ? readFileSync(resultsFile, 'utf8') : '').split('\n').filter((line) => /^\| \d{4}-/.test(line)).map((line) => [line.split(' | ')[1], line]))
  const rows = guards.flatMap(({ name }) => {
    const found = findings.get(name)
    const line = found === undefined ? before.get(name) : `| ${today} | ${name} | ${found.isWatched ? '' : '**not watched**: '}${found.says.replaceAll('|', '\\|')} |`
    return line === undefined ? [] : [line]
  })
  writeFileSync(resultsFile, `# Guards and the tests that fail without them\n\nWritten by \`npm run test:guards\`.\n\n| date | guard | without it fails |\n|---|---|---|\n${rows.join('\n')}\n`)
}

let running: ReturnType<typeof spawn> | undefined
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    running?.kill(signal)
    process.exit(130)
  })
}

const patterns = process.argv.slice(2)
const wordsOf = (guard: Guard): string => [guard.name, 'file' in guard ? guard.file : guard.statement, ...guard.tests].join('\n').toLowerCase()
const wanted = guards.filter((guard) => patterns.length === 0 || patterns.some((part) => wordsOf(guard).includes(part.toLowerCase())))
const folder = copyCheckout()
const findings = new Map<string, Finding>()
for (const guard of wanted) {
  const began = performance.now()
  const finding = await take(guard, folder)
  findings.set(guard.name, finding)
  console.log(`${finding.isWatched ? '✔' : '✘'} ${guard.name}\n    → ${finding.says}  ${((performance.now() - began) / 1000).toFixed(1)} s`)
  writeResults(findings)
}
const watched = [...findings.values()].filter(({ isWatched }) => isWatched).length
console.log(`${watched} watched, ${wanted.length - watched} not watched`)
process.exitCode = wanted.length > 0 && watched === wanted.length ? 0 : 1
