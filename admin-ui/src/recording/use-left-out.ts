import { useQuery } from '@tanstack/react-query'
import { useDataProvider } from 'react-admin'
import type { AuditDataProvider } from '../data-provider.ts'

/** The columns of a kind of thing that no copy of a deleted row has; none while they are not known. */
export const useLeftOut = (kind: string | null): readonly string[] => {
  const dataProvider = useDataProvider<AuditDataProvider>()
  const { data } = useQuery({
    queryKey: ['left-out'],
    queryFn: ({ signal }) => dataProvider.getLeftOut(signal),
    staleTime: Number.POSITIVE_INFINITY,
  })
  return (kind === null ? undefined : data?.[kind]) ?? []
}
