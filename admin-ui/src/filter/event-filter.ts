import { isBesides, listNames as lists, queryName, textNames as texts, thingNames as things } from './address-names.ts'
import { type Period, periodToInstants, readPeriod, writePeriod } from './period.ts'
import { hasWord, searchFor } from './search-words.ts'

/** A row that a filter names: `{ kind: 'customer', id: '42' }`, in the address `customer/42`. */
export type Thing = { readonly kind: string; readonly id: string }

/** What the list is narrowed by. The address holds it, nothing else does. */
export type EventFilter = {
  readonly actions: readonly string[]
  readonly notActions: readonly string[]
  readonly sources: readonly string[]
  readonly notSources: readonly string[]
  readonly period: Period | null
  readonly query: string
  readonly actor: string | null
  /** What kind of thing it happened to: `customer`. A filter by object says it already. */
  readonly kind: string | null
  readonly object: Thing | null
  readonly owner: Thing | null
  readonly request: string | null
  readonly act: string | null
}

/** `input EventFilter` of the GraphQL schema. */
export type EventFilterInput = {
  actions?: readonly string[]
  notActions?: readonly string[]
  sources?: readonly string[]
  notSources?: readonly string[]
  from?: string
  to?: string
  query?: string
  actorId?: string
  objectKind?: string
  objectId?: string
  ownerKind?: string
  ownerId?: string
  requestId?: string
  act?: string
  rootsOnly?: boolean
}

/** The filter that lets everything through. */
export const noFilter: EventFilter = {
  actions: [],
  notActions: [],
  sources: [],
  notSources: [],
  period: null,
  query: '',
  actor: null,
  kind: null,
  object: null,
  owner: null,
  request: null,
  act: null,
}

/** Reads `customer/42`; null if it names no thing. */
export const readThing = (text: string | null): Thing | null => {
  const slash = text?.indexOf('/') ?? -1
  return text === null || slash < 1 || slash === text.length - 1
    ? null
    : { kind: text.slice(0, slash), id: text.slice(slash + 1) }
}

/** Reads the filter from the query part of the address; what cannot be read is in `filterFaults`. */
export const readFilter = (address: URLSearchParams): EventFilter => ({
  actions: [...new Set(address.getAll(lists.actions))],
  notActions: [...new Set(address.getAll(lists.notActions))],
  sources: [...new Set(address.getAll(lists.sources))],
  notSources: [...new Set(address.getAll(lists.notSources))],
  period: readPeriod(address),
  query: searchFor(address.get(queryName) ?? ''),
  actor: address.get(texts.actor) || null,
  kind: address.get(texts.kind) || null,
  object: readThing(address.get(things.object)),
  owner: readThing(address.get(things.owner)),
  request: address.get(texts.request) || null,
  act: address.get(texts.act) || null,
})

/** A new query part with this filter in place of the old one and of what was wrong; how the list is shown stays. */
export const writeFilter = (filter: EventFilter, address: URLSearchParams): URLSearchParams => {
  const next = new URLSearchParams(address)
  for (const name of new Set(address.keys())) if (!isBesides(name, address.getAll(name))) next.delete(name)
  for (const value of filter.actions) next.append(lists.actions, value)
  for (const value of filter.notActions) next.append(lists.notActions, value)
  for (const value of filter.sources) next.append(lists.sources, value)
  for (const value of filter.notSources) next.append(lists.notSources, value)
  writePeriod(filter.period, next)
  if (hasWord(filter.query)) next.set(queryName, filter.query)
  if (filter.actor !== null) next.set(texts.actor, filter.actor)
  if (filter.kind !== null) next.set(texts.kind, filter.kind)
  if (filter.object !== null) next.set(things.object, `${filter.object.kind}/${filter.object.id}`)
  if (filter.owner !== null) next.set(things.owner, `${filter.owner.kind}/${filter.owner.id}`)
  if (filter.request !== null) next.set(texts.request, filter.request)
  if (filter.act !== null) next.set(texts.act, filter.act)
  return next
}

/** Whether nothing is narrowed. */
export const isEmpty = (filter: EventFilter): boolean => writeFilter(filter, new URLSearchParams()).size === 0

/**
 * Whether the entries of an act can be shown as one line: only while the filter lets an act through as a whole.
 * Who looks for a role wants to see the role, not the customer that took it along.
 */
export const letsActsThrough = (filter: EventFilter): boolean =>
  filter.actions.length === 0 &&
  filter.notActions.length === 0 &&
  !hasWord(filter.query) &&
  filter.kind === null &&
  filter.object === null &&
  filter.owner === null &&
  filter.act === null

/** What the server is asked for. Days become instants in the zone, in which it is `today`. */
export const toInput = (filter: EventFilter, zone: string, today: string): EventFilterInput => ({
  ...(filter.actions.length === 0 ? {} : { actions: filter.actions }),
  ...(filter.notActions.length === 0 ? {} : { notActions: filter.notActions }),
  ...(filter.sources.length === 0 ? {} : { sources: filter.sources }),
  ...(filter.notSources.length === 0 ? {} : { notSources: filter.notSources }),
  ...periodToInstants(filter.period, zone, today),
  ...(hasWord(filter.query) ? { query: searchFor(filter.query) } : {}),
  ...(filter.actor === null ? {} : { actorId: filter.actor }),
  ...(filter.kind === null ? {} : { objectKind: filter.kind }),
  ...(filter.object === null ? {} : { objectKind: filter.object.kind, objectId: filter.object.id }),
  ...(filter.owner === null ? {} : { ownerKind: filter.owner.kind, ownerId: filter.owner.id }),
  ...(filter.request === null ? {} : { requestId: filter.request }),
  ...(filter.act === null ? {} : { act: filter.act }),
})
