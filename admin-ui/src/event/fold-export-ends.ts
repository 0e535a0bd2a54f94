import type { EventFilterInput } from '../filter/event-filter.ts'
import type { ListedEvent, SentencePart } from './event.ts'

/** Entries as lines, and by the number of an export's beginning the entry about its end, which has no line of its own. */
export type Folded = { readonly events: readonly ListedEvent[]; readonly ends: ReadonlyMap<string, ListedEvent> }

export const notFolded = (events: readonly ListedEvent[]): Folded => ({ events, ends: new Map() })

/** Puts the end of an export into the line of its beginning, where both are there. Of several ends, the last counts. */
export const foldExportEnds = (events: readonly ListedEvent[]): Folded => {
  const begun = new Set(events.filter(({ action }) => action.endsWith('.exported')).map(({ id }) => id))
  const ends = new Map<string, ListedEvent>()
  const isFolded = (event: ListedEvent) => event.action.endsWith('.export_ended') && event.objectId !== null && begun.has(event.objectId) && outcomeIn(event).length > 0
  for (const event of events) {
    if (isFolded(event) && event.objectId !== null && !ends.has(event.objectId)) ends.set(event.objectId, event)
  }
  return { events: events.filter((event) => !isFolded(event)), ends }
}

/** How the ends of exports are called of which every installation knows. */
const endActions = ['audit.export_ended', 'projects.export_ended', 'customers.export_ended', 'contacts.export_ended'] as const

/**
 * What is asked for to count the lines of a list that puts the ends of exports into the lines of their beginnings. Of an
 * export that began before the period, the end has a line that is not counted, until all of the list is there.
 */
export const withoutExportEnds = (input: EventFilterInput): EventFilterInput => ({ ...input, notActions: [...(input.notActions ?? []), ...endActions] })

/** What the sentence about an export's end says beyond its beginning: `was completed (4 rows)`. Nothing where it is worded otherwise. */
const outcomeIn = ({ sentenceParts: [actor, ofWhat, ...outcome] }: ListedEvent): readonly SentencePart[] =>
  actor?.part === 'actor' && ofWhat?.part === 'text' ? outcome : []

/** The same after the sentence of the beginning; the rows, only if that does not say them already. */
export const outcomeAfter = (begun: ListedEvent, end: ListedEvent): readonly SentencePart[] => {
  const outcome = outcomeIn(end)
  return begun.sentenceParts.some(({ part }) => part === 'count') ? outcome.slice(0, 1) : outcome
}
