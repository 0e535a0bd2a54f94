import type { EventFacet } from '../event/event-numbers.ts'
import type { Locale } from '../text/locale.ts'
import { formatNumber } from '../time/format.ts'

/** How many entries a choice would give, as text; nothing while the numbers are not known. */
export const countOf = (facets: readonly EventFacet[] | undefined, value: string, locale: Locale): string | undefined =>
  facets && formatNumber(facets.find((facet) => facet.value === value)?.count ?? 0, locale)
