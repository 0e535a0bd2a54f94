import { Box, Button, Typography } from '@mui/material'
import { type ReactNode, useMemo } from 'react'
import { isEmpty, letsActsThrough } from '../filter/event-filter.ts'
import { type Question, useEachEntry, useFilter } from '../filter/use-filter.ts'
import { useText } from '../text/use-text.ts'
import type { EventCount } from './event-numbers.ts'
import { withoutExportEnds } from './fold-export-ends.ts'
import { useArrivals, useEventCount } from './use-events.ts'

type ListSummaryProps = {
  readonly question: Question
  /** When the list was read, in milliseconds since 1970, and the time of its newest entry. */
  readonly readAt: number
  readonly newest: string | undefined
  /** How many lines the list has; null while not all of it is loaded. */
  readonly lines: number | null
  readonly refresh: () => void
}

/** How many entries there are, how they are shown, and that new ones have arrived. They move nothing until asked for. */
export const ListSummary = ({ question, readAt, newest, lines, refresh }: ListSummaryProps): ReactNode => {
  const text = useText()
  const [filter] = useFilter()
  const [each, setEach] = useEachEntry()
  const entries = useEventCount(question.input)
  const counted = useMemo(() => withoutExportEnds(question.listInput), [question.listInput])
  const acts = useEventCount(counted, question.asActs && lines === null)
  const actCount = lines ?? (acts.data?.isExact ? acts.data.count : null)
  const arrived = useArrivals(question.input, readAt, newest) ?? 0
  const { data: all } = entries
  const inWords = ({ count, isExact }: EventCount) => {
    if (isExact) return text(isEmpty(filter) ? 'list.entries' : 'list.matching', { count })
    return text(isEmpty(filter) ? 'list.entries_more' : 'list.matching_more', { count })
  }
  // That nothing is recorded yet, the list says in words.
  const isNothing = all?.count === 0 && isEmpty(filter)
  const asActs = question.asActs && all && actCount !== null && actCount !== all.count ? actCount : null
  const canSwitch = letsActsThrough(filter) && all !== undefined && all.count > 0 && (each || asActs !== null || !all.isExact)
  return (
    <Box sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', columnGap: 1.5, rowGap: 0.25, minHeight: 40, my: 0.5 }}>
      <Typography variant="body2" role="status" sx={{ fontVariantNumeric: 'tabular-nums' }}>
        {all && !isNothing && <strong>{inWords(all)}</strong>}
        {entries.isError && text('list.total_failed')}
      </Typography>
      {asActs !== null && (
        <Typography variant="body2" color="textSecondary">
          {text('list.as_acts', { count: asActs })}
        </Typography>
      )}
      {canSwitch && (
        <Button onClick={() => setEach(!each)} sx={{ paddingInline: 0.75, marginInline: -0.75, minHeight: 28 }}>
          {text(each ? 'list.show_acts' : 'list.show_each')}
        </Button>
      )}
      <Box role="status" sx={{ ml: 'auto' }}>
        {arrived > 0 && (
          <Button variant="contained" onClick={refresh}>
            {text('list.arrived', { count: arrived })}
          </Button>
        )}
      </Box>
    </Box>
  )
}
