import Close from '@mui/icons-material/Close'
import KeyboardArrowDown from '@mui/icons-material/KeyboardArrowDown'
import KeyboardArrowUp from '@mui/icons-material/KeyboardArrowUp'
import { Box, Drawer, IconButton, Typography } from '@mui/material'
import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react'
import { useLocation, useNavigate } from 'react-router-dom'
import { entryPath, logPath } from '../shell/place.ts'
import { keyOf, useSingleKeys } from '../shell/single-keys.ts'
import { useText } from '../text/use-text.ts'
import type { ListedEvent } from './event.ts'
import { EventDetail } from './event-detail.tsx'
import type { More } from './use-events.ts'

const titleId = 'entry-title'

type EventDrawerProps = {
  /** The entry in the address, if there is one. */
  readonly id: string | null
  /** The list, for stepping through it. */
  readonly events: readonly ListedEvent[]
  /** What of the list is not loaded yet: stepping goes on there. */
  readonly more: { readonly state: More; readonly load: () => void }
  readonly zone: string
}

/** One entry beside the list, at its own address: full screen on a phone. */
export const EventDrawer = ({ id, events, more: { state, load }, zone }: EventDrawerProps): ReactNode => {
  const text = useText()
  const { search } = useLocation()
  const navigate = useNavigate()
  const at = events.findIndex((event) => event.id === id)
  const newer = at > 0 ? events[at - 1]?.id : undefined
  const older = at >= 0 ? events[at + 1]?.id : undefined
  const hasOlder = at >= 0 && (older !== undefined || state !== 'none')
  const [hasKeys] = useSingleKeys()
  const go = useCallback((to: string) => void navigate(entryPath(to, search), { replace: true, preventScrollReset: true }), [navigate, search])
  // Where the list is not loaded further yet, the step is taken once it is; of an entry that was left meanwhile, no more.
  const [waitsAt, setWaitsAt] = useState<string | null>(null)
  if (waitsAt !== null && waitsAt !== id) setWaitsAt(null)
  const isWaiting = waitsAt !== null && waitsAt === id
  useEffect(() => {
    if (!isWaiting) return
    if (older !== undefined) go(older)
    else if (state === 'ready') load()
  }, [isWaiting, older, state, load, go])
  const toOlder = useCallback(() => {
    if (older !== undefined) return go(older)
    if (!hasOlder) return
    if (state === 'failed') load()
    setWaitsAt(id)
  }, [older, hasOlder, state, load, go, id])
  const close = () => void navigate(`${logPath}${search}`, { preventScrollReset: true })
  // What was shown last stays while the drawer slides away, and its row gets the focus then.
  const [shown, setShown] = useState(id)
  if (id !== null && id !== shown) setShown(id)

  const outside = useLastFocusOutside()

  useEffect(() => {
    if (id === null || !hasKeys) return
    const step = (event: KeyboardEvent) => {
      const writing = event.target instanceof Element && event.target.closest('input, textarea, select, [role=menu]')
      if (writing || event.ctrlKey || event.metaKey || event.altKey) return
      if (keyOf(event) === 'j') toOlder()
      if (keyOf(event) === 'k' && newer !== undefined) go(newer)
    }
    document.addEventListener('keydown', step)
    return () => document.removeEventListener('keydown', step)
  }, [id, hasKeys, newer, toOlder, go])

  return (
    <Drawer
      anchor="right"
      open={id !== null}
      onClose={close}
      disableRestoreFocus
      slotProps={{
        backdrop: { sx: { bgcolor: 'rgba(16, 24, 32, 0.28)' } },
        transition: { onExited: () => shown !== null && focusAfter(shown, outside.current) },
        paper: {
          role: 'dialog',
          'aria-modal': true,
          'aria-labelledby': titleId,
          sx: { width: { xs: '100%', sm: 560 }, maxWidth: '100%', backgroundImage: 'none' },
        },
      }}
    >
      <Box
        sx={{
          position: 'sticky',
          top: 0,
          zIndex: 1,
          display: 'flex',
          alignItems: 'center',
          gap: 0.5,
          pl: { xs: 2, sm: 3 },
          pr: 1,
          py: 1,
          bgcolor: 'background.paper',
          borderBottom: 1,
          borderColor: 'divider',
        }}
      >
        <Typography id={titleId} variant="body2" component="h2" sx={{ flex: 1, fontWeight: 600 }}>
          {text('detail.label')}
        </Typography>
        <IconButton
          aria-label={text('detail.previous')}
          title={text(hasKeys ? 'detail.previous_key' : 'detail.previous')}
          disabled={newer === undefined}
          onClick={() => newer && go(newer)}
        >
          <KeyboardArrowUp fontSize="small" />
        </IconButton>
        <IconButton
          aria-label={text('detail.next')}
          title={text(hasKeys ? 'detail.next_key' : 'detail.next')}
          disabled={!hasOlder}
          aria-busy={isWaiting && state === 'loading'}
          onClick={toOlder}
        >
          <KeyboardArrowDown fontSize="small" />
        </IconButton>
        <IconButton aria-label={text('detail.close')} title={text('detail.close')} onClick={close} autoFocus>
          <Close fontSize="small" />
        </IconButton>
      </Box>
      {isWaiting && state === 'failed' && (
        <Typography variant="body2" role="alert" sx={{ px: { xs: 2, sm: 3 }, pt: 2 }}>
          {text('list.more_failed')}
        </Typography>
      )}
      {shown !== null && <EventDetail key={shown} id={shown} zone={zone} />}
    </Drawer>
  )
}

/** The last element that had the focus outside of anything that lies over the page. */
const useLastFocusOutside = () => {
  const last = useRef<HTMLElement | null>(null)
  useEffect(() => {
    const note = ({ target }: FocusEvent) => {
      if (target instanceof HTMLElement && target.closest('[role=dialog], [role=menu], [role=presentation]') === null) last.current = target
    }
    document.addEventListener('focusin', note)
    return () => document.removeEventListener('focusin', note)
  }, [])
  return last
}

/** Where the keyboard goes on after an entry: at its row; where the list has none, where it was before, or at the title of the page. */
const focusAfter = (id: string, before: HTMLElement | null) => {
  const row = document.querySelector<HTMLElement>(`[data-entry="${CSS.escape(id)}"]`)
  if (row) return row.focus()
  if (before?.isConnected) return before.focus()
  document.querySelector<HTMLElement>('main h1')?.focus()
}
