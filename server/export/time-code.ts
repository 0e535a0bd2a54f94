import type { ClientBase } from 'pg'
import { z } from 'zod'

/** The time of an entry as SQL expressions. The session's time zone is the reader's. */
export interface TimeCode {
  /** `2026-11-23T18:32:07.123456Z`. */
  readonly utc: string
  /** `2026-11-23 19:32:07`. */
  readonly local: string
  /** The same for CSV: minus infinity is the one that a spreadsheet would take for a formula. */
  readonly csv: { readonly utc: string; readonly local: string }
}

const unusualRow = z.tuple([z.object({ is_there: z.boolean() })])

/**
 * A time as RFC 3339 writes it, which is for the years that have four digits; others go as PostgreSQL knows them. Where none
 * of these is in the log, which two looks into its index tell, the local time is written without being put together as text first.
 * @param event alias of audit.event in the surrounding query
 */
export async function timeCode(client: ClientBase, event: string): Promise<TimeCode> {
  const at = `${event}.occurred_at`
  const isUnusual = (time: string): string => `${time} < '0001-01-02 00:00:00+00' or ${time} >= '9999-12-31 00:00:00+00'`
  const inUtc = `(${at} at time zone interval '0')::text`
  const inZone = `${at}::timestamp::text`
  const usual = { utc: `replace(${inUtc}, ' ', 'T') || 'Z'`, local: `left(${inZone}, 19)` }
  const { rows } = await client.query(`select exists (select from audit.event e where ${isUnusual('e.occurred_at')}) as is_there`)
  if (!unusualRow.parse(rows)[0].is_there) return { ...usual, csv: { utc: usual.utc, local: `date_trunc('second', ${at}::timestamp)` } }

  const other = { utc: `regexp_replace(${inUtc}, '^(\\d+-\\d\\d-\\d\\d) ([\\d:.]+)', '\\1T\\2Z')`, local: `regexp_replace(${inZone}, '[.]\\d+', '')` }
  const either = (usually: string, otherwise: string): string => `case when ${isUnusual(at)} then ${otherwise} else ${usually} end`
  const inCsv = (code: string): string => `case when ${at} = '-infinity' then '''-infinity' else ${code} end`
  return {
    utc: either(usual.utc, other.utc), local: either(usual.local, other.local),
    csv: { utc: either(usual.utc, inCsv(other.utc)), local: either(usual.local, inCsv(other.local)) },
  }
}
