import { Box } from '@mui/material'
import { type ReactNode, useCallback } from 'react'
import { useTranslate } from 'react-admin'
import { actionGroups, sources } from '../event/event.ts'
import { useText } from '../text/use-text.ts'
import { dayOf } from '../time/day.ts'
import { useNow } from '../time/use-now.ts'
import { CheckList } from './check-list.tsx'
import { FilterMenu } from './filter-menu.tsx'
import { actionName, sourceName } from './in-words.ts'
import { PeriodPanel } from './period-panel.tsx'
import { SearchField } from './search-field.tsx'
import { useFilter, useZone } from './use-filter.ts'

/** The filters of the list: names, action types, sources, period. */
export const FilterBar = (): ReactNode => {
  const text = useText()
  const translate = useTranslate()
  const [filter, setFilter] = useFilter()
  const { zone } = useZone()
  const today = dayOf(useNow(), zone)
  const isRefinement = filter.query !== ''
  const search = useCallback(
    (query: string) => setFilter((current) => ({ ...current, query }), isRefinement && query !== ''),
    [setFilter, isRefinement],
  )
  return (
    <Box role="search" aria-label={text('filter.label')} sx={{ display: 'flex', flexWrap: 'wrap', gap: 1 }}>
      <SearchField query={filter.query} onChange={search} />
      <FilterMenu label={text('filter.action')} chosen={filter.actions.length + filter.notActions.length}>
        {() =>
          (['exports', 'deletions', 'log'] as const).map((group) => (
            <CheckList
              key={group}
              legend={text(`filter.${group}`)}
              {...(group === 'log' ? {} : { all: text(`filter.all_${group}`) })}
              options={actionGroups[group].map((value) => ({ value, label: actionName(value, translate) }))}
              chosen={filter.actions}
              onChange={(actions) => setFilter((current) => ({ ...current, actions }))}
            />
          ))
        }
      </FilterMenu>
      <FilterMenu label={text('filter.source')} chosen={filter.sources.length + filter.notSources.length}>
        {() => (
          <CheckList
            legend={text('filter.source')}
            options={sources.map((value) => ({
              value,
              label: sourceName(value, translate),
              hint: text(`source_means.${value}`),
            }))}
            chosen={filter.sources}
            onChange={(chosen) => setFilter((current) => ({ ...current, sources: chosen }))}
          />
        )}
      </FilterMenu>
      <FilterMenu label={text('filter.period')} chosen={filter.period === null ? 0 : 1}>
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
    </Box>
  )
}
