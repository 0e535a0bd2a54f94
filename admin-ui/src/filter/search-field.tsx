import Close from '@mui/icons-material/Close'
import Search from '@mui/icons-material/Search'
import { IconButton, InputAdornment, TextField } from '@mui/material'
import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react'
import { useSingleKeys } from '../shell/single-keys.ts'
import { useText } from '../text/use-text.ts'
import { searchFor } from './search-words.ts'

const pause = 300
const longest = 200

/**
 * The search over names. What is typed reaches the address after a pause; what the address says from elsewhere (back,
 * a chip that goes) reaches the field.
 */
export const SearchField = ({ query, onChange }: { query: string; onChange: (query: string) => void }): ReactNode => {
  const text = useText()
  const field = useRef<HTMLInputElement>(null)
  const [typed, setTyped] = useState(query)
  const [known, setKnown] = useState(query)
  // What was sent and has not come back yet: the address follows later, and must not undo what is typed meanwhile.
  const [sent, setSent] = useState<readonly string[]>([])
  if (query !== known) {
    setKnown(query)
    const own = sent.indexOf(query)
    setSent(sent.slice(own + 1))
    if (own < 0) setTyped(query)
  }

  const send = useCallback(
    (next: string) => {
      setSent((before) => [...before, next])
      onChange(next)
    },
    [onChange],
  )

  const last = sent.at(-1) ?? known
  useEffect(() => {
    const next = searchFor(typed)
    if (next === last) return
    const timer = setTimeout(() => send(next), pause)
    return () => clearTimeout(timer)
  }, [typed, last, send])

  const [hasKeys] = useSingleKeys()
  useEffect(() => {
    if (!hasKeys) return
    const focus = (event: KeyboardEvent) => {
      const writing = event.target instanceof Element && event.target.closest('input, textarea, select, [role=dialog]')
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || writing) return
      event.preventDefault()
      field.current?.focus()
    }
    document.addEventListener('keydown', focus)
    return () => document.removeEventListener('keydown', focus)
  }, [hasKeys])

  return (
    <TextField
      type="search"
      inputRef={field}
      placeholder={text('filter.search_hint')}
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
      sx={{ flex: { xs: '1 1 100%', md: '1 1 260px' }, minWidth: 0, m: 0, '& input::-webkit-search-cancel-button': { display: 'none' } }}
      slotProps={{
        htmlInput: {
          'aria-label': text('filter.search'),
          'aria-keyshortcuts': hasKeys ? '/' : undefined,
          maxLength: longest,
          autoComplete: 'off',
        },
        input: {
          sx: { bgcolor: 'background.paper', pl: 1.25 },
          startAdornment: (
            <InputAdornment position="start" sx={{ mr: 0, color: 'text.secondary' }}>
              <Search sx={{ fontSize: 18 }} />
            </InputAdornment>
          ),
          endAdornment: typed !== '' && (
            <InputAdornment position="end">
              <IconButton
                edge="end"
                aria-label={text('filter.clear_search')}
                onClick={() => {
                  setTyped('')
                  if (last !== '') send('')
                  field.current?.focus()
                }}
              >
                <Close fontSize="small" />
              </IconButton>
            </InputAdornment>
          ),
        },
      }}
    />
  )
}
