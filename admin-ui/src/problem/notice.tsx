import { Box, Typography } from '@mui/material'
import type { ReactNode } from 'react'

type NoticeProps = {
  readonly icon: ReactNode
  readonly title: string
  readonly children: ReactNode
  readonly actions?: ReactNode
  /** Something went wrong: a screen reader says it at once. */
  readonly alarm?: boolean
  readonly busy?: boolean
  /** The state stands for the whole page, so that its title is the page's. */
  readonly whole?: boolean
}

/** A state of the page in place of the list: what it is, what it means, what to do. */
export const Notice = ({
  icon,
  title,
  children,
  actions,
  alarm = false,
  busy = false,
  whole = false,
}: NoticeProps): ReactNode => (
  <Box
    role={alarm ? 'alert' : 'status'}
    aria-busy={busy}
    sx={{ maxWidth: 480, mx: 'auto', textWrap: 'balance', py: { xs: 6, sm: 10 }, textAlign: 'center' }}
  >
    <Box
      aria-hidden
      sx={{
        display: 'inline-grid',
        placeItems: 'center',
        width: 48,
        height: 48,
        mb: 2,
        borderRadius: '50%',
        color: 'text.secondary',
        border: 1,
        borderColor: 'divider',
        bgcolor: 'background.paper',
      }}
    >
      {icon}
    </Box>
    <Typography variant="h1" component={whole ? 'h1' : 'h2'} sx={{ fontSize: '1.25rem', mb: 1 }}>
      {title}
    </Typography>
    <Typography variant="body2" component="div" color="textSecondary">
      {children}
    </Typography>
    {actions && (
      <Box sx={{ display: 'flex', flexWrap: 'wrap', justifyContent: 'center', gap: 1, mt: 3 }}>{actions}</Box>
    )}
  </Box>
)
