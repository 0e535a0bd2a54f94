import { Box, LinearProgress, Typography } from '@mui/material'
import type { ReactNode } from 'react'
import { CopyButton } from '../shell/copy-button.tsx'
import { useReadersLocale, useText } from '../text/use-text.ts'
import { visible } from '../text/visible.ts'
import { formatBytes, formatNumber } from '../time/format.ts'
import { ExportFailure } from './export-failure.tsx'
import type { ExportState } from './use-export.ts'

const checkCommand = (name: string): string => `npm run audit -- check-export ${name}`

/** How far an export is, how it ended, and how to check the file. */
export const ExportOutcome = ({ state, expected }: { state: ExportState; expected: number | null }): ReactNode => {
  const text = useText()
  const locale = useReadersLocale()
  switch (state.step) {
    case 'choosing':
      return null
    case 'running': {
      const share = expected === null || expected === 0 ? null : Math.min(99, (100 * state.lines) / (expected + 2))
      return (
        <>
          <Typography variant="body1" role="status" sx={{ fontWeight: 600, mb: 1.5 }}>
            {text('export.running')}
          </Typography>
          <LinearProgress
            aria-label={text('export.running')}
            {...(share === null || state.lines < 2 ? {} : { variant: 'determinate' as const, value: share })}
          />
          <Typography variant="body2" color="textSecondary" sx={{ mt: 1, fontVariantNumeric: 'tabular-nums' }}>
            {state.bytes === 0 ? text('export.waiting') : text('export.so_far', { size: formatBytes(state.bytes, locale) })}
          </Typography>
        </>
      )
    }
    case 'done': {
      const { name, rows, sha256, isChecked } = state
      return (
        <Box role="status">
          <Typography variant="body1" sx={{ fontWeight: 600, mb: 1 }}>
            {text(isChecked ? 'export.done' : 'export.done_unchecked')}
          </Typography>
          <Box
            component="dl"
            sx={{
              display: 'grid',
              gridTemplateColumns: 'auto minmax(0, 1fr)',
              gap: '6px 16px',
              m: 0,
              typography: 'body2',
              '& dt': { color: 'text.secondary' },
              '& dd': { m: 0, overflowWrap: 'anywhere', fontVariantNumeric: 'tabular-nums' },
            }}
          >
            <dt>{text('export.file')}</dt>
            <dd>
              <bdi>{visible(name)}</bdi>
            </dd>
            {rows !== null && (
              <>
                <dt>{text('export.rows')}</dt>
                <dd>{formatNumber(rows, locale)}</dd>
              </>
            )}
            {sha256 !== null && (
              <>
                <dt>{text('fact.file_sha256')}</dt>
                <dd>
                  <code>{sha256}</code>
                  <br />
                  <CopyButton label={text('export.copy_hash')} content={() => sha256} />
                </dd>
              </>
            )}
          </Box>
          <Typography variant="body2" color="textSecondary" sx={{ mt: 2 }}>
            {text('export.check')}
          </Typography>
          <Box
            component="pre"
            sx={{
              m: 0,
              mt: 1,
              p: 1.25,
              borderRadius: 1,
              bgcolor: 'background.default',
              fontSize: '0.8125rem',
              whiteSpace: 'pre-wrap',
              overflowWrap: 'anywhere',
            }}
          >
            {checkCommand(name)}
          </Box>
          <CopyButton label={text('export.copy_command')} content={() => checkCommand(name)} />
        </Box>
      )
    }
    case 'failed':
      return <ExportFailure error={state.error} />
  }
}
