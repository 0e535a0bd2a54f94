import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useDataProvider } from 'react-admin'
import type { AuditDataProvider } from '../data-provider.ts'
import type { EventFilterInput } from '../filter/event-filter.ts'

/** Under this key lie the histograms that were asked for. */
export const histogramKey = 'histogram'

/** Deletions and exports over the period; while a new answer is on its way, the old one stays. */
export const useHistogram = (input: EventFilterInput, zone: string) => {
  const dataProvider = useDataProvider<AuditDataProvider>()
  return useQuery({
    queryKey: [histogramKey, input, zone],
    queryFn: ({ signal }) => dataProvider.getHistogram(input, zone, signal),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  })
}
