import { parse } from 'csv-parse/sync'
import papaparse from 'papaparse'
import * as assert from 'uvu/assert'
import type { TestDatabase } from '../harness/database.ts'
import type { Person, RunningServer } from './running-server.ts'

/** An entry as a test wants it; the rest is filled in. */
export interface WantedEntry {
  readonly label: string | null
  readonly action: string
  /** Seconds after 2026-06-30 22:00 UTC. */
  readonly second: number
  readonly snapshot?: unknown
  readonly details?: unknown
}

/** Adds entries that no trigger would let through unchanged; the guard of this one database is lifted for it. */
export async function insertEntries(database: TestDatabase, entries: readonly WantedEntry[]): Promise<void> {
  await database.superuser.query('alter table audit.event disable trigger user')
  await database.superuser.query(`
    insert into audit.event (company_id, occurred_at, actor_id, actor_name, actor_status, action, object_kind, object_id, object_label, source, db_user, snapshot, details)
    select '1', timestamptz '2026-06-30 22:00:00Z' + second * interval '1 second', '7', '=cmd|calc', 'asserted', action, split_part(action, '.', 1), '007', label, 'app', 'consultant_app', snapshot, details
    from json_to_recordset($1) as line (label text, action text, second int, snapshot jsonb, details jsonb)`, [JSON.stringify(entries)])
}

/** The file that a person gets. */
export async function exported(running: RunningServer, person: Person, path: string): Promise<{ response: Response; bytes: Buffer }> {
  const response = await running.fetch(person, path)
  if (response.status !== 200) assert.is(response.status, 200, await response.text())
  return { response, bytes: Buffer.from(await response.arrayBuffer()) }
}

/** The records of a CSV file, as two independent parsers read them in the same way; both are strict about quotes. */
export function recordsOf(bytes: Buffer, separator = ','): string[][] {
  const byOne: string[][] = parse(bytes, { delimiter: separator, bom: true, relax_quotes: false, relax_column_count: false, record_delimiter: '\r\n' })
  const { data, errors } = papaparse.parse<string[]>(bytes.toString().replace(/^\u{FEFF}/u, ''), { delimiter: separator, newline: '\r\n', skipEmptyLines: true })
  assert.equal(errors, [])
  assert.equal(byOne, data)
  return byOne
}

/** Takes back the apostrophe that stands before what a spreadsheet would run. */
export function rawOf(cell: string): string {
  return /^'+[=+\-@\t\n\r＝＋－＠]/u.test(cell) ? cell.slice(1) : cell
}

/** Waits until something holds, for at most ten seconds. */
export async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`After ten seconds still not: ${what}`)
}
