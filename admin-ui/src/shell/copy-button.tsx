import CheckOutlined from '@mui/icons-material/CheckOutlined'
import ContentCopyOutlined from '@mui/icons-material/ContentCopyOutlined'
import { Box, Button } from '@mui/material'
import type { ReactNode } from 'react'
import { useText } from '../text/use-text.ts'
import { useCopy } from './use-copy.ts'

/** Copies a text, and says whether that worked. */
export const CopyButton = ({ label, content }: { label: string; content: () => string }): ReactNode => {
  const text = useText()
  const { outcome, copy } = useCopy()
  return (
    <Button
      variant="text"
      color="inherit"
      sx={{ color: 'text.secondary', fontSize: '0.8125rem', paddingInline: 1, minHeight: 28 }}
      startIcon={outcome === 'copied' ? <CheckOutlined /> : <ContentCopyOutlined />}
      onClick={() => void copy(content())}
    >
      {/* One in the place of the other, so that nothing moves. */}
      <Box component="span" sx={{ display: 'grid', textAlign: 'start', '& > *': { gridArea: '1 / 1' } }}>
        <Box component="span" sx={{ visibility: outcome === null ? undefined : 'hidden' }}>
          {label}
        </Box>
        <span role="status">{outcome !== null && text(`detail.${outcome}`)}</span>
      </Box>
    </Button>
  )
}
