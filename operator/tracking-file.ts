import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { z } from 'zod'
import { OperatorError } from './operator-error.ts'

const table = z.strictObject({
  table: z.string().regex(/\./, 'must name the schema too, such as public.cv'),
  kind: z.string(),
  label: z.string(),
  company: z.string().nullable().default(null),
  owner: z.string().nullable().default(null),
  snapshot: z.array(z.string()).nullable().default(null),
  mask: z.array(z.string()).default([]),
  soft_delete: z.string().nullable().default(null),
  truncate: z.enum(['record', 'refuse']).default('record'),
})

const relation = table.shape.table

/** The tracking file: the arguments of audit.track for each table, and on demand those of audit.read_access_from and audit.bind_source. */
const trackingFile = z.strictObject({
  tables: z.array(table).refine((tables) => new Set(tables.map((one) => one.table)).size === tables.length, 'must not name a table twice'),
  read_access_from: z.strictObject({ administrators: relation, companies: relation }).optional(),
  bind_source: z.record(z.string(), z.enum(['app', 'api', 'admin', 'system', 'sql'])).optional(),
})

export type TrackedTable = z.infer<typeof table>
export type TrackingFile = z.infer<typeof trackingFile>

/**
 * Reads a tracking file.
 * @param path relative to the folder in which the person called npm.
 * @throws {OperatorError} FILE, with every place that is wrong.
 */
export async function readTrackingFile(path: string): Promise<TrackingFile> {
  const full = resolve(process.env['INIT_CWD'] ?? '.', path)
  let content: unknown
  try {
    content = JSON.parse(await readFile(full, 'utf8'))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new OperatorError('FILE', `The tracking file ${path} cannot be read.`, { detail: reason, hint: 'docs/tracking.example.json is an example.', cause })
  }
  const parsed = trackingFile.safeParse(content)
  if (parsed.success) return parsed.data
  const places = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`)
  throw new OperatorError('FILE', `The tracking file ${path} is not as it must be.`, { detail: places.join('\n'), hint: 'docs/tracking.example.json is an example.' })
}
