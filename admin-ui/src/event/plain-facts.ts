import type { WholeEvent } from './event.ts'

type Json = NonNullable<WholeEvent['details']>

/**
 * What is known of an export in plain values: a filter as data is left to the raw JSON where it is there in words, and so
 * is whatever else has parts of its own.
 */
export const plainFacts = (details: Json): Json => {
  if (typeof details !== 'object' || details === null || Array.isArray(details)) return details
  const isPlain = ([name, value]: [string, Json | null]) =>
    typeof value !== 'object' || value === null || (name === 'filter' && !('filterInWords' in details))
  return Object.fromEntries(Object.entries(details).filter(isPlain))
}
