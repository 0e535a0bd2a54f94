import type { ReactNode } from 'react'
import { useTranslate } from 'react-admin'
import { sources } from '../event/event.ts'
import { useReadersLocale, useText } from '../text/use-text.ts'
import { CheckList } from './check-list.tsx'
import { countOf } from './facet-count.ts'
import { sourceName } from './in-words.ts'
import { useFacets } from './use-facets.ts'
import { useFilter } from './use-filter.ts'

/** Sources, what each means, and how many entries it would give. */
export const SourcePanel = (): ReactNode => {
  const text = useText()
  const translate = useTranslate()
  const locale = useReadersLocale()
  const [filter, setFilter] = useFilter()
  const { data: facets } = useFacets()
  return (
    <CheckList
      legend={text('filter.source')}
      options={sources.map((value) => ({
        value,
        label: sourceName(value, translate),
        hint: text(`source_means.${value}`),
        count: countOf(facets, 'sources', value, locale),
      }))}
      chosen={filter.sources}
      onChange={(chosen) => setFilter((current) => ({ ...current, sources: chosen }))}
    />
  )
}
