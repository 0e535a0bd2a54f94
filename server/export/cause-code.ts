import pg, { type ClientBase } from 'pg'
import { z } from 'zod'

/** SQL for an entry: which one took it along, and which one stands at the top of its act. */
export interface CauseCode {
  /** The alias that audit.event has in it. */
  readonly event: string
  readonly cause: string
  readonly root: string
  /** Whether nothing took it along: what `rootsOnly` of a filter asks. */
  readonly isRoot: string
}

const pointerRows = z.array(z.object({ kind: z.string(), parent_kind: z.string(), columns: z.array(z.string()) }))
const joinedRow = z.tuple([z.object({ count: z.int(), listed: z.string().nullable() })])
type Pointer = z.output<typeof pointerRows>[number]

/** Up to so many transactions are listed in the query, twice, with about 12 bytes each: 2.4 MB of text. */
const mostListed = 100_000

/**
 * What audit.cause_of and audit.root_of say, as SQL expressions. These functions take 0.3 and 0.5 ms a call, which was more than
 * half of an export in which one entry of forty belongs to such an act; one look into the index takes a hundredth.
 * @param event alias of audit.event in the surrounding query
 * @param most up to how many transactions of such acts are listed in the query
 */
export async function causeCode(client: ClientBase, event: string, most = mostListed): Promise<CauseCode> {
  const { rows } = await client.query('select kind, parent_kind, columns from audit_private.pointer_columns()')
  const pointers = pointerRows.parse(rows)
  const joined = await joinedCode(client, event, most)
  if (joined === null) return { event, cause: `${event}.caused_by`, root: `${event}.root_id`, isRoot: `${event}.caused_by is null` }
  const cause = laterCause(pointers, event, 'parent')
  // Asked for by its number: a mention of the whole row would make each row be put together once more, which took 5 % of an export.
  const climbed = `(select audit.root_of(again) from audit.event again where again.id = ${event}.id)`
  // Nearly always what took it along is the top. Where that was taken along itself, the function climbs.
  const isTop = `top.root_id is null and top.caused_by is null and ${laterCause(pointers, 'top', 'above')} is null`
  return {
    event,
    cause: `case when ${event}.caused_by is not null then ${event}.caused_by when ${joined} then ${cause} end`,
    root: `case when ${event}.root_id is not null or ${event}.caused_by is not null then case when ${joined} then ${climbed} else ${event}.root_id end`
      + ` when ${joined} then (select case when ${isTop} then top.id else ${climbed} end from audit.event top where top.id = ${cause}) end`,
    isRoot: `${event}.caused_by is null and case when ${joined} then ${cause} is null else true end`,
  }
}

/**
 * Whether an entry belongs to an act that is joined when it is read, as a program leaves it that deletes the children first; null if there
 * is no such act. Few transactions are listed, which takes a fifth of looking each up in a subquery. That one is uncorrelated, so that it
 * is one hash table whatever the statistics say: with stale ones `exists` was 60,000² rows.
 */
async function joinedCode(client: ClientBase, event: string, most: number): Promise<string | null> {
  const { rows } = await client.query(`
    select count(*)::int as count, array_agg(transaction_id)::text as listed
      from (select distinct forerun.transaction_id from audit.event forerun where forerun.has_forerunners limit $1) as joined`, [most + 1])
  const [{ count, listed }] = joinedRow.parse(rows)
  if (listed === null) return null
  return count <= most ? `${event}.transaction_id = any (${pg.escapeLiteral(listed)}::xid8[])`
    : `${event}.transaction_id in (select forerun.transaction_id from audit.event forerun where forerun.has_forerunners)`
}

/** The first of the later deletions in the same transaction of what the row belonged to, or pointed to. */
function laterCause(pointers: readonly Pointer[], event: string, parent: string): string {
  const targets = [
    { kind: `${event}.owner_kind`, id: `${event}.owner_id`, of: '' },
    ...pointers.map(({ kind, parent_kind: parentKind, columns }) => ({
      kind: pg.escapeLiteral(parentKind), id: keyCode(columns, event), of: `${event}.object_kind = ${pg.escapeLiteral(kind)} and `,
    })),
  ]
  const matches = targets.map(({ kind, id, of }) => `${of}${parent}.object_kind = ${kind} and ${parent}.object_id = ${id}`)
  return `(select min(${parent}.id) from audit.event ${parent} where ${parent}.has_forerunners and ${parent}.transaction_id = ${event}.transaction_id`
    + ` and ${parent}.object_id = any (array[${targets.map(({ id }) => id).join(', ')}]) and (${matches.join(' or ')})`
    + ` and ${parent}.id > ${event}.id and ${parent}.action like '%.deleted' and ${event}.action like '%.deleted')`
}

/** The key of the other row as audit.event.object_id holds it: a text, of several columns a JSON array. */
function keyCode(columns: readonly string[], event: string): string {
  const values = columns.map((column) => `${event}.snapshot ->> ${pg.escapeLiteral(column)}`)
  return values.length === 1 ? `(${values[0]})` : `jsonb_build_array(${values.join(', ')})::text`
}
