import type { RequestHandler, Response, Request } from 'express'
import { Refusal } from './refusal.ts'

/**
 * Answers 503 to whoever would wait longer than this, for example because the database neither answers nor breaks. The
 * work goes on until it notices that nobody reads its answer.
 * @param refuse answers the request with the refusal
 */
export function endInTime(milliseconds: number, refuse: (refusal: Refusal, request: Request, response: Response) => void): RequestHandler {
  return (request, response, next) => {
    const timer = setTimeout(() => {
      if (!response.headersSent) refuse(late(), request, response)
    }, milliseconds)
    response.once('close', () => clearTimeout(timer))
    next()
  }
}

function late(): Refusal {
  return new Refusal({
    status: 503, code: 'DATABASE_UNAVAILABLE', message: 'The database does not answer at the moment.', hint: 'Try again in a few seconds.',
    headers: { 'retry-after': '5' },
  })
}
