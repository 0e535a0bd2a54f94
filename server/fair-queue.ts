import type { Refusal } from './refusal.ts'

/** Who waits. */
export interface Waiter {
  readonly companyId: string
  readonly personId: string
}

export interface FairQueueOptions {
  /** How many are let in at once. */
  readonly running: number
  /** How many may wait; the next one is refused. */
  readonly waiting: number
  /** Milliseconds that one may wait. */
  readonly patience: number
  /** What is thrown at whoever cannot wait, or has waited too long. */
  readonly refuse: (detail: string) => Refusal
}

/** Lets a few in at once, and nobody before others who had less. */
export interface FairQueue {
  /**
   * Waits for a turn.
   * @param signal given up while waiting, for example because the client left
   * @returns what to call when the work is done
   * @throws what `refuse` makes, if too many wait, or for too long; the reason of the signal if it is aborted
   */
  readonly enter: (who: Waiter, signal: AbortSignal) => Promise<() => void>
  readonly size: () => { readonly running: number; readonly waiting: number }
  /** How many are let in at once. */
  readonly places: number
}

interface Waiting extends Waiter {
  readonly admit: () => void
}

/**
 * A free place goes to the company with the fewest running, among these to the one served longest ago, then to the person
 * by the same rule, then to who came first. One company never holds all places, unless there is only one.
 */
export function makeFairQueue({ running: places, waiting: most, patience, refuse }: FairQueueOptions): FairQueue {
  const running: Waiter[] = []
  const waiting: Waiting[] = []
  /** When somebody was last let in, by company and by person; emptied whenever all is quiet. */
  const served = new Map<string, number>()
  let turn = 0

  const personKey = ({ companyId, personId }: Waiter) => JSON.stringify([companyId, personId])
  const rank = (who: Waiter) => [
    running.filter(({ companyId }) => companyId === who.companyId).length, served.get(who.companyId) ?? 0,
    running.filter((other) => personKey(other) === personKey(who)).length, served.get(personKey(who)) ?? 0,
  ]
  const mayEnter = ({ companyId }: Waiter) => places === 1 || running.filter((other) => other.companyId === companyId).length < places - 1

  function admitNext(): void {
    while (running.length < places) {
      const [next] = waiting.filter(mayEnter).map((who) => ({ who, rank: rank(who) })).sort((a, b) => compare(a.rank, b.rank))
      if (next === undefined) return
      waiting.splice(waiting.indexOf(next.who), 1)
      running.push(next.who)
      turn += 1
      served.set(next.who.companyId, turn)
      served.set(personKey(next.who), turn)
      next.who.admit()
    }
  }

  return {
    places,
    size: () => ({ running: running.length, waiting: waiting.length }),
    enter: (who, signal) => new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const entry: Waiting = {
        ...who,
        admit: () => {
          stopWaiting()
          resolve(leave)
        },
      }
      const giveUp = (reason: unknown) => {
        stopWaiting()
        const at = waiting.indexOf(entry)
        if (at >= 0) waiting.splice(at, 1)
        reject(reason)
      }
      const left = () => giveUp(signal.reason)
      const timer = setTimeout(() => giveUp(refuse(`It waited ${Math.round(patience / 1_000)} seconds for its turn.`)), patience)
      const stopWaiting = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', left)
      }
      const leave = () => {
        const at = running.indexOf(entry)
        if (at < 0) return
        running.splice(at, 1)
        admitNext()
        if (running.length === 0) served.clear()
      }
      signal.addEventListener('abort', left, { once: true })
      waiting.push(entry)
      admitNext()
      if (waiting.length > most) giveUp(refuse(`${most} are waiting already.`))
    }),
  }
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
