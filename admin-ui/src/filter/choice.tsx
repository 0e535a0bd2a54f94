import { Button, Typography } from '@mui/material'
import type { ReactNode } from 'react'
import { forcedColors } from '../shell/theme.ts'

type ChoiceProps = {
  readonly label: ReactNode
  /** What it means or how many there are, at the end of the line. */
  readonly hint: string
  readonly chosen: boolean
  readonly choose: () => void
}

/** One of several, of which one can be chosen. */
export const Choice = ({ label, hint, chosen, choose }: ChoiceProps): ReactNode => (
  <Button
    fullWidth
    color="inherit"
    aria-pressed={chosen}
    onClick={choose}
    sx={{
      justifyContent: 'space-between',
      gap: 3,
      minHeight: 32,
      textAlign: 'start',
      fontWeight: chosen ? 650 : 400,
      bgcolor: chosen ? 'action.selected' : undefined,
      [forcedColors]: chosen ? { outline: '2px solid Highlight', outlineOffset: -2 } : undefined,
    }}
  >
    <span>{label}</span>
    <Typography component="span" variant="caption" color="textSecondary" sx={{ fontVariantNumeric: 'tabular-nums' }}>
      {hint}
    </Typography>
  </Button>
)
