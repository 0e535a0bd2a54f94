import type { RequestHandler, Response, Request } from 'express'
import { Refusal } from './refusal.ts'

/**
 * Answers 503 to whoever would wait longer than this, for example because the database neither answers nor breaks. The
 * work goes on until it notices that nobody reads its answer. Whoever has not sent the whole request by then gets 408: the
 * database has nothing to do with that.
 * @param refuse answers the request with the refusal
 */
export function endInTime(milliseconds: number, refuse: (refusal: Refusal, request: Request, response: Response) => void): RequestHandler {
  return (request, response, next) => {
    const timer = setTimeout(() => {
      if (!response.headersSent) refuse(request.complete ? late() : incomplete(), request, response)
    }, milliseconds)
    response.once('close', () => clearTimeout(timer))
    next()
  }
}

function incomplete(): Refusal {
  return new Refusal({
    status: 408, code: 'REQUEST_TIMEOUT', message: 'The request did not come in time.', hint: 'Its body was expected for a while, and is not all there. Send it again.',
    headers: { connection: 'close' },
  })
}

function late(): Refusal {
  return new Refusal({
    status: 503, code: 'DATABASE_UNAVAILABLE', message: 'The database does not answer at the moment.', hint: 'Try again in a few seconds.',
    headers: { 'retry-after': '5' },
  })
}
