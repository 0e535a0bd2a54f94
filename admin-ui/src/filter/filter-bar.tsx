import { Box } from '@mui/material'
import { type ReactNode, useCallback } from 'react'
import { useText } from '../text/use-text.ts'
import { dayOf } from '../time/day.ts'
import { useNow } from '../time/use-now.ts'
import { ActionPanel } from './action-panel.tsx'
import { FilterMenu } from './filter-menu.tsx'
import { MorePanel } from './more-panel.tsx'
import { PeriodPanel } from './period-panel.tsx'
import { SearchField } from './search-field.tsx'
import { SourcePanel } from './source-panel.tsx'
import { useFilter, useZone } from './use-filter.ts'

/** The filters of the list: names, action types, sources, period, and the rarer ones. */
export const FilterBar = (): ReactNode => {
  const text = useText()
  const [filter, setFilter] = useFilter()
  const { zone } = useZone()
  const today = dayOf(useNow(), zone)
  const isRefinement = filter.query !== ''
  const search = useCallback(
    (query: string) => setFilter((current) => ({ ...current, query }), isRefinement && query !== ''),
    [setFilter, isRefinement],
  )
  const rare = [filter.actor, filter.kind, filter.object].filter((part) => part !== null).length
  return (
    <Box role="search" aria-label={text('filter.label')} sx={{ display: 'flex', flexWrap: 'wrap', gap: 1 }}>
      <SearchField query={filter.query} onChange={search} />
      <FilterMenu label={text('filter.action')} chosen={filter.actions.length + filter.notActions.length}>
        {() => <ActionPanel />}
      </FilterMenu>
      <FilterMenu label={text('filter.source')} chosen={filter.sources.length + filter.notSources.length}>
        {() => <SourcePanel />}
      </FilterMenu>
      <FilterMenu label={text('filter.period')} chosen={filter.period === null ? 0 : 1} single atEnd>
        {(close) => (
          <PeriodPanel
            period={filter.period}
            zone={zone}
            today={today}
            onChange={(period) => {
              setFilter((current) => ({ ...current, period }))
              close()
            }}
          />
        )}
      </FilterMenu>
      <FilterMenu label={text('filter.more')} chosen={rare} atEnd>
        {(close) => <MorePanel close={close} />}
      </FilterMenu>
    </Box>
  )
}
