import DeleteOutlined from '@mui/icons-material/DeleteOutlined'
import { Box, Button, IconButton, Skeleton, TextField, Typography } from '@mui/material'
import { type FormEvent, type ReactNode, useRef, useState } from 'react'
import { Link, useLocation } from 'react-router-dom'
import { useFilterFaults } from '../filter/use-filter.ts'
import { logPath } from '../shell/place.ts'
import { useReadersLocale, useText } from '../text/use-text.ts'
import { visible } from '../text/visible.ts'
import type { SavedView } from './saved-view.ts'
import { useChangeViews, useViews } from './use-views.ts'
import { longestName, viewNameFault } from './view-name.ts'
import { viewProblem } from './view-problem.ts'

/** As many characters as the filter of a view can have; the server says so too. */
const longestQuery = 4_000

/** So many one person can have; the server says so too. */
const mostViews = 50

/** What was done last, and the view that stood there before. */
type Done = {
  readonly what: 'saved' | 'replaced' | 'removed' | 'restored'
  readonly name: string
  readonly before?: SavedView | undefined
}

/** The saved views as links, each with the way to take it away, and a field to save what is shown now. */
export const ViewsPanel = ({ close }: { close: () => void }): ReactNode => {
  const text = useText()
  const locale = useReadersLocale()
  const { search } = useLocation()
  const { data, isError } = useViews()
  const { save, remove } = useChangeViews()
  const [name, setName] = useState('')
  const field = useRef<HTMLInputElement>(null)
  // A button that is disabled or gone takes the keyboard along: Escape would no longer close the panel.
  const focusField = () => field.current?.focus()
  const [done, setDone] = useState<Done | null>(null)
  // Deleting and replacing are undone by saving what was there before.
  const undo = (before: SavedView) => save.mutate(before, { onSuccess: () => setDone({ what: 'restored', name: before.name }), onSettled: focusField })
  const query = search.replace(/^\?/, '')
  const isFaulty = useFilterFaults().length > 0
  const filterFault = isFaulty ? 'view.faulty' : query.length > longestQuery ? 'view.too_long' : null
  const nameFault = viewNameFault(name.trim())
  const fault = filterFault ?? nameFault
  const error = save.error ?? remove.error
  const views = data?.toSorted((one, other) => one.name.localeCompare(other.name, locale))
  const replaces = views?.some((view) => view.name === name.trim()) ?? false
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (name.trim() === '' || fault !== null) return
    const before = views?.find((view) => view.name === name.trim())
    save.mutate(
      { name: name.trim(), query },
      {
        onSuccess: () => {
          setDone({ what: before ? 'replaced' : 'saved', name: name.trim(), before })
          setName('')
        },
        onSettled: focusField,
      },
    )
  }
  return (
    <Box sx={{ width: 320, maxWidth: '100%' }}>
      <Typography variant="h3" component="h2" color="textSecondary" sx={{ mb: 0.5 }}>
        {text('view.mine')}
      </Typography>
      {!data && !isError && [70, 50].map((width) => <Skeleton key={width} width={`${width}%`} height={32} />)}
      {isError && (
        <Typography variant="body2" role="alert">
          {text('view.failed')}
        </Typography>
      )}
      {views?.length === 0 && (
        <Typography variant="body2" color="textSecondary">
          {text('view.none')}
        </Typography>
      )}
      <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0, maxHeight: 320, overflow: 'auto' }}>
        {views?.map((view) => (
          <Box component="li" key={view.name} sx={{ display: 'flex', alignItems: 'center', gap: 0.5 }}>
            <Button
              component={Link}
              to={{ pathname: logPath, search: new URLSearchParams(view.query).toString() }}
              color="inherit"
              aria-current={view.query === query ? 'true' : undefined}
              onClick={close}
              sx={{ flex: 1, minWidth: 0, justifyContent: 'flex-start', fontWeight: view.query === query ? 650 : 400 }}
            >
              <Box component="bdi" sx={{ overflow: 'hidden', textOverflow: 'ellipsis' }}>
                {visible(view.name)}
              </Box>
            </Button>
            <IconButton
              aria-label={text('view.remove', { name: visible(view.name) })}
              title={text('view.remove', { name: visible(view.name) })}
              onClick={() =>
                remove.mutate(view.name, {
                  onSuccess: () => setDone({ what: 'removed', name: view.name, before: view }),
                  onSettled: focusField,
                })
              }
            >
              <DeleteOutlined fontSize="small" />
            </IconButton>
          </Box>
        ))}
      </Box>
      <Box component="form" noValidate onSubmit={submit} sx={{ mt: 1.5, pt: 2, borderTop: 1, borderColor: 'divider' }}>
        <Box sx={{ display: 'flex', alignItems: 'flex-start', gap: 1 }}>
          <TextField
            fullWidth
            inputRef={field}
            label={text('view.name')}
            error={nameFault !== null}
            helperText={fault !== null && text(fault)}
            value={name}
            onChange={({ target }) => setName(target.value)}
            slotProps={{ htmlInput: { maxLength: longestName, autoComplete: 'off' } }}
          />
          <Button type="submit" variant="contained" disabled={name.trim() === '' || fault !== null} loading={save.isPending}>
            {text(replaces ? 'view.replace' : 'view.save')}
          </Button>
        </Box>
        <Typography variant="caption" component="p" color="textSecondary" role="status" sx={{ mt: 1 }}>
          {error !== null ? text(viewProblem(error), { count: mostViews }) : done ? text(`view.${done.what}`, { name: visible(done.name) }) : text('view.hint')}{' '}
          {done?.before && error === null && (
            <Button onClick={() => done.before && undo(done.before)} sx={{ minHeight: 28, paddingInline: 0.75 }}>
              {text('view.undo')}
            </Button>
          )}
        </Typography>
      </Box>
    </Box>
  )
}
