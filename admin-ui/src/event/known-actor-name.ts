import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query'
import { useDataProvider } from 'react-admin'
import { type AuditDataProvider, auditLog } from '../data-provider.ts'
import { nameApart } from '../filter/people.ts'
import { facetsKey } from '../filter/use-facets.ts'
import { useReadersLocale } from '../text/use-text.ts'
import type { ListedEvent } from './event.ts'
import type { EventFacets } from './event-numbers.ts'
import { eventsKey, type Pages } from './use-events.ts'

type Known = { readonly id: string | null; readonly name: string | null }

/** The people whom entries and choices name that are already on the screen. */
const knownPeople = (client: QueryClient): readonly Known[] => [
  ...client
    .getQueriesData<Pages>({ queryKey: [eventsKey] })
    .flatMap(([, pages]) => pages?.pages ?? [])
    .flatMap(({ data }) => data.map(({ actorId, actorName }) => ({ id: actorId, name: actorName }))),
  ...client
    .getQueriesData<EventFacets>({ queryKey: [facetsKey] })
    .flatMap(([, facets]) => facets?.actors ?? [])
    .map(({ value, label }) => ({ id: value, name: label ?? null })),
]

/** The name of a person by id: what is on the screen says it, or their newest entry, which is asked for once. Null while it is not known; with the id where somebody else on the screen has the same. */
export const useActorName = (id: string | null): string | null => {
  const client = useQueryClient()
  const dataProvider = useDataProvider<AuditDataProvider>()
  const locale = useReadersLocale()
  const people = id === null ? [] : knownPeople(client)
  const known = people.find((person) => person.id === id && person.name !== null)?.name ?? null
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
  const name = known ?? data ?? null
  return id === null || name === null ? name : nameApart(name, id, people)
}
