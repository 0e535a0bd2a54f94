import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query'
import { useDataProvider } from 'react-admin'
import { type AuditDataProvider, auditLog } from '../data-provider.ts'
import { facetsKey } from '../filter/use-facets.ts'
import { useReadersLocale } from '../text/use-text.ts'
import type { ListedEvent } from './event.ts'
import type { EventFacets } from './event-numbers.ts'
import { eventsKey, type Pages } from './use-events.ts'

/** The name of a person as an entry or a choice says it that is already on the screen. */
const knownName = (client: QueryClient, id: string): string | null => {
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

/** The name of a person by id: what is on the screen says it, or their newest entry, which is asked for once. Null while it is not known. */
export const useActorName = (id: string | null): string | null => {
  const client = useQueryClient()
  const dataProvider = useDataProvider<AuditDataProvider>()
  const locale = useReadersLocale()
  const known = id === null ? null : knownName(client, id)
  const { data } = useQuery({
    queryKey: ['actor-name', id],
    queryFn: async ({ signal }) => {
      const { data } = await dataProvider.getList<ListedEvent>(auditLog, {
        filter: { actorId: id },
        sort: { field: 'occurredAt', order: 'DESC' },
        pagination: { page: 1, perPage: 1 },
        meta: { locale },
        signal,
      })
      return data[0]?.actorName ?? null
    },
    enabled: id !== null && known === null,
    staleTime: Number.POSITIVE_INFINITY,
  })
  return known ?? data ?? null
}
