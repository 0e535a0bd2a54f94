import { Box } from '@mui/material'
import type { ReactNode } from 'react'
import { useText } from '../text/use-text.ts'
import type { CopyOutcome as Outcome } from './use-copy.ts'

/** Says below a button that copying worked, or did not, and moves nothing. It stands in a box that is `relative`. */
export const CopyOutcome = ({ outcome, atEnd = false }: { outcome: Outcome | null; atEnd?: boolean }): ReactNode => {
  const text = useText()
  return (
    <Box
      component="span"
      role="status"
      sx={{
        position: 'absolute',
        top: '100%',
        insetInlineStart: atEnd ? undefined : 8,
        insetInlineEnd: atEnd ? 0 : undefined,
        zIndex: 2,
        whiteSpace: 'nowrap',
        typography: 'caption',
        '&:not(:empty)': { px: 1, py: 0.25, border: 1, borderColor: 'divider', borderRadius: 1, bgcolor: 'background.paper', boxShadow: 2 },
      }}
    >
      {outcome !== null && text(`detail.${outcome}`)}
    </Box>
  )
}
