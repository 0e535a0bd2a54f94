import type { IncomingMessage } from 'node:http'
import type { RequestHandler } from 'express'
import type { Identities, Identity } from './identity.ts'
import { Refusal } from './refusal.ts'

/** Name of the session cookie. Behind TLS the prefix __Host- ties it to this host and path. */
export const sessionCookie = (isSecure: boolean): string => (isSecure ? '__Host-audit-session' : 'audit-session')

/** The bearer token of a request, or null. */
export function bearerToken(request: IncomingMessage): string | null {
  return /^Bearer ([\w.~+/=-]+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? null
}

/** The header in which an open page says whom it is for, and an answer too. It grants nothing, and can only have a request or an answer refused. */
export const viewerHeader = 'x-audit-viewer'

/** In characters: proxies take some thousand for all headers together. A page does not say more either. */
const longestHeader = 2_000

/** Somebody as that header names them: company and person, encoded as in an address. */
export function whomOf({ companyId, viewerId }: Identity): string {
  return [companyId, viewerId].map(encodeURIComponent).join('/')
}

/** Has each answer say for whom it is, so that a page takes none for somebody else, also where a proxy has dropped what the page said. */
export function sayForWhom(identities: Identities): RequestHandler {
  return async (request, response, next) => {
    const identity = await identify(request, identities)
    const whom = identity === null ? '' : whomOf(identity)
    if (whom !== '' && whom.length <= longestHeader) response.set(viewerHeader, whom)
    next()
  }
}

/**
 * Who sends a request: by the session cookie of a browser, or by a token of the host application for programs.
 * @returns null if nobody is signed in
 * @throws Refusal if a token is given that is not accepted, and OTHER_VIEWER (409) if the page is for somebody else than is signed in
 */
export function identify(request: IncomingMessage & { secure: boolean }, identities: Identities): Promise<Identity | null> {
  const before = known.get(request)
  if (before !== undefined) return before
  const asked = verify(request, identities)
  known.set(request, asked)
  return asked
}

/** What was found out about a request, so that a signature is verified once. */
const known = new WeakMap<IncomingMessage, Promise<Identity | null>>()

async function verify(request: IncomingMessage & { secure: boolean }, identities: Identities): Promise<Identity | null> {
  const identity = await whoAsks(request, identities)
  const pageIsFor = request.headers[viewerHeader]
  if (identity !== null && pageIsFor !== undefined && pageIsFor !== whomOf(identity)) {
    throw new Refusal({ status: 409, code: 'OTHER_VIEWER', message: 'Somebody else is signed in than the page was opened for, or the same person for another company.', hint: 'Load the page again.' })
  }
  return identity
}

async function whoAsks(request: IncomingMessage & { secure: boolean }, identities: Identities): Promise<Identity | null> {
  const token = bearerToken(request)
  if (token !== null) return identities.verifyToken(token)
  if (request.headers.authorization !== undefined) throw notBearer()
  return sessionOf(request, identities)
}

/** The person whose session the cookie of a request holds; null if there is none that is valid. */
export async function sessionOf(request: IncomingMessage & { secure: boolean }, identities: Identities): Promise<Identity | null> {
  const session = cookies(request).get(sessionCookie(request.secure))
  return session === undefined ? null : identities.verifySession(session)
}

function cookies(request: IncomingMessage): Map<string, string> {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='))
  return new Map(pairs.map(([name = '', ...value]) => [name, value.join('=')]))
}

function notBearer(): Refusal {
  return new Refusal({ status: 401, code: 'BAD_TOKEN', message: 'The header Authorization cannot be used.', hint: 'Send Authorization: Bearer <token of the host application>, or no such header.' })
}
