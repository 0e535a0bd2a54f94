import type { ErrorRequestHandler } from 'express'
import type { Logger } from 'pino'
import { refusalOf } from './database-error.ts'
import { errorPage } from './error-page.ts'
import { Refusal } from './refusal.ts'
import { requestId } from './request-id.ts'

/**
 * Answers every error: a refusal as it is, anything else with an id under which it stands in the log.
 * @param refused told the code of each answer
 */
export function makeErrorHandler(logger: Logger, refused: (code: string) => void): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const refusal = refusalOf(error) ?? requestRefusal(error)
    const id = requestId(request)
    if (refusal === null || refusal.status >= 500) logger.error({ id, err: error }, 'a request failed')
    else if (attacks.has(refusal.code)) logger.warn({ id, code: refusal.code, detail: refusal.code === 'BAD_TOKEN' ? refusal.detail : undefined, address: request.ip }, 'a request was refused')
    if (response.writableEnded) return
    if (response.headersSent) return void response.destroy()
    const { status, code, message, detail, hint, headers } = refusal ?? unknownError
    refused(code)
    response.status(status).set({ ...(status === 401 && { 'www-authenticate': 'Bearer' }), ...headers, 'cache-control': 'no-store', vary: 'accept' })
    const about = { code, ...(detail && { detail }), ...(hint && { hint }), id }
    // A GraphQL client looks for errors; everybody else, and a person, for error.
    const body = { error: { ...about, message }, ...(response.locals['isGraphql'] === true && { errors: [{ message, extensions: about }] }) }
    if (request.accepts(['json', 'html']) === 'html') response.type('html').send(errorPage(body.error, request.baseUrl))
    else response.json(body)
  }
}

/** Refusals that a security team wants to see one by one; those for too many requests are only counted, or a flood would fill the log. */
const attacks = new Set(['BAD_TOKEN', 'FOREIGN_ORIGIN', 'UNKNOWN_DOCUMENT', 'DOCUMENT_TOO_LARGE', 'BATCH_REFUSED', 'UNSUPPORTED_ENCODING'])

const unknownError = new Refusal({ status: 500, code: 'INTERNAL', message: 'Something went wrong on the server.', hint: 'Its log has the reason under this id.' })

/** What express and its body parsers found wrong with a request. */
function requestRefusal(error: unknown): Refusal | null {
  const status: unknown = error instanceof Error ? Reflect.get(error, 'status') : undefined
  if (typeof status !== 'number' || status < 400 || status > 499) return null
  const known: Record<number, { code: string; message: string }> = {
    400: { code: 'BAD_REQUEST', message: 'The request cannot be read.' },
    413: { code: 'TOO_LARGE', message: 'The body is too large.' },
    415: { code: 'UNSUPPORTED_TYPE', message: 'A body of this type is not read.' },
  }
  return new Refusal({ status, ...(known[status] ?? { code: 'BAD_REQUEST', message: 'The request cannot be read.' }), cause: error })
}
