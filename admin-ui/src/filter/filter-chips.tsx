import { Box, Button, Chip } from '@mui/material'
import { type ReactNode, useEffect, useRef } from 'react'
import { useText } from '../text/use-text.ts'
import Close from '@mui/icons-material/Close'
import { noFilter } from './event-filter.ts'
import { useFilter } from './use-filter.ts'
import { useFilterParts } from './use-filter-parts.ts'

/** Where the focus goes when the last filter is dropped. Not the search: on a phone that would bring up its keyboard. */
const firstFilter = () => document.querySelector<HTMLElement>('[role=search] button[aria-haspopup]')

/** Each active filter in words, with the way to drop it. */
export const FilterChips = (): ReactNode => {
  const text = useText()
  const [, setFilter] = useFilter()
  const parts = useFilterParts()
  const list = useRef<HTMLUListElement>(null)
  // A chip that is gone takes the focus along: it goes to the one in its place.
  const dropped = useRef<number | null>(null)
  useEffect(() => {
    if (dropped.current === null) return
    const chips = list.current?.querySelectorAll<HTMLElement>('[data-chip]') ?? []
    const next = chips[Math.min(dropped.current, chips.length - 1)] ?? firstFilter()
    dropped.current = null
    next?.focus()
  }, [parts.length])
  if (parts.length === 0) return null
  return (
    <Box
      component="ul"
      ref={list}
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
      {parts.map(({ key, words, without }, at) => (
        <Box component="li" key={key} sx={{ maxWidth: 'min(320px, 100%)' }}>
          <Chip
            component="button"
            clickable
            label={<bdi>{words}</bdi>}
            aria-label={text('filter.remove', { filter: words })}
            icon={<Close />}
            data-chip
            onClick={() => {
              dropped.current = at
              setFilter(without)
            }}
            sx={{
              height: 28,
              maxWidth: '100%',
              bgcolor: 'background.paper',
              borderColor: 'divider',
              '&:hover': { borderColor: 'text.secondary' },
              flexDirection: 'row-reverse',
              '& .MuiChip-icon': { ml: -0.5, mr: 0.75, fontSize: 15, color: 'text.secondary' },
            }}
          />
        </Box>
      ))}
      <li>
        <Button
          onClick={() => {
            dropped.current = 0
            setFilter(noFilter)
          }}
          sx={{ minHeight: 28, paddingInline: 0.75 }}
        >
          {text('filter.reset')}
        </Button>
      </li>
    </Box>
  )
}
