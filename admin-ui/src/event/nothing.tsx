import InboxOutlined from '@mui/icons-material/InboxOutlined'
import SearchOff from '@mui/icons-material/SearchOff'
import { Button } from '@mui/material'
import type { ReactNode } from 'react'
import { isEmpty, noFilter } from '../filter/event-filter.ts'
import { useFilter } from '../filter/use-filter.ts'
import { useFilterParts } from '../filter/use-filter-parts.ts'
import { Notice } from '../problem/notice.tsx'
import { useText } from '../text/use-text.ts'

/** No entry: because there is none yet, or because none passes the filter; then each part of it can be dropped. */
export const Nothing = (): ReactNode => {
  const text = useText()
  const [filter, setFilter] = useFilter()
  const rest = useFilterParts().filter(({ key }) => key !== 'period')
  if (isEmpty(filter)) {
    return (
      <Notice icon={<InboxOutlined />} title={text('state.nothing_recorded')}>
        {text('state.nothing_recorded_text')}
      </Notice>
    )
  }
  return (
    <Notice
      icon={<SearchOff />}
      title={text('state.no_match')}
      actions={
        <>
          {filter.period !== null && (
            <Button variant="outlined" onClick={() => setFilter({ ...filter, period: null })}>
              {text('state.widen')}
            </Button>
          )}
          {rest.map(({ key, words, without }) => (
            <Button
              key={key}
              variant="outlined"
              color="inherit"
              onClick={() => setFilter(without)}
              sx={{ maxWidth: '100%', borderColor: 'divider', bgcolor: 'background.paper' }}
            >
              {text('filter.remove', { filter: words })}
            </Button>
          ))}
          <Button variant="contained" onClick={() => setFilter(noFilter)}>
            {text('filter.reset')}
          </Button>
        </>
      }
    >
      {text('state.no_match_text')}
    </Notice>
  )
}
