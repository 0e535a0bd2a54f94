import type { EventFilter } from './event-filter.ts'

/** The instants of a filter as the screens write them, `2026-03-01T22:00:00.5Z`; null where there is none, or where its year has no four digits in UTC. */
export interface UtcPeriod {
  readonly from: string | null
  readonly to: string | null
}

export interface ListPlace {
  /** Where the audit log is, with a slash at its end. */
  readonly mount: string
  /** The zone in which days begin, unless the address says another: the company's. */
  readonly timeZone: string
  readonly period: UtcPeriod
}

/**
 * The address at which the screens ask for just what a filter says, in the words of admin-ui/src/filter/event-filter.ts.
 * @returns null for what they cannot show
 */
export function listAddress(filter: EventFilter, { mount, timeZone, period }: ListPlace): string | null {
  const parts = [inLists(filter), periodIn(filter, timeZone, period), queryIn(filter), thingIn('object', filter.objectKind, filter.objectId), thingIn('owner', filter.ownerKind, filter.ownerId), actsIn(filter)]
  const pairs: Pair[] = []
  for (const part of parts) {
    if (part === null) return null
    pairs.push(...part)
  }
  const address = new URLSearchParams(pairs.map(([name, value]) => [name, value]))
  return `${mount}company/audit-log${address.size === 0 ? '' : `?${address}`}`
}

type Pair = readonly [name: string, value: string]
/** What stands in the address for one part of a filter; null if nothing there would mean the same. */
type Part = readonly Pair[] | null

const one = (name: string, value: string | null | undefined): Pair[] => (value ? [[name, value]] : [])
const each = (name: string, values: readonly string[] | null | undefined): Pair[] => (values ?? []).map((value) => [name, value] as const)

function inLists({ actions, notActions, sources, notSources, actorId, requestId, act }: EventFilter): Part {
  return [...each('action', actions), ...each('notAction', notActions), ...each('source', sources), ...each('notSource', notSources),
    ...one('actor', actorId), ...one('request', requestId), ...one('act', act)]
}

/** The screens know days, or two instants, and no mixture; the first and the last day of all bound nothing there. */
function periodIn({ from, to, fromDay, toDay, timeZone }: EventFilter, ofCompany: string, period: UtcPeriod): Part {
  if (from || to) {
    const begin = from ? period.from : '0001-01-01T00:00:00Z'
    const end = to ? period.to : '9999-12-31T23:59:59.999999Z'
    // They compare what a Date holds, which ends with milliseconds.
    return fromDay || toDay || begin === null || end === null || Date.parse(begin) >= Date.parse(end) ? null : [['from', begin], ['to', end]]
  }
  if (!fromDay && !toDay) return []
  if ((fromDay && fromDay <= '0001-01-01') || (toDay && toDay >= '9999-12-31')) return null
  const days = [...one('from', fromDay), ...one('to', toDay)]
  if (!timeZone || timeZone === ofCompany) return days
  return timeZone === 'UTC' ? [...days, ['zone', 'utc']] : null
}

function queryIn({ query }: EventFilter): Part {
  return query && query.trim() !== query ? null : one('q', query)
}

function thingIn(name: 'object' | 'owner', kind: string | null | undefined, id: string | null | undefined): Part {
  if (kind && id) return kind.includes('/') ? null : [[name, `${kind}/${id}`]]
  if (id) return null
  return name === 'object' ? one('kind', kind) : kind ? null : []
}

/** Unless an address says `entries=each`, the screens show one line for each act while nothing picks single entries out of it, and each entry otherwise. */
function actsIn({ actions, notActions, query, objectKind, objectId, ownerKind, ownerId, act, rootsOnly }: EventFilter): Part {
  const showsActs = !actions?.length && !notActions?.length && !query && !objectKind && !objectId && !ownerKind && !ownerId && !act
  if (rootsOnly) return showsActs ? [] : null
  return showsActs ? [['entries', 'each']] : []
}
