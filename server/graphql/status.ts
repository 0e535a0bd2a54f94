import type { IncomingMessage } from 'node:http'
import type {} from 'postgraphile'
import { GraphQLError } from 'postgraphile/graphql'
import type { Refusal } from '../refusal.ts'

/**
 * GraphQL answers 200 whatever became of the query. Where the database failed, a proxy, a browser and a monitoring shall
 * see it too: the status and the headers (Retry-After) of the refusal are those of the answer.
 * @param failureOf what a request met in the database
 * @param onErrors told the errors of each answer
 */
export function makeStatusPlugin(failureOf: (request: IncomingMessage) => Refusal | undefined, onErrors: (errors: readonly GraphQLError[]) => void): GraphileConfig.Plugin {
  return {
    name: 'AuditStatusPlugin',
    version: '1.0.0',
    grafserv: {
      middleware: {
        async processRequest(next, event) {
          const result = await next()
          if (result?.type === 'json') onErrors(errorsOf(result.json))
          const { expressv4 } = event.requestDigest.requestContext
          const failure = expressv4 && failureOf(expressv4.req)
          if (failure === undefined || result === null || (result.type !== 'buffer' && result.type !== 'json')) return result
          return { ...result, statusCode: failure.status, headers: { ...result.headers, ...failure.headers } }
        },
      },
    },
  }
}

function errorsOf(payload: unknown): GraphQLError[] {
  const errors: unknown = typeof payload === 'object' && payload !== null ? Reflect.get(payload, 'errors') : undefined
  return Array.isArray(errors) ? errors.filter((error) => error instanceof GraphQLError) : []
}
