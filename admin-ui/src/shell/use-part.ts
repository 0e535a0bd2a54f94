import { useQuery } from '@tanstack/react-query'
import { type Reason, RequestError } from '../request/request-error.ts'
import { askVersion } from '../version/outdated.ts'

const reasons = { away: 'network', newer: 'outdated' } as const

/**
 * A part of the page that is loaded once it is needed. The server is asked first whether it is there and still has it: a
 * browser keeps the failure of an import until the page is loaded anew, so that none may be tried in vain.
 *
 * @param name of the part, one for each
 */
export const usePart = <Part>(name: string, load: () => Promise<Part>) =>
  useQuery({
    queryKey: ['part', name],
    queryFn: async () => {
      const failed = (reason: Reason, cause?: unknown) => new RequestError(reason, `The part ${name} of the page was not loaded.`, null, cause)
      const version = await askVersion()
      if (version !== 'same') throw failed(reasons[version])
      return load().catch((error: unknown) => {
        throw failed('unloaded', error)
      })
    },
    structuralSharing: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
  })
