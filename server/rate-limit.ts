import type { Request, RequestHandler, Response } from 'express'
import { rateLimit } from 'express-rate-limit'
import type { Logger } from 'pino'
import { z } from 'zod'
import type { Identities, Identity } from './identity.ts'
import { Refusal } from './refusal.ts'
import { identify } from './request-identity.ts'

/** What is counted of a person, once a signature says who it is. */
export type Counted = 'sign_in' | 'read' | 'search' | 'export'

export interface RateSettings {
  readonly requestsPerMinute: number
  readonly signInsPerMinute: number
  /** Of one person; null: as many as one address may send requests. */
  readonly readsPerMinute?: number | null
  /** Of one person; null: half as many. */
  readonly searchesPerMinute?: number | null
  /** Of one person; null: a tenth. */
  readonly exportsPerMinute?: number | null
}

export interface RateLimits {
  /** Counts every request of an address, before anybody knows who sends it. */
  readonly address: RequestHandler
  /** Counts sign-ins of an address, which cost a signature each. */
  readonly signInAddress: RequestHandler
  /** Counts what a person does, and what a company does. @throws Refusal TOO_MANY_REQUESTS (429) with Retry-After */
  readonly person: (counted: Counted, request: Request, response: Response, identity: Identity) => Promise<void>
  /** The same as a handler for a route, where somebody is signed in. @throws Refusal as `identify` does */
  readonly reader: (counted: Counted, identities: Identities) => RequestHandler
}

/** A company may do so many times as much as one of its people. */
const companyFactor = 5

/** Counters in the memory of this process, each for a minute. What is wrong with how it is set up, such as a proxy that is not trusted, is told to the logger once. */
export function makeRateLimits(settings: RateSettings, logger: Logger): RateLimits {
  const { requestsPerMinute, signInsPerMinute } = settings
  const perMinute: Record<Counted, number> = {
    sign_in: signInsPerMinute,
    read: settings.readsPerMinute ?? requestsPerMinute,
    search: settings.searchesPerMinute ?? Math.ceil(requestsPerMinute / 2),
    export: settings.exportsPerMinute ?? Math.ceil(requestsPerMinute / 10),
  }
  const identityOf = new WeakMap<Request, Identity>()
  const keyOf = { person: ({ companyId, viewerId }: Identity) => `${companyId}\0${viewerId}`, company: ({ companyId }: Identity) => companyId }
  const perMinuteLimit = limitMaker(logger)
  const limiter = (counted: Counted, who: 'person' | 'company') => perMinuteLimit(perMinute[counted] * (who === 'company' ? companyFactor : 1), who, (request) => {
    const identity = identityOf.get(request)
    if (identity === undefined) throw new Error('A request is counted for a person before it is known who sends it.')
    return keyOf[who](identity)
  })
  const limiters = (counted: Counted) => [limiter(counted, 'person'), limiter(counted, 'company')]
  const byKind: Record<Counted, readonly RequestHandler[]> = { sign_in: limiters('sign_in'), read: limiters('read'), search: limiters('search'), export: limiters('export') }

  const signIns = perMinuteLimit(signInsPerMinute, 'address')
  const person: RateLimits['person'] = async (counted, request, response, identity) => {
    identityOf.set(request, identity)
    for (const handler of byKind[counted]) {
      await new Promise<void>((resolve, reject) => void handler(request, response, (error: unknown) => error === undefined ? resolve() : reject(error)))
    }
  }
  return {
    address: perMinuteLimit(requestsPerMinute, 'address'),
    signInAddress: (request, response, next) => (isLeaving(request) ? next() : signIns(request, response, next)),
    person,
    reader: (counted, identities) => async (request, response, next) => {
      const identity = await identify(request, identities)
      if (identity !== null) await person(counted, request, response, identity)
      next()
    },
  }
}

/** Whoever signs out is not counted among those who sign in, nor refused: their session would go on for whoever comes next. */
function isLeaving({ method, path }: Request): boolean {
  return method === 'DELETE' || path === '/end'
}

const counter = z.object({ resetTime: z.date().optional() })

/** The library looks at the first request for mistakes in the set-up, and would write them to the console. */
function limitMaker(logger: Logger) {
  const told = new Set<string>()
  const tell = (level: 'error' | 'warn') => (...details: readonly unknown[]): void => {
    const error = details.find((detail) => detail instanceof Error)
    const message = error?.message ?? details.map(String).join(' ')
    if (told.has(message)) return
    told.add(message)
    logger[level]({ err: error }, 'requests are counted, but maybe not for whom they should be: see TRUST_PROXY')
  }
  const ofLibrary = { error: tell('error'), warn: tell('warn') }
  return (limit: number, who: 'address' | 'person' | 'company', keyGenerator?: (request: Request) => string) => perMinuteLimit(ofLibrary, limit, who, keyGenerator)
}

type LibraryLogger = Record<'error' | 'warn', (...details: readonly unknown[]) => void>

function perMinuteLimit(logger: LibraryLogger, limit: number, who: 'address' | 'person' | 'company', keyGenerator?: (request: Request) => string): RequestHandler {
  const whose = { address: 'from this address', person: 'of this person', company: 'of this company' }[who]
  return rateLimit({
    windowMs: 60_000, limit, logger, standardHeaders: who === 'address' ? 'draft-8' : false, legacyHeaders: false,
    ...(keyGenerator && { keyGenerator }),
    handler: (request, _response, next) => {
      const { resetTime } = counter.safeParse(Reflect.get(request, 'rateLimit')).data ?? {}
      const seconds = resetTime === undefined ? 60 : Math.min(60, Math.max(1, Math.ceil((resetTime.getTime() - Date.now()) / 1_000)))
      next(new Refusal({
        status: 429, code: 'TOO_MANY_REQUESTS', message: `Too many requests ${whose}.`, hint: `${limit} a minute are allowed. Try again in ${seconds} s.`,
        headers: { 'retry-after': String(seconds) },
      }))
    },
  })
}
