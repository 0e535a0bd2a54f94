import KeyboardOutlined from '@mui/icons-material/KeyboardOutlined'
import { Box, Button, Dialog, DialogActions, DialogContent, DialogTitle, FormControlLabel, IconButton, styled, Switch, Typography } from '@mui/material'
import { type ReactNode, useEffect, useId, useState } from 'react'
import { useText } from '../text/use-text.ts'
import { useSingleKeys } from './single-keys.ts'

const Keys = styled('dl')(({ theme }) => ({
  display: 'grid',
  gridTemplateColumns: 'auto minmax(0, 1fr)',
  alignItems: 'baseline',
  gap: '10px 16px',
  margin: 0,
  fontSize: '0.875rem',
  '& dd': { margin: 0 },
  '& kbd': {
    display: 'inline-block',
    minWidth: 26,
    padding: '1px 6px',
    marginInlineEnd: 4,
    textAlign: 'center',
    font: 'inherit',
    border: `1px solid ${theme.palette.divider}`,
    borderRadius: 4,
    background: theme.palette.background.default,
  },
}))

const keys = [
  { of: 'search', keys: ['/'] },
  { of: 'step', keys: ['J', 'K'] },
  { of: 'open', keys: ['Enter'] },
  { of: 'close', keys: ['Esc'] },
  { of: 'help', keys: ['?'] },
] as const

/** What can be done by keyboard: a button, where there is likely to be one, and the key `?`. */
export const KeyHelp = (): ReactNode => {
  const text = useText()
  const title = useId()
  const hint = useId()
  const [isOpen, setIsOpen] = useState(false)
  const [hasKeys, switchKeys] = useSingleKeys()
  useEffect(() => {
    if (!hasKeys) return
    const open = (event: KeyboardEvent) => {
      const writing = event.target instanceof Element && event.target.closest('input, textarea, select, [role=menu]')
      if (event.key !== '?' || event.ctrlKey || event.metaKey || event.altKey || writing) return
      event.preventDefault()
      setIsOpen(true)
    }
    document.addEventListener('keydown', open)
    return () => document.removeEventListener('keydown', open)
  }, [hasKeys])
  return (
    <>
      <IconButton
        aria-label={text('keys.title')}
        title={text('keys.title')}
        aria-haspopup="dialog"
        aria-keyshortcuts={hasKeys ? '?' : undefined}
        onClick={() => setIsOpen(true)}
        // A phone has no keys; a page that is enlarged until it is as narrow has them.
        sx={{ '@media (max-width: 899px) and (pointer: coarse)': { display: 'none' } }}
      >
        <KeyboardOutlined fontSize="small" />
      </IconButton>
      <Dialog open={isOpen} onClose={() => setIsOpen(false)} aria-labelledby={title} maxWidth="xs">
        <DialogTitle id={title}>{text('keys.title')}</DialogTitle>
        <DialogContent>
          <Keys>
            {keys.map(({ of, keys: names }) => [
              <dt key={of}>
                {names.map((name) => (
                  <kbd key={name}>{name}</kbd>
                ))}
              </dt>,
              <dd key={`${of} means`}>{text(`keys.${of}`)}</dd>,
            ])}
          </Keys>
          <Box sx={{ mt: 2, pt: 1.5, borderTop: 1, borderColor: 'divider' }}>
            <FormControlLabel
              disableTypography
              sx={{ mr: 0, ml: '-7px' }}
              label={<Typography variant="body2">{text('keys.single')}</Typography>}
              control={<Switch size="small" checked={hasKeys} onChange={(_, on) => switchKeys(on)} slotProps={{ input: { 'aria-describedby': hint } }} />}
            />
            <Typography id={hint} variant="caption" component="p" color="textSecondary" sx={{ mt: 0.5 }}>
              {text('keys.single_hint')}
            </Typography>
          </Box>
        </DialogContent>
        <DialogActions sx={{ px: 3, pb: 2 }}>
          <Button variant="contained" autoFocus onClick={() => setIsOpen(false)}>
            {text('detail.close')}
          </Button>
        </DialogActions>
      </Dialog>
    </>
  )
}
