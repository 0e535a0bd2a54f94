import { Box, Button, Typography } from '@mui/material'
import { type ReactNode, useState } from 'react'
import { isEmpty, letsActsThrough } from '../filter/event-filter.ts'
import { type Question, useEachEntry, useFilter } from '../filter/use-filter.ts'
import { useText } from '../text/use-text.ts'
import { useEventCount } from './use-events.ts'

/** How many entries there are, how they are shown, and that new ones have arrived. */
export const ListSummary = ({ question, refresh }: { question: Question; refresh: () => void }): ReactNode => {
  const text = useText()
  const [filter] = useFilter()
  const [each, setEach] = useEachEntry()
  const entries = useEventCount(question.input)
  const acts = useEventCount(question.listInput, question.asActs)
  const key = JSON.stringify(question.input)
  const [seen, setSeen] = useState<{ key: string; count: number } | null>(null)
  if (entries.data !== undefined && seen?.key !== key) setSeen({ key, count: entries.data })
  const arrived = seen?.key === key ? Math.max(0, (entries.data ?? 0) - seen.count) : 0
  const shown = seen?.key === key ? seen.count : entries.data
  return (
    <Box sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', columnGap: 1, minHeight: 40, my: 0.5 }}>
      <Typography variant="body2" role="status" sx={{ fontVariantNumeric: 'tabular-nums' }}>
        {shown !== undefined && (
          <strong>{text(isEmpty(filter) ? 'list.entries' : 'list.matching', { count: shown })}</strong>
        )}
        {entries.isError && text('list.total_failed')}
      </Typography>
      {question.asActs && acts.data !== undefined && acts.data !== shown && (
        <Typography variant="body2" color="textSecondary">
          {text('list.as_acts', { count: acts.data })}
        </Typography>
      )}
      {letsActsThrough(filter) && (each || acts.data !== shown) && shown !== undefined && shown > 0 && (
        <Button onClick={() => setEach(!each)} sx={{ paddingInline: 0.5 }}>
          {text(each ? 'list.show_acts' : 'list.show_each')}
        </Button>
      )}
      {arrived > 0 && (
        <Button
          variant="contained"
          sx={{ ml: 'auto' }}
          onClick={() => {
            setSeen(null)
            refresh()
          }}
        >
          {text('list.arrived', { count: arrived })}
        </Button>
      )}
    </Box>
  )
}
