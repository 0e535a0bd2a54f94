import CheckOutlined from '@mui/icons-material/CheckOutlined'
import ContentCopyOutlined from '@mui/icons-material/ContentCopyOutlined'
import { Button } from '@mui/material'
import { type ReactNode, useEffect, useState } from 'react'
import { useText } from '../text/use-text.ts'

type Outcome = 'copied' | 'copy_failed'

/** Copies a text, and says whether that worked. */
export const CopyButton = ({ label, content }: { label: string; content: () => string }): ReactNode => {
  const text = useText()
  const [outcome, setOutcome] = useState<Outcome | null>(null)
  useEffect(() => {
    if (outcome === null) return
    const timer = setTimeout(() => setOutcome(null), 2500)
    return () => clearTimeout(timer)
  }, [outcome])
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(content())
      setOutcome('copied')
    } catch {
      setOutcome('copy_failed')
    }
  }
  return (
    <Button
      variant="text"
      color="inherit"
      sx={{ color: 'text.secondary', fontSize: '0.8125rem', paddingInline: 1, minHeight: 28 }}
      startIcon={outcome === 'copied' ? <CheckOutlined /> : <ContentCopyOutlined />}
      onClick={() => void copy()}
    >
      <span role="status">{outcome === null ? label : text(`detail.${outcome}`)}</span>
    </Button>
  )
}
