import ContentCopyOutlined from '@mui/icons-material/ContentCopyOutlined'
import { Box, IconButton, Menu, MenuItem } from '@mui/material'
import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useDataProvider } from 'react-admin'
import type { AuditDataProvider } from '../data-provider.ts'
import type { EventFilterInput } from '../filter/event-filter.ts'
import { CopyOutcome } from '../shell/copy-outcome.tsx'
import { useCopy } from '../shell/use-copy.ts'
import { useText } from '../text/use-text.ts'
import type { ListQuestion } from './list-question.ts'

const forms = {
  sql: ({ sql }: ListQuestion) => sql,
  curl: ({ curl }: ListQuestion) => curl,
  graphql: ({ graphql }: ListQuestion) => JSON.stringify(graphql, null, 2),
} as const

/** The list to take along: as a link, and as the question that gives it in psql, in a shell, over GraphQL; only as a link where there is no question. */
export const QuestionMenu = ({ input }: { input: EventFilterInput | null }): ReactNode => {
  const text = useText()
  const client = useQueryClient()
  const dataProvider = useDataProvider<AuditDataProvider>()
  const { outcome, copy, fail } = useCopy()
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  const copyAs = async (form: keyof typeof forms, input: EventFilterInput) => {
    setAnchor(null)
    try {
      const question = await client.fetchQuery({
        queryKey: ['question', input],
        queryFn: ({ signal }) => dataProvider.getQuestion(input, signal),
        staleTime: Number.POSITIVE_INFINITY,
      })
      await copy(forms[form](question))
    } catch {
      fail()
    }
  }
  return (
    <Box component="span" sx={{ position: 'relative' }}>
      <IconButton
        aria-label={text('list.copy')}
        title={text('list.copy')}
        aria-haspopup="menu"
        aria-expanded={anchor !== null}
        onClick={({ currentTarget }) => setAnchor(currentTarget)}
      >
        <ContentCopyOutlined fontSize="small" />
      </IconButton>
      <Menu open={anchor !== null} anchorEl={anchor} onClose={() => setAnchor(null)}>
        <MenuItem
          onClick={() => {
            setAnchor(null)
            void copy(window.location.href)
          }}
        >
          {text('list.copy_link')}
        </MenuItem>
        {(input === null ? [] : (['sql', 'curl', 'graphql'] as const)).map((form) => (
          <MenuItem key={form} onClick={() => input && void copyAs(form, input)}>
            {text(`list.copy_${form}`)}
          </MenuItem>
        ))}
      </Menu>
      <CopyOutcome outcome={outcome} atEnd />
    </Box>
  )
}
