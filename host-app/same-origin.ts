import type { RequestHandler } from 'express'
import { Refusal } from './refusal.ts'

const originOf = (url: string): string | null => (URL.canParse(url) ? new URL(url).origin : null)

/**
 * Lets a request that changes something pass only if a page of this very origin sent it. Browsers always name the
 * origin of a POST; a cookie alone does not tell, because another port of this host is the same site.
 */
export const sameOrigin: RequestHandler = (request, _response, next) => {
  const isReading = request.method === 'GET' || request.method === 'HEAD'
  const own = originOf(`${request.protocol}://${request.get('host') ?? ''}`)
  if (isReading || (own !== null && request.get('origin') === own)) {
    next()
    return
  }
  throw new Refusal(403, 'This was not sent from a page of Konsultboard, so nothing was done. Open the page again and repeat it there.')
}
