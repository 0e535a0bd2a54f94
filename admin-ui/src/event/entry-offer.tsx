import { Button } from '@mui/material'
import type { ReactNode } from 'react'
import { Link, useLocation } from 'react-router-dom'
import { entryPath } from '../shell/place.ts'
import { useText } from '../text/use-text.ts'

/** Who types a number into the search may mean that of an entry: the way to it. */
export const EntryOffer = ({ query }: { query: string }): ReactNode => {
  const text = useText()
  const { search } = useLocation()
  const [, id] = /^#?(\d{1,19})$/.exec(query) ?? []
  return (
    id !== undefined && (
      <Button component={Link} to={entryPath(id, search)} sx={{ mt: 1, ml: -1, paddingInline: 1 }}>
        {text('list.open_entry', { id })}
      </Button>
    )
  )
}
