import { writeFileSync } from 'node:fs'
import type { Kept, Use } from './scans.ts'

/** The variables by which `npm run test:plans` asks for more entries, and where each test file leaves what it found. */
export const entriesVariable = 'PLAN_ENTRIES'
export const resultsVariable = 'PLAN_RESULTS'

/** A question, the index that it must use, and what it used. */
export type PlanResult = { what: string; index: string } & Use

/** How many entries to fill: those of `npm run test:plans`, or else few. */
export function entriesOr(few: number): number {
  return Number(process.env[entriesVariable] ?? few)
}

/** Leaves what was found where `npm run test:plans` looks for it; nowhere in `npm test`. */
export function leaveResults(name: string, results: readonly PlanResult[], kept: Kept | null): void {
  const folder = process.env[resultsVariable]
  if (folder !== undefined) writeFileSync(`${folder}/${name}.json`, JSON.stringify({ kept, results }))
}
