import { createHash, timingSafeEqual } from 'node:crypto'
import type { Request, RequestHandler } from 'express'
import type { Metrics } from './metrics.ts'
import { Refusal } from './refusal.ts'
import { bearerToken } from './request-identity.ts'

/**
 * Who may read /metrics: nobody here (`off`); programs of this machine that come directly, not through a proxy (`local`);
 * whoever sends the token. `everybody` is for a listener of its own, at an address that only the monitoring reaches.
 */
export type MetricsAccess = 'off' | 'local' | 'everybody' | { readonly token: string }

/** `GET /metrics`. Where it may not be read there is nothing at this address. */
export function serveMetrics(metrics: Metrics, access: MetricsAccess): RequestHandler {
  return async (request, response, next) => {
    if (access === 'off' || (access === 'local' && !isLocal(request))) return next()
    if (typeof access === 'object' && !isSame(bearerToken(request) ?? '', access.token)) {
      throw new Refusal({ status: 401, code: 'NO_METRICS_TOKEN', message: 'The metrics need a token.', hint: 'Send Authorization: Bearer <METRICS_TOKEN>.', headers: { 'www-authenticate': 'Bearer' } })
    }
    const text = await metrics.text()
    response.set({ 'content-type': metrics.contentType, 'cache-control': 'no-store' }).send(text)
  }
}

/** A proxy on the same machine comes from there too; it says for whom. */
function isLocal(request: Request): boolean {
  const isForwarded = Object.keys(request.headers).some((name) => name === 'forwarded' || name === 'via' || name.startsWith('x-forwarded-') || name === 'x-real-ip')
  return !isForwarded && /^(127\.|::1$|::ffff:127\.)/.test(request.socket.remoteAddress ?? '')
}

/** Compares in a time that tells nothing. */
function isSame(given: string, wanted: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(given), hash(wanted))
}
