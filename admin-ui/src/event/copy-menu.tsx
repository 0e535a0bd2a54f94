import ContentCopyOutlined from '@mui/icons-material/ContentCopyOutlined'
import { Box, Button, Menu, MenuItem } from '@mui/material'
import { type ReactNode, useState } from 'react'
import { useTranslate } from 'react-admin'
import { useLocation } from 'react-router-dom'
import { questionFor } from '../data-provider.ts'
import { sourceName } from '../filter/in-words.ts'
import { CopyOutcome } from '../shell/copy-outcome.tsx'
import { useCopy } from '../shell/use-copy.ts'
import { useReadersLocale, useText } from '../text/use-text.ts'
import { instantOf } from '../time/day.ts'
import { formatExact } from '../time/format.ts'
import { asCurl, asJson, asSql, asText, linkTo } from './copy-as.ts'
import type { WholeEvent } from './event.ts'

/** An entry to take along: as text, link, JSON, SQL or a command. */
export const CopyMenu = ({ event, zone }: { event: WholeEvent; zone: string }): ReactNode => {
  const text = useText()
  const translate = useTranslate()
  const locale = useReadersLocale()
  const { search } = useLocation()
  const { outcome, copy } = useCopy()
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  const { origin } = window.location
  const link = linkTo(origin, event.id, search)
  const forms = {
    text: () =>
      asText(event, formatExact(instantOf(event.occurredAt), locale, zone), sourceName(event.source, translate), link),
    link: () => link,
    json: () => asJson(event),
    sql: () => asSql(event),
    curl: () => asCurl(origin, questionFor(event.id, locale)),
  } as const
  return (
    <Box component="span" sx={{ position: 'relative' }}>
      <Button
        color="inherit"
        startIcon={<ContentCopyOutlined />}
        aria-haspopup="menu"
        aria-expanded={anchor !== null}
        onClick={({ currentTarget }) => setAnchor(currentTarget)}
        sx={{ color: 'text.secondary', fontSize: '0.8125rem', paddingInline: 1, minHeight: 28 }}
      >
        {text('detail.copy')}
      </Button>
      <Menu open={anchor !== null} anchorEl={anchor} onClose={() => setAnchor(null)}>
        {(['text', 'link', 'json', 'sql', 'curl'] as const).map((form) => (
          <MenuItem
            key={form}
            onClick={() => {
              setAnchor(null)
              void copy(forms[form]())
            }}
          >
            {text(`detail.copy_${form}`)}
          </MenuItem>
        ))}
      </Menu>
      <CopyOutcome outcome={outcome} />
    </Box>
  )
}
