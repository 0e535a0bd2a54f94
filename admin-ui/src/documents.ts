import * as provider from './data-provider.ts'

const events = new provider.EventResource()
const pagination = { page: 1, perPage: 1 }
const pages = (['ASC', 'DESC'] as const).map((order) =>
  events.page({ filter: {}, pagination, sort: { field: 'occurredAt', order }, meta: { locale: 'en' } }),
)
const one = events.one({ id: '1', meta: { locale: 'en' } })

/**
 * Every GraphQL document that the screens send, word for word: the build writes them beside the screens, so that the
 * server can refuse all others (GRAPHQL_DOCUMENTS=screens). What changes from question to question is a variable.
 */
export const documents: readonly string[] = [
  ...[...pages, one].map(({ query }) => query),
  ...Object.entries(provider).flatMap(([name, value]) => (name.endsWith('Document') && typeof value === 'string' ? [value] : [])),
]
