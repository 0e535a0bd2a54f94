import * as z from 'zod/mini'
import { addressOf } from './address.ts'
import { type Reason, RequestError } from './request-error.ts'

/** Sends a GraphQL document and gives back its `data`. */
export type Send = (document: string, variables: object, signal?: AbortSignal) => Promise<unknown>

/** Asks for something outside of GraphQL and gives back its JSON; null where the answer has none. */
export type Request = (
  method: 'GET' | 'PUT' | 'DELETE',
  path: string,
  body?: object,
  signal?: AbortSignal,
) => Promise<unknown>

/** What the server says outside of GraphQL: `{ error: { code, message, detail, hint, id } }`. */
const refusal = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    detail: z.optional(z.string()),
    hint: z.optional(z.string()),
    id: z.string(),
  }),
})

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
  UNKNOWN_DOCUMENT: 'outdated',
  BAD_PAGE: 'bad_filter',
  BAD_PARAMETER: 'bad_filter',
  NOT_SIGNED_IN: 'signed_out',
  OTHER_VIEWER: 'other_viewer',
  AU005: 'refused',
  DATABASE_UNAVAILABLE: 'busy',
  TOO_MANY_REQUESTS: 'busy',
}

const reasonsByStatus: Readonly<Record<number, Reason>> = {
  401: 'signed_out',
  403: 'refused',
  414: 'too_long',
  431: 'too_long',
  429: 'busy',
  503: 'busy',
  504: 'too_slow',
}

const textOrNull = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

type Fetch = typeof globalThis.fetch

const exchange = async (fetch: Fetch, address: string, init: RequestInit, signal: AbortSignal | undefined) => {
  try {
    const response = await fetch(address, { credentials: 'same-origin', ...init, ...(signal ? { signal } : {}) })
    const body: unknown = await response.json().catch((error: unknown) => {
      if (signal?.aborted) throw error
      return null
    })
    return { response, body }
  } catch (error) {
    if (signal?.aborted) throw error
    throw new RequestError('network', 'The server could not be reached.', null, error)
  }
}

/** The error that an answer outside of GraphQL means. */
export const refusalOf = (response: Response, body: unknown): RequestError => {
  const said = refusal.safeParse(body).data?.error
  const reason = reasonsByCode[said?.code ?? ''] ?? reasonsByStatus[response.status] ?? 'server'
  const message = (reason === 'bad_filter' ? said?.detail : undefined) ?? said?.message
  return new RequestError(
    reason,
    message ?? `The server answered with status ${response.status}.`,
    said?.id ?? response.headers.get('x-request-id'),
    undefined,
    // A proxy in front counts requests too, and says no more than the status.
    { code: said?.code ?? (response.status === 429 ? 'TOO_MANY_REQUESTS' : undefined), hint: said?.hint },
  )
}

/**
 * Makes the function that talks GraphQL with the server.
 *
 * @throws RequestError with the reason in `reason`; an abort is passed on as it is.
 */
export const makeSend =
  (fetch: Fetch, address: string): Send =>
  async (document, variables, signal) => {
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json' },
      body: JSON.stringify({ query: document, variables }),
    }
    const { response, body } = await exchange(fetch, address, init, signal)
    const parsed = answer.safeParse(body)
    const failure = parsed.success ? parsed.data.errors?.[0] : undefined
    if (failure) {
      const code = textOrNull(failure.extensions?.['code']) ?? ''
      const reason = reasonsByCode[code] ?? reasonsByStatus[response.status] ?? 'server'
      const detail = textOrNull(failure.extensions?.['detail'])
      const reference = textOrNull(failure.extensions?.['id']) ?? response.headers.get('x-request-id')
      throw new RequestError(reason, detail ?? failure.message, reference)
    }
    if (!response.ok || !parsed.success) throw refusalOf(response, body)
    return parsed.data.data
  }

/**
 * Makes the function that asks for everything else; its errors are those of {@link makeSend}.
 *
 * @param status the only one that means that it worked, where a proxy could answer in the server's place
 */
export const makeRequest =
  (fetch: Fetch, status?: number): Request =>
  async (method, path, body, signal) => {
    const init: RequestInit = {
      method,
      headers: { accept: 'application/json', ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    }
    const { response, body: answered } = await exchange(fetch, addressOf(path), init, signal)
    if (!response.ok || (status !== undefined && response.status !== status)) throw refusalOf(response, answered)
    return answered
  }
