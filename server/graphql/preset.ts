import '../graphile-production.ts'
import { PgSimplifyInflectionPreset } from '@graphile/simplify-inflection'
import type { Pool } from 'pg'
import { makePgService } from 'postgraphile/adaptors/pg'
import type { GraphQLError } from 'postgraphile/graphql'
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber'
import { eventsPlugin } from './events.ts'
import { exposurePlugins } from './exposure.ts'
import { makeLimitsPlugin, type DocumentLimits } from './limits.ts'
import { viewerPlugin } from './viewer.ts'

export interface GraphqlOptions {
  /** The pool of interactive requests, logged in as a role that may only become audit_admin. */
  readonly pool: Pool
  readonly limits: DocumentLimits
  /** The transaction-local settings of a request; see server/identity.ts. */
  readonly settingsOf: (context: Partial<Grafast.RequestContext>) => Record<string, string>
  readonly maskError: (error: GraphQLError) => GraphQLError
  /** Told each time that the schema cannot be built yet, because the database is away or the schema is not installed. */
  readonly notReady: (error: Error, attempts: number) => void
}

/** The whole of PostGraphile's configuration: schema audit, read-only, nothing that is not named. */
export function makePreset({ pool, limits, settingsOf, maskError, notReady }: GraphqlOptions) {
  return {
    extends: [PostGraphileAmberPreset, PgSimplifyInflectionPreset],
    plugins: [...exposurePlugins, eventsPlugin, viewerPlugin, makeLimitsPlugin(limits)],
    disablePlugins: [
      // Rows are addressed by their number, Query is not its own field, and there is nothing to subscribe to or to change.
      'NodePlugin', 'QueryQueryPlugin', 'MutationPlugin', 'SubscriptionPlugin',
      // What may be read is decided by server/graphql/exposure.ts and, row by row, by the database.
      'PgRBACPlugin',
      // Arguments of PostGraphile's own; ours are in server/graphql/events.ts.
      'PgConditionArgumentPlugin', 'PgFirstLastBeforeAfterArgsPlugin', 'PgConnectionArgOrderByPlugin', 'PgConnectionArgOrderByDefaultValuePlugin',
      'PgOrderAllAttributesPlugin', 'PgOrderByPrimaryKeyPlugin',
    ],
    pgServices: [makePgService({ pool, schemas: ['audit'], pubsub: false })],
    schema: {
      defaultBehavior: '-*',
      dontSwallowErrors: true,
      pgForbidSetofFunctionsToReturnNull: true,
      retryOnInitFail: (error, attempts) => {
        notReady(error, attempts)
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
