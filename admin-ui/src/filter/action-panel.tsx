import type { ReactNode } from 'react'
import { useTranslate } from 'react-admin'
import { actionGroups, actions } from '../event/event.ts'
import { useReadersLocale, useText } from '../text/use-text.ts'
import { CheckList } from './check-list.tsx'
import { countOf } from './facet-count.ts'
import { actionName } from './in-words.ts'
import { useFacets } from './use-facets.ts'
import { useFilter } from './use-filter.ts'

/** Action types in their groups, with how many entries each would give. */
export const ActionPanel = (): ReactNode => {
  const text = useText()
  const translate = useTranslate()
  const locale = useReadersLocale()
  const [filter, setFilter] = useFilter()
  const { data: facets } = useFacets()
  const others = [...new Set([...(facets?.actions ?? []).map(({ value }) => value), ...filter.actions])]
    .filter((value) => !actions.includes(value))
    .sort()
  // What the chart counts as an export or a deletion is one here too.
  const isOf = (ending: string) => (value: string) => value.endsWith(ending)
  const [isExport, isDeletion] = [isOf('.exported'), isOf('.deleted')]
  const groups = {
    ...actionGroups,
    exports: [...actionGroups.exports, ...others.filter(isExport)],
    deletions: [...actionGroups.deletions, ...others.filter(isDeletion)],
    others: others.filter((value) => !isExport(value) && !isDeletion(value)),
  }
  return (['exports', 'deletions', 'others', 'log'] as const).map(
    (group) =>
      groups[group].length > 0 && (
        <CheckList
          key={group}
          legend={text(`filter.${group}`)}
          {...(group === 'exports' || group === 'deletions' ? { all: text(`filter.all_${group}`) } : {})}
          options={groups[group].map((value) => ({
            value,
            label: actionName(value, translate),
            count: countOf(facets, 'actions', value, locale),
          }))}
          chosen={filter.actions}
          onChange={(chosen) => setFilter((current) => ({ ...current, actions: chosen }))}
        />
      ),
  )
}
