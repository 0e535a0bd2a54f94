import { type InfiniteData, keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useDeferredValue, useMemo, useState } from 'react'
import { type GetListResult, useDataProvider, useGetOne } from 'react-admin'
import { type AuditDataProvider, auditLog } from '../data-provider.ts'
import type { EventFilterInput } from '../filter/event-filter.ts'
import { useReadersLocale } from '../text/use-text.ts'
import type { ListedEvent, WholeEvent } from './event.ts'
import type { Folded } from './fold-export-ends.ts'

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

/** What a list shows: entries, and the search that they answer, whose words are marked in them. */
export type Answer = Folded & { readonly query: string }

/**
 * The answer as it is drawn. It follows what came when there is time for it: a thousand rows are put up, or taken away,
 * in pieces between which keys and clicks are heard. While an older answer stands for one on its way, the words of its
 * own search stay marked.
 */
export const useDrawnAnswer = (folded: Folded, query: string, isOlder: boolean) => {
  const [own, setOwn] = useState(query)
  if (!isOlder && own !== query) setOwn(query)
  const answer = useMemo((): Answer => ({ ...folded, query: own }), [folded, own])
  const drawn = useDeferredValue(answer)
  return { drawn, isDrawn: drawn === answer }
}

/** Under this key lie the numbers of entries that were asked for. */
export const countKey = 'count'

/** How many entries there are for the filter: exactly, or more than that. */
export const useEventCount = (input: EventFilterInput, enabled = true) => {
  const dataProvider = useDataProvider<AuditDataProvider>()
  return useQuery({
    queryKey: [countKey, input],
    queryFn: ({ signal }) => dataProvider.countEvents(input, signal),
    enabled,
    staleTime: Number.POSITIVE_INFINITY,
  })
}

/** How far back a new entry may lie: its time is that of the deed, and it is seen when its transaction ends. */
const longestTransaction = 60_000
const pulse = 15_000

/**
 * How many entries have arrived since the list was read, counted from the newest one on it: so the question is small
 * however many entries there are. Undefined while nothing is known.
 */
export const useArrivals = (input: EventFilterInput, readAt: number, newest: string | undefined): number | undefined => {
  const dataProvider = useDataProvider<AuditDataProvider>()
  const since = new Date((newest === undefined ? readAt : Date.parse(newest)) - longestTransaction).toISOString()
  const from = input.from !== undefined && input.from > since ? input.from : since
  const isOver = input.to !== undefined && Date.parse(input.to) <= Date.parse(from)
  const { data } = useQuery({
    queryKey: ['arrivals', input, readAt, from],
    queryFn: async ({ signal, client, queryKey }) => {
      const { count } = await dataProvider.countEvents({ ...input, from }, signal)
      const known = client.getQueryData<{ first: number; now: number }>(queryKey)
      return { first: known?.first ?? count, now: count }
    },
    enabled: readAt > 0 && !isOver,
    refetchInterval: pulse,
    refetchIntervalInBackground: false,
  })
  return data && Math.max(0, data.now - data.first)
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

/** The entry that says how an export ended, the last one if its reader left at the very end; null while it has not, undefined where the entry is no export's beginning. */
export const useExportEnd = ({ id, action, objectKind }: WholeEvent) => {
  const dataProvider = useDataProvider<AuditDataProvider>()
  const locale = useReadersLocale()
  return useQuery({
    queryKey: ['export-end', id, locale],
    queryFn: async ({ signal }) => {
      const { data } = await dataProvider.getList<ListedEvent>(auditLog, {
        filter: { ...(objectKind === null ? {} : { objectKind }), objectId: id, actions: [action.replace('.exported', '.export_ended')] },
        sort: { field: 'occurredAt', order: 'DESC' },
        pagination: { page: 1, perPage: 1 },
        meta: { locale },
        signal,
      })
      return data[0] ?? null
    },
    enabled: action.endsWith('.exported'),
  })
}
