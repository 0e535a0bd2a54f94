import * as z from 'zod/mini'

/** How many entries there are: so many, or more than that. */
export const eventCount = z.object({ count: z.number(), isExact: z.boolean() })
export type EventCount = z.infer<typeof eventCount>

const facet = z.object({ value: z.string(), label: z.nullish(z.string()), count: z.number(), isExact: z.boolean() })
const facets = z.array(facet)

/** One choice of a filter and how many entries it would give: so many, or more than that. `label` is a person's name. */
export type EventFacet = z.infer<typeof facet>

/**
 * The choices of each filter; each is counted without its own condition. Where not everything is exact, there may be
 * values that were not met.
 */
export const eventFacets = z.object({ actions: facets, sources: facets, actors: facets, kinds: facets, isExact: z.boolean() })
export type EventFacets = z.infer<typeof eventFacets>
