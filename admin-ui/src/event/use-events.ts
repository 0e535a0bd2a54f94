import { type InfiniteData, keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { type GetListResult, useDataProvider, useGetOne } from 'react-admin'
import { type AuditDataProvider, auditLog } from '../data-provider.ts'
import type { EventFilterInput } from '../filter/event-filter.ts'
import { useReadersLocale } from '../text/use-text.ts'
import type { ListedEvent, WholeEvent } from './event.ts'

/** Under this key lie the pages of every list that was asked for. */
export const eventsKey = 'events'

export type Pages = InfiniteData<GetListResult<ListedEvent>, string | null>

const pageSize = 50

/** Whether there are more entries than those shown, and how loading them goes. */
export type More = 'none' | 'ready' | 'loading' | 'failed'

type Paging = {
  readonly isFetchNextPageError: boolean
  readonly isFetchingNextPage: boolean
  readonly hasNextPage: boolean
}

const moreOf = ({ isFetchNextPageError, isFetchingNextPage, hasNextPage }: Paging): More => {
  if (isFetchingNextPage) return 'loading'
  if (isFetchNextPageError) return 'failed'
  return hasNextPage ? 'ready' : 'none'
}

/**
 * The list, page by page, by key: new entries shift nothing. A new question ends the one before it; while it runs, the
 * old answer stays (`isPlaceholderData`).
 */
export const useEventPages = (input: EventFilterInput, enabled: boolean) => {
  const dataProvider = useDataProvider<AuditDataProvider>()
  const locale = useReadersLocale()
  const pages = useInfiniteQuery<GetListResult<ListedEvent>, Error, Pages, readonly unknown[], string | null>({
    queryKey: [eventsKey, input, locale],
    queryFn: ({ pageParam, signal }) =>
      dataProvider.getList<ListedEvent>(auditLog, {
        filter: input,
        sort: { field: 'occurredAt', order: 'DESC' },
        pagination: { page: 1, perPage: pageSize },
        meta: { after: pageParam, locale },
        signal,
      }),
    enabled,
    initialPageParam: null,
    getNextPageParam: (last): string | null => (last.pageInfo?.hasNextPage ? last.meta.endCursor : null),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const events = useMemo(() => pages.data?.pages.flatMap(({ data }) => data) ?? [], [pages.data])
  // That a further page failed is said below the list; it does not take the list away.
  return { ...pages, events, more: moreOf(pages), failure: pages.isFetchNextPageError ? null : pages.error }
}

/** How many entries there are for the filter; asked for again every minute, so that new ones are noticed. */
export const useEventCount = (input: EventFilterInput, enabled = true) => {
  const dataProvider = useDataProvider<AuditDataProvider>()
  return useQuery({
    queryKey: ['count', input],
    queryFn: ({ signal }) => dataProvider.countEvents(input, signal),
    enabled,
    refetchInterval: 60_000,
  })
}

/** An entry with everything that is known of it. */
export const useEvent = (id: string) => {
  const locale = useReadersLocale()
  return useGetOne<WholeEvent>(auditLog, { id, meta: { locale } }, { staleTime: Number.POSITIVE_INFINITY })
}

const mostOfAnAct = 100

/** The entries of an act, the oldest first; of a very large one the first hundred. */
export const useAct = (act: string, enabled = true) => {
  const dataProvider = useDataProvider<AuditDataProvider>()
  const locale = useReadersLocale()
  return useQuery({
    queryKey: ['act', act, locale],
    queryFn: ({ signal }) =>
      dataProvider.getList<ListedEvent>(auditLog, {
        filter: { act },
        sort: { field: 'occurredAt', order: 'ASC' },
        pagination: { page: 1, perPage: mostOfAnAct },
        meta: { locale },
        signal,
      }),
    enabled,
    staleTime: Number.POSITIVE_INFINITY,
  })
}
