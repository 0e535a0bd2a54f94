import { wholeBetween } from '../../soak/random.ts'
import type { EventFilter } from '../../server/event-filter.ts'
import { termsOf } from './plain-sql.ts'

/** What stands in a log, so that a random filter finds something now and then. */
export type Vocabulary = {
  readonly actions: readonly string[]
  readonly kinds: readonly string[]
  readonly ids: readonly string[]
  readonly actorIds: readonly string[]
  readonly requestIds: readonly string[]
  readonly instants: readonly string[]
  readonly days: readonly string[]
  readonly names: readonly string[]
  readonly acts: readonly string[]
}

const sources = ['app', 'api', 'admin', 'system', 'sql'] as const
const zones = ['UTC', 'Europe/Stockholm', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Apia'] as const

/** A filter of one to five conditions, made of what stands in the log, of what nearly does, and of what does not. */
export function randomFilter(random: () => number, words: Vocabulary): EventFilter {
  const one = <Item>(list: readonly Item[]): Item => {
    const item = list[Math.floor(random() * list.length)]
    if (item === undefined) throw new Error('The log has nothing to choose from.')
    return item
  }
  const some = <Item>(list: readonly Item[], most: number): Item[] => [...new Set(Array.from({ length: wholeBetween(random, 1, most) }, () => one(list)))]
  const makers: ReadonlyArray<() => EventFilter> = [
    () => ({ actions: some(words.actions, 4) }),
    () => ({ notActions: some(words.actions, 4) }),
    () => ({ sources: some(sources, 3) }),
    () => ({ notSources: some(sources, 3) }),
    () => between(one(words.instants), one(words.instants)),
    () => (random() < 0.5 ? { from: one(words.instants) } : { to: one(words.instants) }),
    () => ({ ...daysBetween(one(words.days), one(words.days)), ...(random() < 0.5 && { timeZone: one(zones) }) }),
    () => ({ actorId: one(words.actorIds) }),
    () => ({ objectKind: one(words.kinds) }),
    () => ({ objectId: one(words.ids) }),
    () => ({ ownerKind: one(words.kinds) }),
    () => ({ ownerId: one(words.ids) }),
    () => ({ requestId: one(words.requestIds) }),
    () => ({ act: one(words.acts) }),
    () => ({ rootsOnly: random() < 0.8 }),
    () => ({ query: randomQuery() }),
    () => ({ query: randomQuery() }),
    () => ({ query: randomQuery() }),
  ]

  function randomQuery(): string {
    const terms = Array.from({ length: wholeBetween(random, 1, 3) }, () => {
      const term = swapped(piece(one(words.names)))
      const luck = random()
      return `${luck < 0.2 ? '-' : ''}${luck > 0.7 ? `"${term.replaceAll('"', '')}"` : term}`
    })
    const query = terms.join(random() < 0.8 ? ' ' : '  ').replaceAll('\0', '').slice(0, 150)
    return query.isWellFormed() && query.trim() !== '' && termsOf(query).length > 0 && termsOf(query).length <= 8 ? query : 'manager'
  }

  /** A part of a name, by characters as people count them or not; mostly short. */
  function piece(name: string): string {
    const characters = [...name]
    const start = Math.floor(random() * characters.length)
    return characters.slice(start, start + wholeBetween(random, 1, random() < 0.7 ? 6 : 30)).join('') || 'x'
  }

  function swapped(term: string): string {
    const luck = random()
    if (luck < 0.25) return term.toUpperCase()
    if (luck < 0.5) return term.toLowerCase()
    return luck < 0.6 ? term.normalize('NFD') : term
  }

  const filter: EventFilter = {}
  for (let conditions = wholeBetween(random, 1, random() < 0.7 ? 2 : 5); conditions > 0; conditions -= 1) Object.assign(filter, one(makers)())
  // Ends of a period that conditions after one another gave.
  const { from, to, fromDay: _fromDay, toDay: _toDay, timeZone: _timeZone, ...others } = filter
  if (!from && !to) return filter
  return from && to && from >= to ? { ...others, from } : { ...others, ...(from && { from }), ...(to && { to }) }
}

function between(a: string, b: string): EventFilter {
  if (a === b) return { from: a }
  return a < b ? { from: a, to: b } : { from: b, to: a }
}

function daysBetween(a: string, b: string): EventFilter {
  return a < b ? { fromDay: a, toDay: b } : { fromDay: b, toDay: a }
}
