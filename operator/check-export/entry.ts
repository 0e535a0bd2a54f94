import { isDeepStrictEqual } from 'node:util'
import pg from 'pg'
import { z } from 'zod'
import { MigrationError } from '../../db/migration-error.ts'
import type { Receipt } from '../../server/export/receipt.ts'
import { counted } from '../counted.ts'

/** What the log says about a file: that its entry agrees, or why not: it has something else (`altered`), or no such export that ended (`unconfirmed`). */
export type EntryFinding =
  | { readonly agrees: true; readonly finding: string }
  | { readonly agrees: false; readonly verdict: 'altered' | 'unconfirmed'; readonly finding: string }

const begun = z.object({ action: z.string(), company_id: z.string().nullable(), actor_id: z.string().nullable(), details: z.record(z.string(), z.unknown()) })
const ended = z.object({ outcome: z.string().nullable(), row_count: z.coerce.number().nullable(), sha256: z.string().nullable(), file_sha256: z.string().nullable() })

/** Compares a whole file with the entries of its export in the log. The login must read every entry (audit_dba). */
export async function compareWithEntry(connectionString: string, receipt: Receipt, fileSha256: string): Promise<EntryFinding> {
  const client = new pg.Client({ connectionString, application_name: 'audit check-export' })
  await client.connect().catch((cause: unknown) => { throw unreachable(client, cause) })
  try {
    const { rows: [row] } = await client.query('select action, company_id, actor_id, details from audit.event where id = $1', [receipt.entry])
    const start = row === undefined ? null : begun.parse(row)
    if (start === null || start.action !== 'audit.exported' || start.company_id !== receipt.company.id) {
      return differs('unconfirmed', `The log of this database has no export with the number ${receipt.entry}: the file comes from another one, or is forged.`)
    }
    if (start.actor_id !== receipt.person.id) return differs('altered', `The log says that ${start.actor_id} exported it, the file says ${receipt.person.id}.`)
    if (start.details['format'] !== receipt.format || !isDeepStrictEqual(start.details['filter'] ?? {}, receipt.filter)) {
      return differs('altered', 'The log says that something else was asked for than the file does.')
    }
    const { rows } = await client.query(`
      select details ->> 'outcome' as outcome, details ->> 'row_count' as row_count, details ->> 'sha256' as sha256, details ->> 'file_sha256' as file_sha256
        from audit.event
       where company_id = $1 and action = 'audit.export_ended' and object_id = $2 and id > $2::bigint
         and occurred_at >= (select occurred_at from audit.event where id = $2::bigint)
       order by id desc`, [receipt.company.id, receipt.entry])
    const ends = z.array(ended).parse(rows)
    const complete = ends.find(({ outcome }) => outcome === 'complete')
    if (complete === undefined) {
      return differs('unconfirmed', ends.length === 0 ? 'The log has no end of this export: the server was killed before it came to it, or the file is forged.' : `The log says that this export was ${ends[0]?.outcome ?? 'ended'}.`)
    }
    if (complete.row_count !== receipt.rows || complete.sha256 !== receipt.sha256 || complete.file_sha256 !== fileSha256) {
      return differs('altered', `The log says ${complete.row_count === null ? 'no number of rows' : counted(complete.row_count, 'row')} and SHA-256 ${complete.file_sha256} for the file; this file has ${receipt.rows} and ${fileSha256}. It was altered.`)
    }
    return { agrees: true, finding: `The log agrees: entry ${receipt.entry}, by ${receipt.person.name ?? receipt.person.id}, at ${receipt.at}.` }
  } finally {
    await client.end()
  }
}

function unreachable({ host, port, database }: pg.Client, cause: unknown): MigrationError {
  return new MigrationError('DATABASE_UNREACHABLE', `The database cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}`, {
    detail: `host ${host}, port ${port}, database ${database}`, hint: 'Check --database-url or DATABASE_URL. Without it the file alone is checked.', cause,
  })
}

function differs(verdict: 'altered' | 'unconfirmed', finding: string): EntryFinding {
  return { agrees: false, verdict, finding }
}
