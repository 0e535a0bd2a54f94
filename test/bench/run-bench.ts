import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../bench/main.ts', import.meta.url))

/** Runs `npm run bench` with these arguments to its end. */
export function runBench(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' })
}

/** The first and second cell of each line of the table that a bench prints: what was measured, and its goal. */
export function linesOf(report: string): [string, string][] {
  const cells = report.split('\n').filter((line) => line.startsWith('| ')).map((line) => line.split('|').map((cell) => cell.trim()))
  return cells.slice(1).map((row) => [row[1] ?? '', row[2] ?? ''])
}
