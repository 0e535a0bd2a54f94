import type { IncomingMessage } from 'node:http'
import type {} from 'postgraphile'
import { z } from 'zod'
import type { Refusal } from '../refusal.ts'

/**
 * GraphQL answers 200 whatever became of the query. Where the database failed, a proxy, a browser and a monitoring shall
 * see it too: the status and the headers (Retry-After) of the refusal are those of the answer. So shall a program whose
 * filter, page or text cannot be used, which might take an answer of 200 for "nothing found": it gets 400. An error of our own is 500, for
 * an alarm that counts those; the fields that could be read stay in the answer.
 * @param failureOf what a request met in the database
 * @param onRefused told the codes of the errors of an answer, each once, however many mistakes are in the document
 */
export function makeStatusPlugin(failureOf: (request: IncomingMessage) => Refusal | undefined, onRefused: (codes: readonly string[]) => void): GraphileConfig.Plugin {
  return {
    name: 'AuditStatusPlugin',
    version: '1.0.0',
    grafserv: {
      middleware: {
        async processRequest(next, event) {
          const result = await next()
          if (result === null || (result.type !== 'buffer' && result.type !== 'json')) return result
          const codes = codesOf(result.type === 'json' ? result.json : result.buffer)
          if (codes.length > 0) onRefused(codes)
          const { expressv4 } = event.requestDigest.requestContext
          const failure = expressv4 && failureOf(expressv4.req)
          if (failure === undefined) return withStatus(result, codes.includes('INTERNAL') ? 500 : codes.some((code) => unusable.has(code)) ? 400 : null)
          return { ...result, statusCode: failure.status, headers: { ...result.headers, ...failure.headers } }
        },
      },
    },
  }
}

const unusable = new Set(['BAD_FILTER', 'BAD_PAGE', 'BAD_TEXT', 'BAD_REQUEST'])

function withStatus<Result extends object>(result: Result, statusCode: number | null): Result {
  return statusCode === null ? result : { ...result, statusCode }
}

const refused = z.object({ errors: z.array(z.object({ extensions: z.object({ code: z.string().optional() }).optional() })) })

/** What parsing and validation find wrong is in the answer only. One with nothing wrong, which may be large, is not parsed. */
function codesOf(answer: unknown): string[] {
  if (Buffer.isBuffer(answer) && !answer.includes('"errors":[')) return []
  const { data } = refused.safeParse(Buffer.isBuffer(answer) ? JSON.parse(answer.toString('utf8')) : answer)
  return [...new Set(data?.errors.map(({ extensions }) => extensions?.code ?? 'BAD_DOCUMENT'))]
}
