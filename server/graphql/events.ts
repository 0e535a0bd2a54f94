import type { PgResource, PgSelectQueryBuilder } from 'postgraphile/@dataplan/pg'
import { connection, lambda, list, type FieldArgs } from 'postgraphile/grafast'
import { extendSchema, gql } from 'postgraphile/utils'
import { eventConditions, parseEventFilter } from '../event-filter.ts'
import { Refusal } from '../refusal.ts'
import { asSafeError } from './errors.ts'

/** Entries of a page: when the caller asks for no number, and at most. The descriptions below say them too. */
const usual = 25
const most = 200

/** `Query.events` and `Query.event` over the table audit.event, with filter, order and paging by key. */
export const eventsPlugin = extendSchema((build) => {
  const resource = build.input.pgRegistry.pgResources['event']
  if (!resource) throw new Error('audit.event is not there. Run: npm run audit -- migrate')
  return {
    typeDefs: gql`
      extend type Query {
        "The entries of the viewer's company, newest first unless asked otherwise. Somebody who may not read it gets none: see viewer."
        events(
          "How many entries after the cursor, 25 if nothing is said, 200 at most."
          first: Int
          "Only entries behind this cursor."
          after: Cursor
          "How many entries before the cursor, 200 at most."
          last: Int
          "Only entries in front of this cursor."
          before: Cursor
          orderBy: EventOrderBy! = OCCURRED_AT_DESC
          filter: EventFilter
        ): EventConnection
        "One entry by its number. Null if there is none, or none that the viewer may read."
        event(id: BigInt!): Event
      }

      "Order by time, then by number, so that it is the same every time."
      enum EventOrderBy {
        OCCURRED_AT_DESC
        OCCURRED_AT_ASC
      }

      "Which entries are wanted: all conditions that are given must hold. An empty list or text is an error, as is an unknown value."
      input EventFilter {
        "Any of these actions."
        actions: [String!]
        "None of these actions."
        notActions: [String!]
        "Any of these sources: app, api, admin, system, sql."
        sources: [String!]
        "None of these sources."
        notSources: [String!]
        "At this time or later."
        from: Datetime
        "Before this time."
        to: Datetime
        "Words that the names of object, owner and actor must hold, in any case. \\"A phrase\\" in quotes; -word must not occur."
        query: String
        actorId: String
        objectKind: String
        objectId: String
        ownerKind: String
        ownerId: String
        requestId: String
        "The number of an act's main entry: that entry and everything that went with it."
        act: BigInt
        "Only entries that nothing else caused."
        rootsOnly: Boolean
      }
    `,
    objects: {
      Query: {
        plans: {
          events: (_root: unknown, args: FieldArgs) => planEvents(resource, args),
          event: (_root: unknown, args: FieldArgs) => resource.get({ id: args.getRaw('id') }),
        },
      },
    },
  }
}, 'AuditEventsPlugin')

function planEvents(events: PgResource, args: FieldArgs) {
  const $events = events.find()
  $events.apply(lambda(args.getRaw('orderBy'), orderEvents))
  $events.apply(lambda(args.getRaw('filter'), filterEvents, true))
  const $connection = connection($events)
  const $sizes = lambda(list([args.getRaw('first'), args.getRaw('last')]), ([first, last]) => pageSizes(first, last))
  $connection.setFirst(lambda($sizes, ({ first }) => first))
  $connection.setLast(lambda($sizes, ({ last }) => last))
  $connection.setAfter(args.getRaw('after'))
  $connection.setBefore(args.getRaw('before'))
  return $connection
}

function pageSizes(first: unknown, last: unknown) {
  if (typeof first === 'number' && typeof last === 'number') {
    throw badPage('first and last are both given', 'Give first to read on, or last to read back.')
  }
  return { first: pageSize('first', first) ?? (typeof last === 'number' ? null : usual), last: pageSize('last', last) }
}

function pageSize(name: string, size: unknown): number | null {
  if (typeof size !== 'number') return null
  if (size < 1 || size > most) throw badPage(`${name} is ${size}`, `It can be from 1 to ${most}; read further pages with the cursor.`)
  return size
}

function orderEvents(order: unknown) {
  const direction = order === 'OCCURRED_AT_ASC' ? 'ASC' : 'DESC'
  return (query: PgSelectQueryBuilder) => {
    query.orderBy({ attribute: 'occurred_at', direction })
    query.orderBy({ attribute: 'id', direction })
    query.setOrderIsUnique()
  }
}

function filterEvents(input: unknown) {
  try {
    const filter = parseEventFilter(input)
    return (query: PgSelectQueryBuilder) => {
      for (const condition of eventConditions(filter, query.alias)) query.where(condition)
    }
  } catch (error) {
    throw asSafeError(error)
  }
}

function badPage(detail: string, hint: string) {
  return asSafeError(new Refusal({ status: 400, code: 'BAD_PAGE', message: 'This page cannot be read.', detail, hint }))
}
