import pg, { type ClientBase } from 'pg'
import { z } from 'zod'

/** SQL for an entry: which one took it along, and which one stands at the top of its act. */
export interface CauseCode {
  readonly cause: string
  readonly root: string
}

const pointerRows = z.array(z.object({ kind: z.string(), parent_kind: z.string(), columns: z.array(z.string()) }))
type Pointer = z.output<typeof pointerRows>[number]

/**
 * A program that deletes the children first leaves an act that is joined when it is read; only its transactions are asked.
 * Uncorrelated, so that it is one hash table whatever the statistics say: with stale ones `exists` was 60,000² rows.
 */
const isJoinedLater = (event: string) => `${event}.transaction_id in (select forerun.transaction_id from audit.event forerun where forerun.has_forerunners)`

/**
 * What audit.cause_of and audit.root_of say, as SQL expressions. These functions take 0.3 and 0.5 ms a call, which was more than
 * half of an export in which one entry of forty belongs to such an act; one look into the index takes a hundredth.
 * @param event alias of audit.event in the surrounding query
 */
export async function causeCode(client: ClientBase, event: string): Promise<CauseCode> {
  const { rows } = await client.query('select kind, parent_kind, columns from audit_private.pointer_columns()')
  const pointers = pointerRows.parse(rows)
  const joined = isJoinedLater(event)
  const cause = laterCause(pointers, event, 'parent')
  // Nearly always what took it along is the top. Where that was taken along itself, the function climbs.
  const isTop = `(select top.root_id is null and top.caused_by is null and ${laterCause(pointers, 'top', 'above')} is null from audit.event top where top.id = ${cause})`
  return {
    cause: `case when ${event}.caused_by is not null then ${event}.caused_by when ${joined} then ${cause} end`,
    root: `case when ${event}.root_id is not null or ${event}.caused_by is not null then case when ${joined} then audit.root_of(${event}) else ${event}.root_id end`
      + ` when ${joined} then case when ${isTop} then ${cause} when ${cause} is null then null else audit.root_of(${event}) end end`,
  }
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
