import type { Request, RequestHandler } from 'express'
import { Refusal } from './refusal.ts'

/**
 * Refuses requests that the page of another site makes with the person's cookie. Programs that are no browsers send
 * neither header and pass.
 * @param formOrigins origins whose pages may post a form to sign a person in
 */
export function refuseForeign(formOrigins: readonly string[] = []): RequestHandler {
  return (request, _response, next) => {
    const { origin } = request.headers
    const site = request.get('sec-fetch-site')
    const isForeign = site === undefined ? origin !== undefined && !isOwn(request, origin) : site !== 'same-origin' && site !== 'none'
    if (!isForeign) return next()
    if (origin !== undefined && formOrigins.includes(origin) && request.is('application/x-www-form-urlencoded')) return next()
    throw new Refusal({
      status: 403, code: 'FOREIGN_ORIGIN', message: 'This request comes from the page of another site.',
      detail: `Origin ${origin ?? 'not given'}, Sec-Fetch-Site ${site ?? 'not given'}`,
      hint: 'A host application that hands over a token by a form must be named in HOST_APP_ORIGINS.',
    })
  }
}

function isOwn(request: Request, origin: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === request.host
}
