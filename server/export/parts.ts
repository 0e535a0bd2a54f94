import pg, { type ClientBase } from 'pg'
import { z } from 'zod'
import { filterCode, type EventFilter } from '../event-filter.ts'
import type { CauseCode } from './cause-code.ts'

/** What an export reads, part by part. */
export interface Parts {
  /**
   * Conditions over audit.event for the next part: one after the other they let through, in their order, what the filter does. At least
   * one is given, so that a file of nothing has its header too.
   * @param client in the snapshot of the export, with nothing else running on it
   * @returns null behind the last part
   */
  readonly next: (client: ClientBase) => Promise<string | null>
  /** Whether nothing need be sorted for them: to be said to the planner, which takes the index of company and time for dearer. */
  readonly isInOrder: boolean
}

/** About so many entries are read at once at first: the first byte does not wait for more, and a second reader can begin soon. */
const entriesOfFirstPart = 2_000
/** The most that audit.find_event_ids gives. */
const entriesOfFoundPart = 10_000
/** So many times the first part: what two connections read in turn waits in memory. */
const longestPart = 8

const foundRow = z.tuple([z.object({ is_found: z.boolean() })])
const cutsRow = z.tuple([z.object({ cuts: z.array(z.string()) })])
const partRow = z.tuple([z.object({ ids: z.string(), count: z.int(), last_at: z.string().nullable(), last_id: z.string().nullable() })])

/**
 * Cuts an export into parts that two connections can read in turn. A search, or a filter that leaves little, is found as the list finds
 * it: without the index of names, one of 1.7 million entries gave its first byte after half a minute. Anything else is read by the index
 * of company and time, in which entries lie nearly as in the table, a few days at a time.
 * @param client in a transaction of one snapshot, with the settings of a reader
 * @param causes of the entries, with the alias that audit.event has in the surrounding query
 * @throws the error AU006 of the database, at once, which `refusalOf` turns into BAD_FILTER
 */
export async function partsOf(client: ClientBase, filter: EventFilter, { event, isRoot }: Pick<CauseCode, 'event' | 'isRoot'>, size = entriesOfFoundPart): Promise<Parts> {
  // What the database itself asks of each entry takes longer than to read it (13 µs): it must not know which transactions are few.
  const code = filter.rootsOnly === true ? `${await filterCode(client, { ...filter, rootsOnly: false }, event)} and ${isRoot}` : await filterCode(client, filter, event)
  const [{ is_found: isFound }] = foundRow.parse((await client.query('select audit_private.is_found_in_pages($1) as is_found', [JSON.stringify(filter)])).rows)
  if (isFound) return foundParts(filter, event, size)
  // As JSON has it, an instant does not depend on the DateStyle of the session.
  const [{ cuts }] = cutsRow.parse((await client.query('select to_json(audit_private.cuts_of($1, $2)) as cuts', [JSON.stringify(filter), Math.min(size, entriesOfFirstPart)])).rows)
  return cutParts(filter, code, event, cuts.filter((_, index) => endsPart(index + 1)))
}

/** Whether a part ends with so many first parts: each is as long as all before it, up to the longest. */
function endsPart(firstParts: number): boolean {
  return firstParts < longestPart ? Number.isInteger(Math.log2(firstParts)) : firstParts % longestPart === 0
}

function cutParts({ act }: EventFilter, code: string, alias: string, cuts: readonly string[]): Parts {
  const instants = cuts.map((cut) => pg.escapeLiteral(cut))
  const parts = [...instants, null].map((start, index) => {
    const end = instants[index - 1]
    return [code, ...start === null ? [] : [`${alias}.occurred_at >= ${start}`], ...end === undefined ? [] : [`${alias}.occurred_at < ${end}`]].join(' and ')
  })
  // An act is found by its transaction, and sorted.
  return { next: async () => parts.shift() ?? null, isInOrder: act === undefined || act === null }
}

function foundParts(filter: EventFilter, alias: string, size: number): Parts {
  let wanted = Math.min(size, entriesOfFirstPart)
  /** The last entry that was found; undefined before anything was asked, null when nothing more is there. */
  let last: { at: string | null; id: string | null } | undefined | null
  return {
    isInOrder: false,
    next: async (client) => {
      if (last === null) return null
      const isFirst = last === undefined
      const { rows } = await client.query(`
        with page as materialized (select array(select audit.find_event_ids($1, after_at => $2, after_id => $3, page_size => $4)) as ids)
        select page.ids::text as ids, cardinality(page.ids) as count, last.id::text as last_id, last.occurred_at::text as last_at
          from page left join audit.event last on last.id = page.ids[$4]`, [JSON.stringify(filter), last?.at ?? null, last?.id ?? null, wanted])
      const [{ ids, count, last_at: at, last_id: id }] = partRow.parse(rows)
      last = count < wanted ? null : { at, id }
      wanted = size
      return count > 0 || isFirst ? `${alias}.id = any (${pg.escapeLiteral(ids)}::bigint[])` : null
    },
  }
}
