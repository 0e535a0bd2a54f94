import * as z from 'zod/mini'

const savedView = z.object({ name: z.string(), query: z.string(), savedAt: z.string() })

/** A filter that the reader has given a name; `query` is the query part of the address. */
export type SavedView = z.infer<typeof savedView>

export const savedViews = z.object({ views: z.array(savedView) })
