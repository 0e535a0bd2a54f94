import { Box, Button, Skeleton, styled, Typography } from '@mui/material'
import { memo, type MouseEvent, type ReactNode, useCallback, useEffect, useMemo } from 'react'
import { useNavigate } from 'react-router-dom'
import { entryPath } from '../shell/place.ts'
import { keyOf, useSingleKeys } from '../shell/single-keys.ts'
import { useText } from '../text/use-text.ts'
import { addDays, dayOf, instantOf } from '../time/day.ts'
import { formatDay } from '../time/format.ts'
import { useNow } from '../time/use-now.ts'
import type { ListedEvent } from './event.ts'
import { EventRow, rowStyles } from './event-row.tsx'
import type { Answer, More } from './use-events.ts'
import { useRowWords } from './use-row-words.ts'

const Sheet = styled('div')(({ theme }) => ({
  background: theme.palette.background.paper,
  border: `1px solid ${theme.palette.divider}`,
  borderRadius: 8,
  overflow: 'clip',
  '& ol': { listStyle: 'none', margin: 0, padding: 0 },
  '& .day': {
    position: 'sticky',
    top: 0,
    zIndex: 1,
    margin: 0,
    padding: '7px 12px',
    color: theme.palette.text.secondary,
    background: theme.palette.background.default,
    '& strong': { color: theme.palette.text.primary, fontWeight: 600, marginInlineEnd: 5 },
  },
  '& section + section .day': { borderTop: `1px solid ${theme.palette.divider}` },
  '& li.entry': rowStyles(theme),
}))

/** Places of entries that are on their way. */
export const EventListSkeleton = (): ReactNode => {
  const text = useText()
  return (
    <Sheet role="status" aria-busy aria-label={text('list.loading')}>
      <div className="day">
        <Skeleton width={180} />
      </div>
      {[62, 48, 71, 55, 66, 44, 58, 69].map((width) => (
        <Box key={width} sx={{ display: 'flex', gap: 1.5, p: '8px 12px', borderTop: 1, borderColor: 'divider' }}>
          <Skeleton variant="circular" width={28} height={28} sx={{ flex: 'none' }} />
          <Skeleton width={`${width}%`} />
          <Skeleton width={72} sx={{ ml: 'auto', flex: 'none' }} />
        </Box>
      ))}
    </Sheet>
  )
}

/** The entry that a click is meant for: its row leads to it like its button, but not while text is chosen or something else in it. */
const entryAt = (target: EventTarget): string | null => {
  if (!(target instanceof Element)) return null
  const own = target.closest('[data-entry]')
  const isForSomethingElse = target.closest('button, a, .tree') !== null || window.getSelection()?.isCollapsed === false
  const found = own ?? (isForSomethingElse ? null : target.closest('li.entry')?.querySelector('[data-entry]'))
  return found?.getAttribute('data-entry') ?? null
}

/** `j` and `k` go from row to row; at the last one more are loaded. Enter opens the entry, as its button has the focus. */
const useSteps = (enabled: boolean, { state, load }: { state: More; load: () => void }): void => {
  useEffect(() => {
    if (!enabled) return
    const step = (event: KeyboardEvent) => {
      const key = keyOf(event)
      if ((key !== 'j' && key !== 'k') || event.ctrlKey || event.metaKey || event.altKey) return
      if (event.target instanceof Element && event.target.closest('input, textarea, select, [role=dialog], [role=menu]')) return
      const buttons = [...document.querySelectorAll<HTMLElement>('[data-entry]')]
      const row = document.activeElement?.closest('li')?.querySelector<HTMLElement>('[data-entry]')
      const at = row ? buttons.indexOf(row) : -1
      const to = buttons[key === 'j' ? at + 1 : Math.max(0, at - 1)]
      to?.focus()
      to?.scrollIntoView({ block: 'nearest' })
      if (to === undefined && state === 'ready') load()
    }
    document.addEventListener('keydown', step)
    return () => document.removeEventListener('keydown', step)
  }, [enabled, state, load])
}

type DaysProps = {
  readonly answer: Answer
  readonly zone: string
  readonly current: string | null
}

const hours24 = 86_400_000

/** The rows of an answer, by day. Drawn anew when the answer changes, not whenever the page around it does. */
const Days = memo(({ answer: { events, ends, query }, zone, current }: DaysProps): ReactNode => {
  const text = useText()
  const words = useRowWords()
  const now = useNow()
  const today = dayOf(now, zone)
  const days = useMemo(() => {
    const byDay = new Map<string, ListedEvent[]>()
    for (const event of events) {
      const day = dayOf(instantOf(event.occurredAt), zone)
      const known = byDay.get(day)
      if (known) known.push(event)
      else byDay.set(day, [event])
    }
    return [...byDay]
  }, [events, zone])
  const nearness = (day: string) =>
    day === today ? text('list.today') : day === addDays(today, -1) ? text('list.yesterday') : null
  return days.map(([day, entries]) => (
    <section key={day} aria-labelledby={`day-${day}`}>
      <Typography className="day" variant="h2" id={`day-${day}`}>
        {nearness(day) && <strong>{nearness(day)}</strong>}{' '}
        {formatDay(day, words.locale)}
      </Typography>
      <ol>
        {entries.map((event) => (
          <EventRow
            key={event.id}
            event={event}
            end={ends.get(event.id)}
            zone={zone}
            query={query}
            current={event.id === current}
            recent={now.getTime() - instantOf(event.occurredAt).getTime() < hours24}
            words={words}
          />
        ))}
      </ol>
    </section>
  ))
})
Days.displayName = 'Days'

type EventListProps = DaysProps & {
  /** An older answer is shown while a new one is on its way. */
  readonly updating: boolean
  readonly more: { readonly state: More; readonly load: () => void }
}

/** Entries, the newest first, by day. */
export const EventList = ({ answer, zone, current, updating, more }: EventListProps): ReactNode => {
  const text = useText()
  const navigate = useNavigate()
  const [hasKeys] = useSingleKeys()
  useSteps(hasKeys && current === null, more)
  // The button of every row is listened to here: `navigate` is another function after each step.
  const open = useCallback(
    ({ target }: MouseEvent) => {
      const id = entryAt(target)
      if (id !== null) void navigate(entryPath(id, window.location.search), { preventScrollReset: true })
    },
    [navigate],
  )
  return (
    <>
      <Sheet aria-busy={updating} onClick={open} sx={{ opacity: updating ? 0.6 : 1, transition: 'opacity 150ms' }}>
        <Days answer={answer} zone={zone} current={current} />
      </Sheet>
      <Box sx={{ display: 'flex', justifyContent: 'center', alignItems: 'center', gap: 1, mt: 2, minHeight: 40 }}>
        {more.state === 'none' ? (
          <Typography variant="caption" color="textSecondary">
            {text('list.end')}
          </Typography>
        ) : (
          <>
            {more.state === 'failed' && (
              <Typography variant="body2" role="alert">
                {text('list.more_failed')}
              </Typography>
            )}
            <Button
              variant="outlined"
              color="inherit"
              loading={more.state === 'loading'}
              onClick={more.load}
              sx={{ borderColor: 'divider', bgcolor: 'background.paper' }}
            >
              {more.state === 'failed' ? text('state.retry') : text('list.more')}
            </Button>
          </>
        )}
      </Box>
    </>
  )
}
