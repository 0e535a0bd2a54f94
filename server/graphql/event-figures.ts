import { loadOneWithPgClient, type PgExecutor } from 'postgraphile/@dataplan/pg'
import { constant, lambda, list, type FieldArgs, type Step } from 'postgraphile/grafast'
import { extendSchema, gql } from 'postgraphile/utils'
import { z } from 'zod'
import { parseEventFilter } from '../event-filter.ts'
import { asSafeError } from './errors.ts'

/** Up to so many hits of a search are counted; beyond, the answer is "more than". docs/administrator.md says it too. */
const mostCounted = 10_000

const wholeNumber = z.union([z.string(), z.number()]).transform(Number).pipe(z.int())
const countRow = z.tuple([z.object({ count: wholeNumber, is_exact: z.boolean() })])
const facetRows = z.array(z.object({ facet: z.enum(['actions', 'sources', 'actors', 'kinds']), value: z.string().nullable(), label: z.string().nullable(), count: wholeNumber, isExact: z.boolean() }))
const bucketRows = z.array(z.object({ unit: z.string(), from: z.string(), to: z.string(), deletions: wholeNumber, exports: wholeNumber, others: wholeNumber, isExact: z.boolean() }))

/** `Query.eventCount`, `eventFacets` and `eventHistogram`: figures about the entries that a filter lets through. */
export const eventFiguresPlugin = extendSchema((build) => {
  const executor = build.input.pgRegistry.pgExecutors['main']
  if (!executor) throw new Error('The service "main" has no executor: it is made in server/graphql/preset.ts')
  return {
    typeDefs: gql`
      extend type Query {
        "How many entries a filter lets through. A search is counted up to 10,000 hits."
        eventCount(filter: EventFilter): EventCount!
        "What there is to choose from under a filter, and how many entries each choice would give. Of a search, an object, an owner or a request at most the newest 10,000 entries are counted."
        eventFacets(filter: EventFilter): EventFacets!
        "How the entries under a filter spread over time: by hours, days, weeks, months or years, whichever is the finest that fits. No more entries are counted than for the facets."
        eventHistogram(
          filter: EventFilter
          "The time zone in which days begin, like Europe/Stockholm; the filter's or the company's if nothing is said."
          timeZone: String
          "At most so many, 60 at most."
          buckets: Int = 60
        ): EventHistogram!
      }

      type EventCount {
        count: Int!
        "False: there are more than that."
        isExact: Boolean!
      }

      "Each is counted without its own condition: what another choice would give. The hundred most frequent, the most frequent first."
      type EventFacets {
        actions: [EventFacet!]!
        sources: [EventFacet!]!
        actors: [EventFacet!]!
        kinds: [EventFacet!]!
        "False: only the newest entries were counted, in one of them at least; there may be others to choose from."
        isExact: Boolean!
      }

      type EventFacet {
        "What a filter would say."
        value: String!
        "The latest name of a person; null for everything else."
        label: String
        count: Int!
        "False: there are more than that; only the newest were counted."
        isExact: Boolean!
      }

      type EventHistogram {
        "hour, day, week, month or year."
        unit: String!
        buckets: [EventBucket!]!
      }

      type EventBucket {
        from: Datetime!
        "The beginning of the next one; not part of this one."
        to: Datetime!
        deletions: Int!
        exports: Int!
        others: Int!
        "False: there may be more; only the newest entries were counted, and some of this time are older."
        isExact: Boolean!
      }
    `,
    objects: {
      EventCount: { assertStep: () => true },
      EventFacets: { assertStep: () => true },
      EventFacet: { assertStep: () => true },
      EventHistogram: { assertStep: () => true },
      EventBucket: { assertStep: () => true },
      Query: {
        plans: {
          eventCount: (_root: unknown, args: FieldArgs) => loadCount(executor, args.getRaw('filter'), mostCounted),
          eventFacets: (_root: unknown, args: FieldArgs) => loadFigures(executor, list([args.getRaw('filter')]), async (query, [filter]) => {
            const rows = facetRows.parse(await query('select facet, value, label, count, is_exact as "isExact" from audit.event_facets($1::jsonb)', [filterText(filter)]))
            const of = (name: string) => rows.filter(({ facet, value }) => facet === name && value !== null)
            return { isExact: rows.every(({ isExact }) => isExact), actions: of('actions'), sources: of('sources'), actors: of('actors'), kinds: of('kinds') }
          }),
          eventHistogram: (_root: unknown, args: FieldArgs) => loadFigures(executor, list([args.getRaw('filter'), args.getRaw('timeZone'), args.getRaw('buckets')]), async (query, [filter, timeZone, buckets]) => {
            filterText({ timeZone })
            const rows = bucketRows.parse(await query(`
              select unit, to_json(starts_at) #>> '{}' as "from", to_json(ends_at) #>> '{}' as "to", deletions, exports, others, is_exact as "isExact"
                from audit.event_histogram($1::jsonb, $2, $3) order by starts_at`, [filterText(filter), timeZone ?? null, buckets ?? 60]))
            return { unit: rows[0]?.unit ?? 'day', buckets: rows }
          }),
        },
      },
    },
  }
}, 'AuditEventFiguresPlugin')

/** The total of a filter. @param most up to which number the hits of a search are counted; null: all */
export function loadCount(executor: PgExecutor, $filter: Step, most: number | null) {
  return loadFigures(executor, list([$filter, constant(most)]), async (query, [filter, limit]) => {
    const [{ count, is_exact: isExact }] = countRow.parse(await query('select count, is_exact from audit.event_count($1::jsonb, $2)', [filterText(filter), limit]))
    return { count, isExact }
  })
}

type Query = (text: string, values: readonly unknown[]) => Promise<unknown>

function loadFigures<Figures>(executor: PgExecutor, $given: Step<readonly unknown[]>, load: (query: Query, given: readonly unknown[]) => Promise<Figures>) {
  const $text = lambda($given, (given) => JSON.stringify(given))
  return loadOneWithPgClient(executor, $text, async (client, texts: readonly string[]) => {
    const query: Query = async (text, values) => (await client.query({ text, values: [...values] })).rows
    const figures: Figures[] = []
    for (const text of texts) figures.push(await load(query, z.array(z.unknown()).parse(JSON.parse(text))))
    return figures
  })
}

function filterText(filter: unknown): string {
  try {
    return JSON.stringify(parseEventFilter(filter))
  } catch (error) {
    throw asSafeError(error)
  }
}
