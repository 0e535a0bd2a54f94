import type { Key, Share } from './client.ts'

/**
 * What was found, in rows. Half of the clients run with `synchronous_commit = off`: what they were told is deleted may be there
 * again after a crash, if no entry speaks of it (`lostAllowed`).
 */
export type Found = {
  acknowledged: number
  /** Acknowledged, but the row is there again or the entry is missing. */
  lost: number
  /** Deleted without an entry, an entry without a deletion, or a row gone that nobody deleted for good. */
  unexpected: number
  /** More than one entry for one deletion. */
  duplicated: number
  /** Committed, although the crash came before the answer. */
  recovered: number
  lostAllowed: number
}

export const projectsPerCustomer = 3

/** The projects of a customer are numbered after it. */
export function projectsOf(customer: number): number[] {
  return Array.from({ length: projectsPerCustomer }, (_, index) => customer * 10 + index + 1)
}

/**
 * Judges each planted row by what its client knows of it.
 * @param left the rows that are still there.
 * @param entries how many entries say that a row was deleted.
 */
export function judge(shares: readonly Pick<Share, 'planted' | 'outcomes' | 'isSynchronous'>[], left: ReadonlySet<Key>, entries: ReadonlyMap<Key, number>): Found {
  const found: Found = { acknowledged: 0, lost: 0, unexpected: 0, duplicated: 0, recovered: 0, lostAllowed: 0 }
  for (const { planted, outcomes, isSynchronous } of shares) {
    for (let customer = planted.first; customer <= planted.last; customer += 1) {
      for (const key of [`customer ${customer}`, ...projectsOf(customer).map((id) => `project ${id}`)]) {
        const outcome = outcomes.get(key)
        const isDeleted = !left.has(key)
        const count = entries.get(key) ?? 0
        if (count > 1) found.duplicated += 1
        if (isDeleted !== count > 0 || (isDeleted && outcome === undefined)) found.unexpected += 1
        if (outcome === 'unknown' && isDeleted) found.recovered += 1
        if (outcome !== 'acknowledged') continue
        found.acknowledged += 1
        if (isDeleted && count > 0) continue
        if (isSynchronous || isDeleted) found.lost += 1
        else found.lostAllowed += 1
      }
    }
  }
  return found
}
