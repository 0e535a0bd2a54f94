import { isUtf8 } from 'node:buffer'
import type { Request, RequestHandler } from 'express'
import { Refusal } from './refusal.ts'

/** Refuses every other method, HEAD too, so that asking for headers never starts an export. */
export function onlyMethods(...methods: readonly string[]): RequestHandler {
  return (request, _response, next) => {
    if (methods.includes(request.method)) return next()
    throw new Refusal({
      status: 405, code: 'METHOD_NOT_ALLOWED', message: `${request.method} is not possible here.`,
      hint: `Use ${methods.join(' or ')}.`, headers: { allow: methods.join(', ') },
    })
  }
}

/** Refuses a body that somebody else has read, as bytes or text or to nothing: our own limits would look at nothing. */
function refuseTaken(request: Request): void {
  const body: unknown = request.body
  const isGone = body === undefined && request.readableDidRead && request.headers['content-length'] !== '0'
  if (!isGone && typeof body !== 'string' && !Buffer.isBuffer(body)) return
  throw new Refusal({
    status: 500, code: 'BODY_TAKEN', message: 'Another part of this server has read the body of the request before the audit log could.',
    hint: 'Mount the audit log before what reads every request, such as express.raw, express.text or an upload.',
  })
}

/** Refuses every other type of body, and compressed ones, which could be a thousand times larger than they look. */
export function onlyBodies(...types: readonly string[]): RequestHandler {
  return (request, _response, next) => {
    const encoding = request.headers['content-encoding']
    if (encoding !== undefined && encoding !== 'identity') {
      throw new Refusal({ status: 415, code: 'UNSUPPORTED_ENCODING', message: `A body in ${encoding} is not read.`, hint: 'Send it uncompressed.' })
    }
    if (types.some((type) => request.is(type))) {
      refuseTaken(request)
      // The other common spelling, which the parsers of bodies do not know.
      request.headers['content-type'] = request.headers['content-type']?.replace(/(;\s*charset=)("?)utf8\2(?=\s*(;|$))/i, '$1utf-8')
      return next()
    }
    throw new Refusal({
      status: 415, code: 'UNSUPPORTED_TYPE', message: `A body of type ${request.headers['content-type'] ?? 'unknown'} is not read.`,
      hint: `Send ${types.join(' or ')}.`,
    })
  }
}

const longestAddress = 8_192
const mostHeaders = 100

/** Bytes; the most that any route reads is 64 KB. */
const largestBody = 65_536

/** Refuses an address that no filter needs, so many headers that Node would silently leave some out, and at once a body that says it is too large. */
export const refuseOversized: RequestHandler = (request, _response, next) => {
  if (request.originalUrl.length > longestAddress) {
    throw new Refusal({ status: 414, code: 'ADDRESS_TOO_LONG', message: `The address is longer than ${longestAddress} characters.`, hint: 'Leave conditions out of the filter.' })
  }
  if (request.rawHeaders.length >= 2 * mostHeaders) {
    throw new Refusal({ status: 431, code: 'TOO_MANY_HEADERS', message: `The request has ${mostHeaders} headers or more.` })
  }
  if (Number(request.headers['content-length'] ?? 0) > largestBody) {
    throw new Refusal({ status: 413, code: 'TOO_LARGE', message: 'The body is too large.', hint: `It can have ${largestBody} bytes at most.` })
  }
  next()
}

/** Refuses paths that a proxy, a browser and a server may read in different ways: what a rule about `/metrics` keeps out shall not come in as `/x/../metrics` or `/metrics/`. */
export const refuseCrooked: RequestHandler = (request, _response, next) => {
  const { path } = request
  if (!/\/\/|\\|.\/$/.test(path) && !/(^|[/\\])\.\.?([/\\]|$)/.test(decodedOnce(path))) return next()
  throw new Refusal({ status: 404, code: 'NOT_FOUND', message: 'There is nothing at this address.' })
}

/** A path that is not percent-encoded UTF-8 stays as it is: the routes refuse it. */
function decodedOnce(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** Refuses a name of this server that is no host, and a way to it other than HTTP: addresses are written with them, and a browser is told apart from another site by them. A proxy that is believed may name others than Host does. */
export const refuseNameless: RequestHandler = (request, _response, next) => {
  const { host = null } = request.headers
  if (host !== null && !isHost(host)) throw badHost('The header Host names no host.')
  const believed: string | undefined = request.host
  if (believed !== undefined && !isHost(believed)) throw badHost('The header X-Forwarded-Host names no host.')
  if (!/^https?$/i.test(request.protocol)) {
    throw badHost('The header X-Forwarded-Proto is neither http nor https.', 'Have the proxy send how the browser reached it: http or https.')
  }
  next()
}

function isHost(text: string): boolean {
  return /^(\[[0-9a-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i.test(text) && URL.canParse(`http://${text}`)
}

/** Without what was sent: an answer repeats no name that somebody made up. */
function badHost(message: string, hint = 'Send the name and, if it is not the usual one, the port: audit.example:8443.'): Refusal {
  return new Refusal({ status: 400, code: 'BAD_HOST', message, hint })
}

const single = new Set(['host', 'authorization', 'content-type', 'content-encoding', 'origin', 'sec-fetch-site'])

/** Refuses a header twice that decides something: Node takes the first, a proxy in front may have looked at the last. */
export const refuseAmbiguous: RequestHandler = ({ rawHeaders }, _response, next) => {
  const names = rawHeaders.filter((_text, index) => index % 2 === 0).map((name) => name.toLowerCase())
  const twice = names.find((name, index) => single.has(name) && names.indexOf(name) !== index)
  if (twice === undefined) return next()
  throw new Refusal({ status: 400, code: 'AMBIGUOUS_HEADERS', message: `The request has the header ${twice} twice.`, hint: 'Send it once.' })
}

/** For `verify` of the body parsers of express: they would put U+FFFD in place of bytes that are not UTF-8, and read other encodings too. */
export function onlyUtf8(_request: unknown, _response: unknown, body: Buffer, encoding: string): void {
  if (encoding !== 'utf-8') throw new Refusal({ status: 415, code: 'UNSUPPORTED_TYPE', message: `A body in the charset ${encoding} is not read.`, hint: 'Send it in UTF-8.' })
  if (!isUtf8(body)) throw new Refusal({ status: 400, code: 'BAD_REQUEST', message: 'The body is not UTF-8.', hint: 'Send it in UTF-8.' })
}

/** The same for a form, whose percent-encoded bytes are looked at too. */
export function onlyUtf8Form(request: unknown, response: unknown, body: Buffer, encoding: string): void {
  onlyUtf8(request, response, body, encoding)
  try {
    decodeURIComponent(body.toString())
  } catch (cause) {
    throw new Refusal({ status: 400, code: 'BAD_REQUEST', message: 'The form is not percent-encoded UTF-8.', hint: 'Encode it as the form of a page is: å is %C3%A5.', cause })
  }
}
