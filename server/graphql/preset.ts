import type { IncomingMessage } from 'node:http'
import { PgSimplifyInflectionPreset } from '@graphile/simplify-inflection'
import type { GraphQLError } from 'postgraphile/graphql'
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber'
import type { Refusal } from '../refusal.ts'
import { deepJsonPlugin } from './deep-json.ts'
import { eventsPlugin } from './events.ts'
import { eventFiguresPlugin } from './event-figures.ts'
import { exposurePlugins } from './exposure.ts'
import { makeLimitsPlugin, type DocumentRules } from './limits.ts'
import type { makeReaderService } from './reader-client.ts'
import { makeStatusPlugin } from './status.ts'
import { viewerPlugin } from './viewer.ts'

export interface GraphqlOptions {
  /** The database, by the connections of interactive requests, logged in as a role that may only become audit_admin. */
  readonly service: ReturnType<typeof makeReaderService>
  readonly rules: DocumentRules
  /** What a request met in the database. */
  readonly failureOf: (request: IncomingMessage) => Refusal | undefined
  /** Told the codes of the errors of each answer that has any. */
  readonly onRefused: (codes: readonly string[]) => void
  /** The transaction-local settings of a request; see server/identity.ts. */
  readonly settingsOf: (context: Partial<Grafast.RequestContext>) => Record<string, string>
  readonly maskError: (error: GraphQLError) => GraphQLError
  /** Told each time that the schema cannot be built yet, because the database went away in the middle; waits until it may be tried again. */
  readonly notReady: (error: Error, attempts: number) => Promise<void>
}

/** The whole of PostGraphile's configuration: schema audit, read-only, nothing that is not named. */
export function makePreset({ service, rules, failureOf, onRefused, settingsOf, maskError, notReady }: GraphqlOptions) {
  return {
    extends: [PostGraphileAmberPreset, PgSimplifyInflectionPreset],
    plugins: [...exposurePlugins, eventsPlugin, eventFiguresPlugin, viewerPlugin, deepJsonPlugin, makeLimitsPlugin(rules), makeStatusPlugin(failureOf, onRefused)],
    disablePlugins: [
      // Rows are addressed by their number, Query is not its own field, and there is nothing to subscribe to or to change.
      'NodePlugin', 'QueryQueryPlugin', 'MutationPlugin', 'SubscriptionPlugin',
      // What may be read is decided by server/graphql/exposure.ts and, row by row, by the database.
      'PgRBACPlugin',
      // Arguments of PostGraphile's own; ours are in server/graphql/events.ts.
      'PgConditionArgumentPlugin', 'PgFirstLastBeforeAfterArgsPlugin', 'PgConnectionArgOrderByPlugin', 'PgConnectionArgOrderByDefaultValuePlugin',
      'PgOrderAllAttributesPlugin', 'PgOrderByPrimaryKeyPlugin',
    ],
    pgServices: [service],
    schema: {
      defaultBehavior: '-*',
      dontSwallowErrors: true,
      pgForbidSetofFunctionsToReturnNull: true,
      retryOnInitFail: async (error, attempts) => {
        await notReady(error, attempts)
        return true
      },
    },
    grafast: {
      context: (requestContext) => ({ pgSettings: settingsOf(requestContext) }),
      explain: false,
    },
    grafserv: {
      graphqlPath: '/graphql',
      graphiql: false,
      graphiqlOnGraphQLGET: false,
      graphqlOverGET: false,
      websockets: false,
      watch: false,
      maxRequestLength: 65_536,
      schemaWaitTime: 2_000,
      allowedRequestContentTypes: ['application/json'],
      maskError,
    },
  } satisfies GraphileConfig.Preset
}
