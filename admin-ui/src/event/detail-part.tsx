import { Box, Typography } from '@mui/material'
import { type ReactNode, useId } from 'react'

type DetailPartProps = {
  readonly title: string
  /** What can be done with it, at the end of the line of its title. */
  readonly action?: ReactNode
  readonly children: ReactNode
}

/** A part of an entry under a title of its own. */
export const DetailPart = ({ title, action, children }: DetailPartProps): ReactNode => {
  const id = useId()
  return (
    <Box component="section" aria-labelledby={id} sx={{ mt: 3.5 }}>
      <Box sx={{ display: 'flex', alignItems: 'center', minHeight: 28, mb: 0.75 }}>
        <Typography variant="h3" id={id} sx={{ flex: 1, fontSize: '0.875rem' }}>
          {title}
        </Typography>
        {action}
      </Box>
      {children}
    </Box>
  )
}
