import type { PgResource, PgSelectQueryBuilder } from 'postgraphile/@dataplan/pg'
import { connection, lambda, list, type FieldArgs, type Step } from 'postgraphile/grafast'
import { sql } from 'postgraphile/pg-sql2'
import { extendSchema, gql } from 'postgraphile/utils'
import { z } from 'zod'
import { operatorTool } from '../../db/installation.ts'
import { eventId, parseEventFilter, parseEventId } from '../event-filter.ts'
import { badPage, foreignCursor } from './bad-page.ts'
import { asSafeError } from './errors.ts'
import { loadCount } from './event-figures.ts'

/** Entries of a page: when the caller asks for no number, and at most. The descriptions below say them too. */
const usual = 25
const most = 200

/** `Query.events` and `Query.event` over the table audit.event, with filter, order and paging by key. */
export const eventsPlugin = extendSchema((build) => {
  const resource = build.input.pgRegistry.pgResources['event']
  if (!resource) throw new Error(`audit.event is not there. Run: ${operatorTool} migrate`)
  /** The filter of each list, for its total. */
  const filterOf = new WeakMap<Step, Step>()
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

      extend type EventConnection {
        "How many entries there are under the filter, on all pages. Exact, and slow for a search that finds very many: see eventCount."
        totalCount: Int!
      }

      "Order by time, then by number, so that it is the same every time."
      enum EventOrderBy {
        OCCURRED_AT_DESC
        OCCURRED_AT_ASC
      }

      "Which entries are wanted: all conditions that are given must hold. An empty list or text is an error, as is an unknown value."
      input EventFilter {
        "Any of these actions: those of deletions and exports, <kind>.<verb> of every tracked kind, and those of tables themselves."
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
        "On this day or later, like 2026-03-31."
        fromDay: String
        "On this day or before; the day is part of the period."
        toDay: String
        "The time zone of the days, like Europe/Stockholm; the company's if nothing is said."
        timeZone: String
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
          events(_root: unknown, args: FieldArgs) {
            const $connection = planEvents(resource, args)
            filterOf.set($connection, args.getRaw('filter'))
            return $connection
          },
          event: (_root: unknown, args: FieldArgs) => resource.get({ id: lambda(args.getRaw('id'), eventNumber, true) }),
        },
      },
      EventConnection: {
        plans: {
          totalCount($connection: Step) {
            const $filter = filterOf.get($connection)
            if ($filter === undefined) throw new Error('A list of entries was not made by Query.events.')
            return lambda(loadCount(resource.executor, $filter, null), ({ count }) => count)
          },
        },
      },
    },
  }
}, 'AuditEventsPlugin')

function planEvents(events: PgResource, args: FieldArgs) {
  const $events = events.find()
  const $sizes = lambda(list([args.getRaw('first'), args.getRaw('last')]), ([first, last]) => pageSizes(first, last))
  $events.apply(lambda(args.getRaw('orderBy'), orderEvents))
  $events.apply(lambda(list([args.getRaw('filter'), args.getRaw('orderBy'), $sizes, args.getRaw('after'), args.getRaw('before')]), filterEvents))
  const $connection = connection($events)
  $connection.setFirst(lambda($sizes, ({ first }) => first))
  $connection.setLast(lambda($sizes, ({ last }) => last))
  $connection.setAfter(args.getRaw('after'))
  $connection.setBefore(args.getRaw('before'))
  return $connection
}

function pageSizes(first: unknown, last: unknown) {
  if (typeof first === 'number' && typeof last === 'number') {
    throw asSafeError(badPage('first and last are both given', 'Give first to read on, or last to read back.'))
  }
  return { first: pageSize('first', first) ?? (typeof last === 'number' ? null : usual), last: pageSize('last', last) }
}

function pageSize(name: string, size: unknown): number | null {
  if (typeof size !== 'number') return null
  if (size < 1 || size > most) throw asSafeError(badPage(`${name} is ${size}`, `It can be from 1 to ${most}; read further pages with the cursor.`))
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

type Sizes = ReturnType<typeof pageSizes>

/** The database finds the numbers of the entries of one page, and the list reads those and no others. */
function filterEvents([given, order, { first, last }, after, before]: readonly [unknown, unknown, Sizes, unknown, unknown]) {
  try {
    const filter = parseEventFilter(given)
    const isFiltered = Object.values(filter).some((value) => value !== null && value !== undefined)
    const isForward = last === null
    // Reading back is reading on in the other order. One more than the page tells whether there is a further one.
    const isAscending = (order === 'OCCURRED_AT_ASC') === isForward
    const start = readCursor(isForward ? after : before)
    const size = (isForward ? first ?? usual : last) + 1
    return (query: PgSelectQueryBuilder) => {
      if (!isFiltered) return
      query.where(sql`${query.alias}.id = any (array(select audit.find_event_ids(${sql.value(JSON.stringify(filter))}::jsonb, ${sql.value(isAscending)}::boolean, ${sql.value(start?.at ?? null)}::timestamptz, ${sql.value(start?.id ?? null)}::bigint, ${sql.value(size)}::integer)))`)
    }
  } catch (error) {
    throw asSafeError(error)
  }
}

/** A time as the database writes it into JSON, on a day that there is. It knows no year 0 and no zone that is 16 hours away. */
const cursorTime = z.iso.datetime({ offset: true }).regex(/^(?!0000).*(Z|[+-](0\d|1[0-5]):\d\d)$/)
const cursorParts = z.tuple([z.string(), cursorTime, eventId])

/** Where a page begins. Whether the cursor is one of the same order, PostGraphile finds out; errors.ts has the words for it. */
function readCursor(cursor: unknown): { at: string; id: string } | null {
  if (typeof cursor !== 'string') return null
  try {
    const [, at, id] = cursorParts.parse(JSON.parse(Buffer.from(cursor, 'base64').toString('utf8')))
    return { at, id }
  } catch {
    throw foreignCursor()
  }
}

function eventNumber(id: unknown): string {
  try {
    return parseEventId(id)
  } catch (error) {
    throw asSafeError(error)
  }
}
