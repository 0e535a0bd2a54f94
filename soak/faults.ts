import { setTimeout as sleep } from 'node:timers/promises'
import type { SoakDatabase } from './database.ts'

/** What was done to the database under load; times in milliseconds since the load began. */
export type Fault = {
  what: 'restart' | 'pause'
  from: number
  until: number
  /** Milliseconds from when the database was there again to the first list. */
  recovery: number
}

/** Milliseconds: within so many of the database the server promises to answer again (docs/operation.md). */
export const longestRecovery = 5_000

/** Milliseconds at most that the database is away, and that it stands still: longer than a query may take, so that what waits for it is given up. */
const most = { restart: 5_000, pause: 15_000 }

/**
 * Restarts the database once and pauses it once, after a third and two thirds of a load.
 * @param now milliseconds since the load began
 * @param isAnswered whether a list is answered
 * @param begun told of each fault when it begins; its end and recovery are filled in later
 */
export async function makeFaults(database: SoakDatabase, duration: number, now: () => number, isAnswered: () => Promise<boolean>, begun: (fault: Fault) => void): Promise<void> {
  for (const [what, share] of [['restart', 1 / 3], ['pause', 2 / 3]] as const) {
    await sleep(Math.max(0, duration * share - now()))
    const fault: Fault = { what, from: now(), until: Infinity, recovery: Infinity }
    begun(fault)
    const away = Math.min(most[what], duration / 8)
    if (what === 'restart') {
      await database.stop()
      await sleep(away)
      await database.start()
    } else {
      database.signal('SIGSTOP')
      await sleep(away)
      database.signal('SIGCONT')
    }
    fault.until = now()
    while (!await isAnswered() && now() - fault.until < 12 * longestRecovery) await sleep(20)
    fault.recovery = now() - fault.until
  }
}

/** Whether what went on from then to then and failed did so at a time of a fault, or while the server still had to find back. */
export function isExplained({ from, until }: { from: number; until: number }, faults: readonly Fault[]): boolean {
  return faults.some((fault) => from <= fault.until + longestRecovery && until >= fault.from)
}
