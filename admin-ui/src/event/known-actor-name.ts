import type { QueryClient } from '@tanstack/react-query'
import { facetsKey } from '../filter/use-facets.ts'
import type { EventFacets } from './event-numbers.ts'
import { eventsKey, type Pages } from './use-events.ts'

/** The name of a person as an entry or a choice says it that is already on the screen. */
export const knownActorName = (client: QueryClient, id: string): string | null => {
  for (const [, pages] of client.getQueriesData<Pages>({ queryKey: [eventsKey] })) {
    const event = pages?.pages.flatMap(({ data }) => data).find(({ actorId }) => actorId === id)
    if (event) return event.actorName
  }
  for (const [, facets] of client.getQueriesData<EventFacets>({ queryKey: [facetsKey] })) {
    const actor = facets?.actors.find(({ value }) => value === id)
    if (actor?.label) return actor.label
  }
  return null
}
