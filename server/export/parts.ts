import pg, { type ClientBase } from 'pg'
import { z } from 'zod'
import { filterCode, type EventFilter } from '../event-filter.ts'
import type { CauseCode } from './cause-code.ts'

/** Entries of a part whose numbers stand in the query: the most that audit.find_event_ids gives. */
const entriesOfPart = 10_000
/** Fewer at first, so that the first byte does not wait for ten thousand. */
const entriesOfFirstPart = 2_000

const foundRow = z.tuple([z.object({ is_found: z.boolean() })])
const partRow = z.tuple([z.object({ ids: z.string(), count: z.int(), last_at: z.string().nullable(), last_id: z.string().nullable() })])

/**
 * What an export reads, part by part: conditions over audit.event, which let through in their order what the filter does. Nearly all
 * exports have one part. A search, or a filter that leaves little, is found as the list finds it: without the index of names, one of
 * 1.7 million entries gave its first byte after half a minute.
 * @param client in a transaction of one snapshot, with the settings of a reader; what is asked in it from the first part on is not sorted, if that can be avoided
 * @param causes of the entries, with the alias that audit.event has in the surrounding query
 * @throws the error AU006 of the database, at once, which `refusalOf` turns into BAD_FILTER
 */
export async function partsOf(client: ClientBase, filter: EventFilter, { event, isRoot }: Pick<CauseCode, 'event' | 'isRoot'>, size = entriesOfPart): Promise<AsyncIterable<string>> {
  // What the database itself asks of each entry takes longer than to read it (13 µs): it must not know which transactions are few.
  const code = filter.rootsOnly === true ? `${await filterCode(client, { ...filter, rootsOnly: false }, event)} and ${isRoot}` : await filterCode(client, filter, event)
  const [{ is_found: isFound }] = foundRow.parse((await client.query('select audit_private.is_found_in_pages($1) as is_found', [JSON.stringify(filter)])).rows)
  return isFound ? foundParts(client, filter, event, size) : onePart(client, filter, code)
}

/**
 * By the index of company and time, which the planner takes for dearer than sorting: but entries lie in the table nearly as they came, so
 * that it reads each page about once, and nothing is sorted on disk. An act is found by its transaction, and sorted.
 */
async function* onePart(client: ClientBase, { act }: EventFilter, code: string): AsyncGenerator<string> {
  if (act === undefined || act === null) await client.query('set local enable_sort = off')
  yield code
}

/** At least one part, so that a file of nothing has its header too. */
async function* foundParts(client: ClientBase, filter: EventFilter, alias: string, size: number): AsyncGenerator<string> {
  let last: { at: string | null; id: string | null } = { at: null, id: null }
  for (let isFirst = true; ; isFirst = false) {
    const wanted = isFirst ? Math.min(size, entriesOfFirstPart) : size
    const { rows } = await client.query(`
      with page as materialized (select array(select audit.find_event_ids($1, after_at => $2, after_id => $3, page_size => $4)) as ids)
      select page.ids::text as ids, cardinality(page.ids) as count, last.id::text as last_id, last.occurred_at::text as last_at
        from page left join audit.event last on last.id = page.ids[$4]`, [JSON.stringify(filter), last.at, last.id, wanted])
    const [{ ids, count, last_at: at, last_id: id }] = partRow.parse(rows)
    if (count > 0 || isFirst) yield `${alias}.id = any (${pg.escapeLiteral(ids)}::bigint[])`
    if (count < wanted) return
    last = { at, id }
  }
}
