import { randomUUID } from 'node:crypto'
import type { RequestHandler } from 'express'
import { acting } from './acting.ts'

/** Everything that this request does is done by the person who is signed in. */
export const rememberWhoActs: RequestHandler = (request, response, next) => {
  const { user } = response.locals // wherever your authentication puts the person
  if (!user) return next()
  const requestId = request.get('x-request-id') ?? randomUUID()
  acting.run({ id: user.id?.toString(), name: user.name, companyId: user.companyId?.toString(), requestId }, next)
}
