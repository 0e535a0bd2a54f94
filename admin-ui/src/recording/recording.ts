import * as z from 'zod/mini'

const statuses = ['ok', 'warning', 'failed'] as const
const status = z.enum(statuses)
export type Status = z.infer<typeof status>

/** What the checks of the log are about, as far as it matters to an administrator. */
export const subjects = ['completeness', 'protection', 'operation'] as const

/**
 * What is recorded, since when, how it stands, and who may read. `leftOut` are the columns that no copy of a deleted row
 * has.
 */
export const recording = z.object({
  kinds: z.array(
    z.object({
      kind: z.string(),
      since: z.string(),
      isRecording: z.boolean(),
      copy: z.enum(['whole', 'part', 'none']),
      leftOut: z.array(z.string()),
    }),
  ),
  firstEntryAt: z.nullable(z.string()),
  checks: z.object({ completeness: status, protection: status, operation: status }),
  administrators: z.array(z.string()),
})
export type Recording = z.infer<typeof recording>

/** By kind of thing, the columns that no copy of a deleted row has. */
export const leftOut = z.record(z.string(), z.array(z.string()))
export type LeftOut = z.infer<typeof leftOut>
