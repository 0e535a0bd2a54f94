import { Box, Button, Chip } from '@mui/material'
import type { ReactNode } from 'react'
import { useText } from '../text/use-text.ts'
import Close from '@mui/icons-material/Close'
import { noFilter } from './event-filter.ts'
import { useFilter } from './use-filter.ts'
import { useFilterParts } from './use-filter-parts.ts'

/** Each active filter in words, with the way to drop it. */
export const FilterChips = (): ReactNode => {
  const text = useText()
  const [, setFilter] = useFilter()
  const parts = useFilterParts()
  if (parts.length === 0) return null
  return (
    <Box
      component="ul"
      aria-label={text('filter.active')}
      sx={{
        display: 'flex',
        flexWrap: 'wrap',
        alignItems: 'center',
        gap: 0.75,
        listStyle: 'none',
        m: 0,
        mt: 1.5,
        p: 0,
      }}
    >
      {parts.map(({ key, words, without }) => (
        <li key={key}>
          <Chip
            component="button"
            clickable
            label={<bdi>{words}</bdi>}
            aria-label={text('filter.remove', { filter: words })}
            icon={<Close />}
            onClick={() => setFilter(without)}
            sx={{
              height: 28,
              maxWidth: 'min(320px, 100%)',
              bgcolor: 'background.paper',
              borderColor: 'divider',
              '&:hover': { borderColor: 'text.secondary' },
              flexDirection: 'row-reverse',
              '& .MuiChip-icon': { ml: -0.5, mr: 0.75, fontSize: 15, color: 'text.secondary' },
            }}
          />
        </li>
      ))}
      <li>
        <Button onClick={() => setFilter(noFilter)} sx={{ minHeight: 28, paddingInline: 0.75 }}>
          {text('filter.reset')}
        </Button>
      </li>
    </Box>
  )
}
