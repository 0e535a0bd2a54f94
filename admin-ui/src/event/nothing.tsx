import InboxOutlined from '@mui/icons-material/InboxOutlined'
import SearchOff from '@mui/icons-material/SearchOff'
import { Box, Button, Typography } from '@mui/material'
import type { ReactNode } from 'react'
import { isEmpty, noFilter } from '../filter/event-filter.ts'
import { useFilter, useZone } from '../filter/use-filter.ts'
import { useFilterParts } from '../filter/use-filter-parts.ts'
import { Notice } from '../problem/notice.tsx'
import { useRecording } from '../recording/use-recording.ts'
import { useReadersLocale, useText } from '../text/use-text.ts'
import { formatExactMinute } from '../time/format.ts'

/** No entry: because there is none yet, or because none passes the filter; then each part of it can be dropped. */
export const Nothing = (): ReactNode => {
  const text = useText()
  const locale = useReadersLocale()
  const { zone } = useZone()
  const [filter, setFilter] = useFilter()
  const rest = useFilterParts().filter(({ key }) => key !== 'period')
  const { data: recording } = useRecording(isEmpty(filter))
  if (isEmpty(filter)) {
    const since = recording?.kinds.map((kind) => kind.since).sort()[0]
    const isOn = recording === undefined || recording.kinds.some(({ isRecording }) => isRecording)
    return (
      <Notice icon={<InboxOutlined />} title={text('state.nothing_recorded')}>
        {text(isOn ? 'state.nothing_recorded_text' : 'state.not_recording_text')}
        {isOn && since !== undefined && (
          <Typography variant="body2" sx={{ mt: 1.5, color: 'text.primary' }}>
            {text('state.recording_since', { when: formatExactMinute(new Date(since), locale, zone) })}
          </Typography>
        )}
      </Notice>
    )
  }
  const { object } = filter
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
          {object !== null && (
            <Button variant="outlined" onClick={() => setFilter({ ...noFilter, owner: object })}>
              {text('state.look_below')}
            </Button>
          )}
          {rest.map(({ key, words, without }) => (
            <Button
              key={key}
              variant="outlined"
              color="inherit"
              onClick={() => setFilter(without)}
              sx={{ maxWidth: 'min(320px, 100%)', borderColor: 'divider', bgcolor: 'background.paper' }}
            >
              <Box component="bdi" sx={{ overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' }}>
                {text('filter.remove', { filter: words })}
              </Box>
            </Button>
          ))}
          <Button variant="contained" onClick={() => setFilter(noFilter)}>
            {text('filter.reset')}
          </Button>
        </>
      }
    >
      {text('state.no_match_text')}
      {filter.query !== '' && (
        <Typography variant="body2" sx={{ mt: 1.5 }}>
          {text('state.names_only')}
        </Typography>
      )}
    </Notice>
  )
}
