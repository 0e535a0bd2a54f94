import Close from '@mui/icons-material/Close'
import KeyboardArrowDown from '@mui/icons-material/KeyboardArrowDown'
import KeyboardArrowUp from '@mui/icons-material/KeyboardArrowUp'
import { Box, Drawer, IconButton, Typography } from '@mui/material'
import { type ReactNode, useEffect, useState } from 'react'
import { useLocation, useNavigate } from 'react-router-dom'
import { entryPath, logPath } from '../shell/place.ts'
import { useText } from '../text/use-text.ts'
import type { ListedEvent } from './event.ts'
import { EventDetail } from './event-detail.tsx'

const titleId = 'entry-title'

type EventDrawerProps = {
  /** The entry in the address, if there is one. */
  readonly id: string | null
  /** The list, for stepping through it. */
  readonly events: readonly ListedEvent[]
  readonly zone: string
}

/** One entry beside the list, at its own address: full screen on a phone. */
export const EventDrawer = ({ id, events, zone }: EventDrawerProps): ReactNode => {
  const text = useText()
  const { search } = useLocation()
  const navigate = useNavigate()
  const at = events.findIndex((event) => event.id === id)
  const newer = at > 0 ? events[at - 1]?.id : undefined
  const older = at >= 0 ? events[at + 1]?.id : undefined
  const go = (to: string) => void navigate(entryPath(to, search), { replace: true, preventScrollReset: true })
  const close = () => void navigate(`${logPath}${search}`, { preventScrollReset: true })
  // What was shown last stays while the drawer slides away, and its row gets the focus then.
  const [shown, setShown] = useState(id)
  if (id !== null && id !== shown) setShown(id)

  useEffect(() => {
    if (id === null) return
    const step = (event: KeyboardEvent) => {
      const writing = event.target instanceof Element && event.target.closest('input, textarea, select, [role=menu]')
      if (writing || event.ctrlKey || event.metaKey || event.altKey) return
      const to = event.key === 'j' ? older : event.key === 'k' ? newer : undefined
      if (to !== undefined) void navigate(entryPath(to, search), { replace: true, preventScrollReset: true })
    }
    document.addEventListener('keydown', step)
    return () => document.removeEventListener('keydown', step)
  }, [id, newer, older, navigate, search])

  return (
    <Drawer
      anchor="right"
      open={id !== null}
      onClose={close}
      disableRestoreFocus
      slotProps={{
        backdrop: { sx: { bgcolor: 'rgba(16, 24, 32, 0.28)' } },
        transition: { onExited: () => shown !== null && focusRow(shown) },
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
          title={text('detail.previous')}
          disabled={newer === undefined}
          onClick={() => newer && go(newer)}
        >
          <KeyboardArrowUp fontSize="small" />
        </IconButton>
        <IconButton
          aria-label={text('detail.next')}
          title={text('detail.next')}
          disabled={older === undefined}
          onClick={() => older && go(older)}
        >
          <KeyboardArrowDown fontSize="small" />
        </IconButton>
        <IconButton aria-label={text('detail.close')} title={text('detail.close')} onClick={close} autoFocus>
          <Close fontSize="small" />
        </IconButton>
      </Box>
      {shown !== null && <EventDetail key={shown} id={shown} zone={zone} />}
    </Drawer>
  )
}

const focusRow = (id: string) => document.querySelector<HTMLElement>(`[data-entry="${CSS.escape(id)}"]`)?.focus()
