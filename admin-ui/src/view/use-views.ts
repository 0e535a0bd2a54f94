import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useDataProvider } from 'react-admin'
import type { AuditDataProvider } from '../data-provider.ts'

const viewsKey = ['views'] as const

/** What the reader has saved. */
export const useViews = () => {
  const dataProvider = useDataProvider<AuditDataProvider>()
  return useQuery({ queryKey: viewsKey, queryFn: ({ signal }) => dataProvider.getViews(signal), staleTime: 60_000 })
}

/** Saving a view and taking one away; the list is read again after either. */
export const useChangeViews = () => {
  const dataProvider = useDataProvider<AuditDataProvider>()
  const client = useQueryClient()
  const onSuccess = () => client.invalidateQueries({ queryKey: viewsKey })
  return {
    save: useMutation({
      mutationFn: ({ name, query }: { name: string; query: string }) => dataProvider.saveView(name, query),
      onSuccess,
    }),
    remove: useMutation({ mutationFn: (name: string) => dataProvider.deleteView(name), onSuccess }),
  }
}
