import { useQuery } from '@tanstack/react-query'
import { useDataProvider } from 'react-admin'
import type { AuditDataProvider } from '../data-provider.ts'

const useLeftOutByKind = () => {
  const dataProvider = useDataProvider<AuditDataProvider>()
  return useQuery({
    queryKey: ['left-out'],
    queryFn: ({ signal }) => dataProvider.getLeftOut(signal),
    staleTime: Number.POSITIVE_INFINITY,
  })
}

/** The columns of a kind of thing that no copy of a deleted row has; none while they are not known. */
export const useLeftOut = (kind: string | null): readonly string[] => {
  const { data } = useLeftOutByKind()
  return (kind === null ? undefined : data?.[kind]) ?? []
}

/** The kinds of things that are recorded; none while they are not known. */
export const useRecordedKinds = (): readonly string[] => Object.keys(useLeftOutByKind().data ?? {})
