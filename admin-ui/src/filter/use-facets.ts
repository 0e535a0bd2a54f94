import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useDataProvider } from 'react-admin'
import type { AuditDataProvider } from '../data-provider.ts'
import { useFilter, useQuestion } from './use-filter.ts'

/** Under this key lie the choices of each filter that was asked for. */
export const facetsKey = 'facets'

/** How many entries each choice of a filter would give; asked for while a menu is open. */
export const useFacets = () => {
  const dataProvider = useDataProvider<AuditDataProvider>()
  const [filter] = useFilter()
  const { input } = useQuestion(filter)
  return useQuery({
    queryKey: [facetsKey, input],
    queryFn: ({ signal }) => dataProvider.getFacets(input, signal),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  })
}
