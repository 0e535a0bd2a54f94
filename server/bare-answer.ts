import { STATUS_CODES, type RequestListener, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { RequestHandler } from 'express'

/** What every answer says to a browser that is given before express has the request, or beside it. */
export const bareHeaders = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const

/** Gives them to the answers of a listener that has no pages. */
export const setBareHeaders: RequestHandler = (_request, response, next) => {
  response.set(bareHeaders)
  next()
}

interface BareRefusal {
  readonly status: number
  readonly code: string
  readonly message: string
}

const refusals: Readonly<Record<string, BareRefusal>> = {
  HPE_HEADER_OVERFLOW: { status: 431, code: 'TOO_MANY_HEADERS', message: 'The address and the headers are too long.' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, code: 'TOO_LARGE', message: 'The body is too large.' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, code: 'REQUEST_TIMEOUT', message: 'The request did not come in time.' },
}
const unreadable: BareRefusal = { status: 400, code: 'BAD_REQUEST', message: 'The request cannot be read.' }

/**
 * Answers what Node could not read as a request, with the headers and the form of every other error, and ends the
 * connection. Nothing is written where an answer is on its way already: it would become a part of that.
 */
export function answerUnreadable(error: Error, socket: Duplex): void {
  const running: unknown = Reflect.get(socket, '_httpMessage')
  const hasBegun = typeof running === 'object' && running !== null && Reflect.get(running, '_headerSent') === true
  if (!socket.writable || hasBegun) return void socket.destroy()
  const { status, body, headers } = bareAnswer(refusals[String(Reflect.get(error, 'code'))] ?? unreadable)
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`)
  // Whoever goes on sending, or never takes the answer, does not keep the connection.
  setTimeout(() => socket.destroy(), 1_000).unref()
}

/** Refuses what a client expects beside 100-continue (RFC 9110, 10.1.1), which Node would answer without any header. */
export const refuseExpectation: RequestListener = (_request, response) => {
  answerBare(response, { status: 417, code: 'EXPECTATION_FAILED', message: 'What the header Expect wants is not possible.' })
}

/** Refuses HTTP/1.1 without a name of the host (RFC 9112, 3.2), which Node would answer without any header; serves everything else. */
export function withHost(serve: RequestListener): RequestListener {
  return (request, response) => {
    if (request.headers.host !== undefined || request.httpVersion === '1.0') return serve(request, response)
    answerBare(response, { status: 400, code: 'NO_HOST', message: 'The request has no header Host.' })
  }
}

/** Answers with the headers and the form of every other error, without express, and ends the connection. */
export function answerBare(response: ServerResponse, refusal: BareRefusal): void {
  const { status, body, headers } = bareAnswer(refusal)
  response.writeHead(status, headers).end(body)
}

function bareAnswer({ status, code, message }: BareRefusal) {
  const body = JSON.stringify({ error: { code, message } })
  return { status, body, headers: { ...bareHeaders, 'content-type': 'application/json; charset=utf-8', 'content-length': String(Buffer.byteLength(body)), connection: 'close' } }
}
