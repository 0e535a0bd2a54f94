import type { EventFacet, EventFacets } from '../event/event-numbers.ts'
import type { Locale } from '../text/locale.ts'
import { formatNumber } from '../time/format.ts'

/** How many entries a choice gives: `120`, or `120+` where only the newest were counted. */
export const facetCount = ({ count, isExact }: Pick<EventFacet, 'count' | 'isExact'>, locale: Locale): string =>
  `${formatNumber(count, locale)}${isExact ? '' : '+'}`

/** The same for one value of a filter; nothing while the numbers are not known. */
export const countOf = (facets: EventFacets | undefined, of: 'actions' | 'sources', value: string, locale: Locale): string | undefined =>
  facets && facetCount(facets[of].find((facet) => facet.value === value) ?? { count: 0, isExact: facets.isExact }, locale)
