import { z } from 'zod'

/** What a process tells about the one test file that it ran. `failures` holds ready text, one per failure; `times` how long each test took. */
export const fileReport = z.object({
  passed: z.number().int().nonnegative(),
  failed: z.number().int().nonnegative(),
  skipped: z.number().int().nonnegative(),
  failures: z.array(z.string()),
  times: z.array(z.object({ title: z.string(), milliseconds: z.number() })),
})

export type FileReport = z.infer<typeof fileReport>
