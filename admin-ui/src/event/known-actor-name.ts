import type { QueryClient } from '@tanstack/react-query'
import { eventsKey, type Pages } from './use-events.ts'

/** The name of a person as an entry says it that is already on the screen. */
export const knownActorName = (client: QueryClient, id: string): string | null => {
  for (const [, pages] of client.getQueriesData<Pages>({ queryKey: [eventsKey] })) {
    const event = pages?.pages.flatMap(({ data }) => data).find(({ actorId }) => actorId === id)
    if (event) return event.actorName
  }
  return null
}
