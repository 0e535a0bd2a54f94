import { useQuery } from '@tanstack/react-query'
import { createContext, useContext } from 'react'
import { useDataProvider } from 'react-admin'
import type { AuditDataProvider } from '../data-provider.ts'
import { RequestError } from '../request/request-error.ts'
import { isLeaving, useSignOut } from './sign-out.ts'
import { nobody, type Viewer } from './viewer.ts'

/** The key under which the answer to "who looks?" is kept. */
export const viewerKey = ['viewer'] as const

/** Asks who looks. That nobody is signed in is an answer, not an error. */
export const viewerQuery = (dataProvider: AuditDataProvider) => ({
  queryKey: viewerKey,
  queryFn: ({ signal }: { signal: AbortSignal }): Promise<Viewer> =>
    dataProvider.getViewer(signal).catch((error: unknown) => {
      if (error instanceof RequestError && error.reason === 'signed_out') return nobody
      throw error
    }),
  staleTime: 60_000,
})

/** The answer to "who looks?", and how asking goes. Whoever comes back to the page may have signed in elsewhere meanwhile. */
export const useViewerQuery = () =>
  useQuery({ ...viewerQuery(useDataProvider<AuditDataProvider>()), refetchOnWindowFocus: 'always', enabled: !isLeaving(useSignOut()) })

/** Who looks, as far as it is known by now. */
export const useViewerIfKnown = (): Viewer | undefined => useViewerQuery().data

const ViewerContext = createContext<Viewer | null>(null)
export const ViewerProvider = ViewerContext.Provider

/** Who looks. Only for what stands behind the access gate. */
export const useViewer = (): Viewer => {
  const viewer = useContext(ViewerContext)
  if (viewer === null) throw new Error('useViewer is called outside of <AccessGate>.')
  return viewer
}
