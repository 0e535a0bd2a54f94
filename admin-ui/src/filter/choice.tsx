import { Button, Typography } from '@mui/material'
import type { ReactNode } from 'react'

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
    }}
  >
    <span>{label}</span>
    <Typography component="span" variant="caption" color="textSecondary" sx={{ fontVariantNumeric: 'tabular-nums' }}>
      {hint}
    </Typography>
  </Button>
)
