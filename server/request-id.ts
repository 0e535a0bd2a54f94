import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Request } from 'express'

/** The id of a new request: the one that a proxy in front gave it in X-Request-Id, if it is harmless, or a new one. */
export function newRequestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && /^[\w.:-]{1,100}$/.test(given) ? given : randomUUID()
}

/** The id under which a request stands in the log, in its answer if that is an error, and in the entries that it makes. */
export function requestId(request: IncomingMessage | Request): string {
  return String(request.id)
}

/** What the log holds of a request. Query strings, headers and the names of saved views hold names and tokens; the log gets none of them. */
export function describeRequest({ id, method, url }: { id: unknown; method: string; url: string }) {
  return { id, method, path: url.replace(/\?.*$/s, '').replace(/(\/views\/).+/is, '$1…') }
}
