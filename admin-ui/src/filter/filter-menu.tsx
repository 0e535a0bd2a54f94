import ExpandMore from '@mui/icons-material/ExpandMore'
import { Box, Button, Popover } from '@mui/material'
import { type ReactNode, useId, useState } from 'react'
import { formatNumber } from '../time/format.ts'
import { useReadersLocale } from '../text/use-text.ts'

type FilterMenuProps = {
  readonly label: string
  /** How many values are chosen. */
  readonly chosen: number
  /** At most one value can be chosen, so that their number says nothing. */
  readonly single?: boolean
  /** Without a frame, where it stands among other quiet buttons. */
  readonly quiet?: boolean
  /** At the end of its line, so that the panel ends with the button. */
  readonly atEnd?: boolean
  readonly children: (close: () => void) => ReactNode
}

/** Between panel and window, as Popover keeps it, and between panel and button; pixels. */
const margin = 16
const gap = 4
/** With less room than this below it, the button is scrolled to the top first. */
const leastRoom = 360

/**
 * How far from the top of the window the panel begins: right below its button, which is moved up where there is hardly
 * any room below it.
 */
const topBelow = (button: HTMLElement): number => {
  if (window.innerHeight - button.getBoundingClientRect().bottom < leastRoom) button.scrollIntoView({ block: 'start', behavior: 'instant' })
  return button.getBoundingClientRect().bottom + gap
}

/** A button that opens a panel of one filter. */
export const FilterMenu = ({ label, chosen, single = false, quiet = false, atEnd = false, children }: FilterMenuProps): ReactNode => {
  const locale = useReadersLocale()
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  // What comes later makes the panel scroll, not grow: it would leave the window, or cover its own button.
  const [top, setTop] = useState(0)
  const id = useId()
  const close = () => setAnchor(null)
  return (
    <>
      <Button
        variant={quiet ? 'text' : 'outlined'}
        color="inherit"
        endIcon={<ExpandMore />}
        aria-haspopup="dialog"
        aria-expanded={anchor !== null}
        aria-controls={anchor === null ? undefined : id}
        onClick={({ currentTarget }) => {
          setTop(topBelow(currentTarget))
          setAnchor(currentTarget)
        }}
        sx={{
          scrollMarginTop: 8,
          bgcolor: quiet ? undefined : 'background.paper',
          borderColor: chosen > 0 ? 'primary.main' : 'divider',
          color: chosen > 0 ? 'primary.main' : 'text.primary',
          whiteSpace: 'nowrap',
          flex: { xs: quiet ? 'none' : '1 1 auto', sm: 'none' },
          '@media (max-width: 359px)': { flexBasis: quiet ? undefined : 'calc(50% - 8px)' },
          minWidth: 0,
          paddingInline: { xs: 0.75, sm: 1.5 },
          '& .MuiButton-endIcon': { ml: { xs: 0, sm: 0.5 } },
        }}
      >
        {label}
        {chosen > 0 && !single && (
          <Box
            component="span"
            sx={{
              ml: 0.75,
              px: 0.75,
              minWidth: 20,
              borderRadius: 10,
              color: 'text.primary',
              bgcolor: 'action.selected',
              fontSize: '0.75rem',
              fontWeight: 600,
              lineHeight: '20px',
              textAlign: 'center',
              fontVariantNumeric: 'tabular-nums',
            }}
          >
            {formatNumber(chosen, locale)}
          </Box>
        )}
      </Button>
      <Popover
        open={anchor !== null}
        anchorEl={anchor}
        onClose={close}
        anchorOrigin={{ vertical: 'bottom', horizontal: atEnd ? 'right' : 'left' }}
        transformOrigin={{ vertical: 'top', horizontal: atEnd ? 'right' : 'left' }}
        slotProps={{
          paper: {
            id,
            role: 'dialog',
            'aria-label': label,
            sx: {
              mt: `${gap}px`,
              p: 2,
              minWidth: 240,
              maxWidth: 'calc(100vw - 32px)',
              maxHeight: `max(160px, calc(100dvh - ${top + margin}px))`,
              overflowY: 'auto',
              border: 1,
              borderColor: 'divider',
            },
          },
        }}
      >
        {children(close)}
      </Popover>
    </>
  )
}
