import { Refusal, type RefusalOptions } from './refusal.ts'

/** What express and its body parsers found wrong with a request; null for any other error. */
export function requestRefusal(error: unknown): Refusal | null {
  const of = (name: string): unknown => (error instanceof Error ? Reflect.get(error, name) : undefined)
  const status = of('status')
  if (typeof status !== 'number' || status < 400 || status > 499) return null
  return new Refusal({ status, ...(whatIs(of, of('type')) ?? byStatus[status] ?? unreadable), cause: error })
}

type Said = Pick<RefusalOptions, 'code' | 'message' | 'detail' | 'hint'>

const unreadable: Said = { code: 'BAD_REQUEST', message: 'The request cannot be read.' }
const byStatus: Readonly<Record<number, Said>> = {
  413: { code: 'TOO_LARGE', message: 'The body is too large.' },
  415: { code: 'UNSUPPORTED_TYPE', message: 'A body of this type is not read.' },
}

/** In more words, by the type that body-parser and express give to their errors. */
function whatIs(of: (name: string) => unknown, type: unknown): Said | null {
  switch (type) {
    case 'entity.parse.failed':
      // Whoever looks at each number of it runs out of stack.
      if (of('name') === 'RangeError') return { ...unreadable, message: 'The lists and objects of the body lie too deep in each other.', hint: 'Send a flatter one: the filter of an export can be 20 deep.' }
      return { ...unreadable, message: 'The body is not JSON.', detail: placeIn(of('message')), hint: 'Send one JSON object, with each name and each text in double quotes.' }
    case 'charset.unsupported':
      return { code: 'UNSUPPORTED_TYPE', message: `A body in the charset ${String(of('charset'))} is not read.`, hint: 'Send it in UTF-8.' }
    case 'entity.too.large':
      return { code: 'TOO_LARGE', message: 'The body is too large.', hint: `It can have ${String(of('limit'))} bytes at most.` }
    case 'request.aborted':
    case 'request.size.invalid':
      return { ...unreadable, detail: 'The body has another length than its header says.' }
  }
  return of('name') === 'URIError' ? { ...unreadable, detail: 'The address is not percent-encoded UTF-8.' } : null
}

/** Where the reader of JSON stopped. The rest of what it says repeats what was sent. */
function placeIn(message: unknown): string | undefined {
  const place = /at position \d+( \(line \d+ column \d+\))?/.exec(String(message))?.[0]
  return place === undefined ? undefined : `It stops being JSON ${place}.`
}
