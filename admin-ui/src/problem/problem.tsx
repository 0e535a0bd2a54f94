import CloudOffOutlined from '@mui/icons-material/CloudOffOutlined'
import ErrorOutlineOutlined from '@mui/icons-material/ErrorOutlineOutlined'
import FilterAltOffOutlined from '@mui/icons-material/FilterAltOffOutlined'
import HourglassEmptyOutlined from '@mui/icons-material/HourglassEmptyOutlined'
import { Box, Button, Typography } from '@mui/material'
import type { ReactNode } from 'react'
import { type Reason, reasonOf, RequestError } from '../request/request-error.ts'
import { CopyButton } from '../shell/copy-button.tsx'
import { useText } from '../text/use-text.ts'
import { badFilterInWords } from './bad-filter.ts'
import { Notice } from './notice.tsx'

type ProblemProps = {
  readonly error: unknown
  /** Why, in sentences of the page's own; without them the error says it. */
  readonly because?: readonly string[] | undefined
  readonly retry: () => void
  /** Offered where a filter may be the cause. */
  readonly resetFilter?: () => void
  /** The page has no other title. */
  readonly whole?: boolean
}

const icons: Readonly<Partial<Record<Reason, ReactNode>>> = {
  network: <CloudOffOutlined />,
  bad_filter: <FilterAltOffOutlined />,
  too_slow: <HourglassEmptyOutlined />,
  busy: <HourglassEmptyOutlined />,
}

/** Why nothing can be shown, with the way out: never an empty list. */
export const Problem = ({ error, because, retry, resetFilter, whole = false }: ProblemProps): ReactNode => {
  const text = useText()
  const reason = reasonOf(error)
  const reference = error instanceof RequestError ? error.reference : null
  const words = {
    network: [text('state.network'), text('state.network_text')],
    bad_filter: [text('state.bad_filter'), error instanceof Error ? badFilterInWords(error.message, text) : ''],
    too_slow: [text('state.too_slow'), text('state.too_slow_text')],
    busy: [text('state.busy'), text('state.busy_text')],
    outdated: [text('version.new'), text('version.new_text')],
    unloaded: [text('state.unloaded'), text('state.unloaded_text')],
  } as const
  const known =
    reason === 'network' ||
    reason === 'bad_filter' ||
    reason === 'too_slow' ||
    reason === 'busy' ||
    reason === 'outdated' ||
    reason === 'unloaded'
  const byLoading = reason === 'outdated' || reason === 'unloaded'
  const [title, body] = known ? words[reason] : [text('state.server'), text('state.server_text')]
  const filterMayHelp = resetFilter && (reason === 'bad_filter' || reason === 'too_slow')
  return (
    <Notice
      alarm
      whole={whole}
      icon={icons[reason] ?? <ErrorOutlineOutlined />}
      title={title}
      actions={
        <>
          {reason !== 'bad_filter' && (
            <Button variant="contained" onClick={byLoading ? () => window.location.reload() : retry}>
              {text(byLoading ? 'version.reload' : 'state.retry')}
            </Button>
          )}
          {filterMayHelp && (
            <Button variant={reason === 'bad_filter' ? 'contained' : 'outlined'} onClick={resetFilter}>
              {text('filter.reset')}
            </Button>
          )}
        </>
      }
    >
      {because === undefined
        ? body
        : because.map((sentence) => (
            <Box component="p" key={sentence} sx={{ m: 0, mt: 1, overflowWrap: 'anywhere' }}>
              {sentence}
            </Box>
          ))}
      {reference !== null && reason !== 'outdated' && reason !== 'bad_filter' && (
        <Typography variant="body2" sx={{ mt: 2 }}>
          {text('state.reference')} <code>{reference}</code>{' '}
          <CopyButton label={text('state.copy_reference')} content={() => reference} />
        </Typography>
      )}
    </Notice>
  )
}
