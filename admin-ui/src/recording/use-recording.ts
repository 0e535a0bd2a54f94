import { useQuery } from '@tanstack/react-query'
import { useDataProvider } from 'react-admin'
import type { AuditDataProvider } from '../data-provider.ts'

/** What is recorded and how it stands; asked for anew each time the page is opened. */
export const useRecording = (enabled = true) => {
  const dataProvider = useDataProvider<AuditDataProvider>()
  return useQuery({ queryKey: ['recording'], queryFn: ({ signal }) => dataProvider.getRecording(signal), enabled, staleTime: 30_000 })
}
