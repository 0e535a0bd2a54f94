import type { ErrorRequestHandler } from 'express'
import type { Logger } from 'pino'
import { refusalOf } from './database-error.ts'
import { errorPage } from './error-page.ts'
import { pageLanguage } from './page-language.ts'
import { Refusal } from './refusal.ts'
import { requestId } from './request-id.ts'
import { requestRefusal } from './request-refusal.ts'

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
    for (const name of ofAnotherAnswer) response.removeHeader(name)
    response.status(status).set({ ...(status === 401 && { 'www-authenticate': 'Bearer' }), ...headers, 'cache-control': 'no-store', vary: 'accept, accept-language' })
    const about = { code, ...(detail && { detail }), ...(hint && { hint }), id }
    // A GraphQL client looks for errors; everybody else, and a person, for error.
    const body = { error: { ...about, message }, ...(response.locals['isGraphql'] === true && { errors: [{ message, extensions: about }] }) }
    if (request.accepts(['json', 'html']) === 'html') response.type('html').send(errorPage(body.error, request.baseUrl, pageLanguage(request)))
    else response.json(body)
  }
}

/** Refusals that a security team wants to see one by one; those for too many requests are only counted, or a flood would fill the log. */
const attacks = new Set(['BAD_TOKEN', 'FOREIGN_ORIGIN', 'UNKNOWN_DOCUMENT', 'DOCUMENT_TOO_LARGE', 'BATCH_REFUSED', 'UNSUPPORTED_ENCODING'])

/** What a file or an export that did not begin has said of itself. */
const ofAnotherAnswer = ['content-type', 'content-encoding', 'content-disposition', 'content-length', 'content-range', 'accept-ranges', 'etag', 'last-modified']

const unknownError = new Refusal({ status: 500, code: 'INTERNAL', message: 'Something went wrong on the server.', hint: 'Its log has the reason under this id.' })
