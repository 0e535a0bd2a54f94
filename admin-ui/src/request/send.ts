import * as z from 'zod/mini'
import { type Reason, RequestError } from './request-error.ts'

/** Sends a GraphQL document and gives back its `data`. */
export type Send = (document: string, variables: object, signal?: AbortSignal) => Promise<unknown>

/** What the server says outside of GraphQL: `{ error: { code, message, id } }`. */
const refusal = z.object({ error: z.object({ code: z.string(), message: z.string(), id: z.string() }) })

const answer = z.object({
  data: z.optional(z.unknown()),
  errors: z.optional(
    z.array(
      z.object({
        message: z.string(),
        extensions: z.optional(z.record(z.string(), z.unknown())),
      }),
    ),
  ),
})

const reasonsByCode: Readonly<Record<string, Reason>> = {
  BAD_FILTER: 'bad_filter',
  TOO_SLOW: 'too_slow',
  BAD_PAGE: 'bad_filter',
  NOT_SIGNED_IN: 'signed_out',
  AU005: 'refused',
  DATABASE_UNAVAILABLE: 'busy',
  TOO_MANY_REQUESTS: 'busy',
}

const reasonsByStatus: Readonly<Record<number, Reason>> = {
  401: 'signed_out',
  403: 'refused',
  429: 'busy',
  503: 'busy',
  504: 'too_slow',
}

const textOrNull = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

/**
 * Makes the function that talks to the server.
 *
 * @throws RequestError with the reason in `reason`; an abort is passed on as it is.
 */
export const makeSend =
  (fetch: typeof globalThis.fetch, address: string): Send =>
  async (document, variables, signal) => {
    let response: Response
    let body: unknown
    try {
      response = await fetch(address, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json' },
        credentials: 'same-origin',
        body: JSON.stringify({ query: document, variables }),
        ...(signal ? { signal } : {}),
      })
      body = await response.json().catch((error: unknown) => {
        if (signal?.aborted) throw error
        return null
      })
    } catch (error) {
      if (signal?.aborted) throw error
      throw new RequestError('network', 'The server could not be reached.', null, error)
    }
    const reference = response.headers.get('x-request-id')
    const parsed = answer.safeParse(body)
    const failure = parsed.success ? parsed.data.errors?.[0] : undefined
    if (failure) {
      const code = textOrNull(failure.extensions?.['code']) ?? ''
      const reason = reasonsByCode[code] ?? reasonsByStatus[response.status] ?? 'server'
      const detail = textOrNull(failure.extensions?.['detail'])
      throw new RequestError(reason, detail ?? failure.message, textOrNull(failure.extensions?.['id']) ?? reference)
    }
    if (!response.ok || !parsed.success) {
      const said = refusal.safeParse(body).data?.error
      throw new RequestError(
        reasonsByCode[said?.code ?? ''] ?? reasonsByStatus[response.status] ?? 'server',
        said?.message ?? `The server answered with status ${response.status}.`,
        said?.id ?? reference,
      )
    }
    return parsed.data.data
  }
