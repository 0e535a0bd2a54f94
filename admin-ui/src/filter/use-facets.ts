import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useDataProvider } from 'react-admin'
import type { AuditDataProvider } from '../data-provider.ts'
import { useFilter, useFilterFaults, useQuestion } from './use-filter.ts'

/** Under this key lie the choices of each filter that was asked for. */
export const facetsKey = 'facets'

/** How many entries each choice of a filter would give; asked for while a menu is open. Beside a filter that cannot be followed, no number would be true. */
export const useFacets = () => {
  const dataProvider = useDataProvider<AuditDataProvider>()
  const [filter] = useFilter()
  const { input } = useQuestion(filter)
  const isFaulty = useFilterFaults().length > 0
  const facets = useQuery({
    queryKey: [facetsKey, input],
    enabled: !isFaulty,
    queryFn: ({ signal }) => dataProvider.getFacets(input, signal),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  })
  return isFaulty ? { data: undefined, isError: true } : { data: facets.data, isError: facets.isError }
}
