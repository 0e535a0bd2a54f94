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
    const isOtherHost = origin !== undefined && !isOwn(request, origin)
    const isForeign = site === undefined ? isOtherHost : site !== 'same-origin' && site !== 'none' || isOtherHost && isHostKnown(request)
    if (!isForeign) return next()
    if (origin !== undefined && formOrigins.includes(origin) && request.is('application/x-www-form-urlencoded')) return next()
    throw new Refusal({
      status: 403, code: 'FOREIGN_ORIGIN', message: 'This request comes from the page of another site.',
      detail: `Origin ${origin ?? 'not given'}, Sec-Fetch-Site ${site ?? 'not given'}`,
      hint: 'A host application that hands over a token by a form must be named in HOST_APP_ORIGINS. A proxy in front must pass on the header Host.',
    })
  }
}

/** How the browser names this server, also behind a proxy that is believed: `https://log.example`. */
export function ownOrigin(request: Request): string {
  return originOver(request.protocol, request)
}

/** Without the port where it is the usual one, and in small letters, whichever way a proxy spells the name. */
function originOver(protocol: string, request: Request): string {
  return new URL(`${protocol}://${request.host ?? 'localhost'}`).origin
}

/** Over plain HTTP there may be a proxy with TLS in front that we do not believe: only the browser knows how it came. */
function isOwn(request: Request, origin: string): boolean {
  if (!/^https?:\/\//.test(origin) || !URL.canParse(origin)) return false
  return new URL(origin).origin === originOver(request.secure ? 'https' : new URL(origin).protocol.slice(0, -1), request)
}

/**
 * Whether Host says under which name the browser knows us. A proxy that we do not believe may have put another name
 * there; then only the browser's own word in Sec-Fetch-Site counts.
 */
function isHostKnown(request: Request): boolean {
  const isForwarded = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'].some((name) => name in request.headers)
  const isBelieved: unknown = request.app.get('trust proxy fn')
  return !isForwarded || typeof isBelieved === 'function' && isBelieved(request.socket.remoteAddress, 0) === true
}
