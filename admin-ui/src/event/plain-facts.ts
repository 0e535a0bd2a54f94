import type { Locale } from '../text/locale.ts'
import { formatNumber } from '../time/format.ts'

/**
 * What is known of an export in plain values: a filter as data is left to the raw JSON where it is there in words, and so
 * is whatever else has parts of its own. Numbers are written as people of the reader's language write them.
 */
export const plainFacts = (details: unknown, locale: Locale): unknown => {
  if (typeof details !== 'object' || details === null || Array.isArray(details)) return details
  const isPlain = ([name, value]: [string, unknown]) =>
    typeof value !== 'object' || value === null || (name === 'filter' && !('filterInWords' in details))
  const facts = Object.entries(details).filter(isPlain)
  return Object.fromEntries(facts.map(([name, value]) => [name, typeof value === 'number' ? formatNumber(value, locale) : value]))
}
