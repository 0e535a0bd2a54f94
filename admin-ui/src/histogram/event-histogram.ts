import * as z from 'zod/mini'

const bucket = z.object({
  from: z.string(),
  to: z.string(),
  deletions: z.number(),
  exports: z.number(),
  others: z.number(),
  isExact: z.boolean(),
})

/** A stretch of time, `from` included and `to` not, and what happened in it: exactly, or at least that. */
export type Bucket = z.infer<typeof bucket>

/** A stretch of time alone. */
export type Stretch = Pick<Bucket, 'from' | 'to'>

/** The period cut into stretches of one unit of the calendar: minute, hour, day, week, month or year. */
export const eventHistogram = z.object({ unit: z.string(), buckets: z.array(bucket) })
export type EventHistogram = z.infer<typeof eventHistogram>
