import type { IncomingMessage } from 'node:http'
import type { Request, RequestHandler } from 'express'
import type { Logger } from 'pino'
import type { Identities } from './identity.ts'
import { identify } from './request-identity.ts'

/** Names under which programs say for which company they ask. None of them is listened to. */
const name = /^(x-)?(company|tenant|organi[sz]ation)([-_]?id)?$/i
const inDocument = /\b(?:company|tenant)_?id\s*:\s*"?([\w-]{1,64})/gi

/**
 * Writes it to the log when somebody of one company names another one, in a header, a parameter or a filter: the company of the
 * token is the one that counts, so that it changes nothing, but it is an error of a program, or somebody who tries.
 */
export function noteOtherCompany({ identities, requestId, logger }: { identities: Identities; requestId: (request: IncomingMessage) => string; logger: Logger }): RequestHandler {
  return (request, response, next) => {
    response.once('close', () => {
      const named = companiesNamed(request)
      if (named.length === 0) return
      identify(request, identities).then((identity) => {
        const other = identity && named.find((company) => company !== identity.companyId)
        if (!identity || other === null || other === undefined) return
        // What is no identifier may be anything, and a log is no place for it.
        const shown = /^[\w-]{1,64}$/.test(other) ? other : '…'
        logger.warn({ id: requestId(request), viewer: identity.viewerId, company: identity.companyId, named: shown, address: request.ip }, 'a request named another company; that of the token counts')
      }, () => undefined)
    })
    next()
  }
}

function companiesNamed(request: Request): string[] {
  const body: unknown = request.body
  const filter = property(property(body, 'variables'), 'filter')
  const query = property(body, 'query')
  return [
    ...named(Object.entries(request.headers)),
    ...named([...new URL(request.originalUrl, 'http://audit-log').searchParams]),
    ...named(Object.entries(isObject(body) ? body : {})),
    ...named(Object.entries(isObject(filter) ? filter : {})),
    ...(typeof query === 'string' ? [...query.matchAll(inDocument)].map(([, company = '']) => company) : []),
  ]
}

function named(pairs: Iterable<readonly [string, unknown]>): string[] {
  return [...pairs].filter(([key, value]) => name.test(key) && (typeof value === 'string' || typeof value === 'number')).map(([, value]) => String(value))
}

function property(value: unknown, key: string): unknown {
  return isObject(value) ? Reflect.get(value, key) : undefined
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
