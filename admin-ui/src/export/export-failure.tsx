import { Box, Typography } from '@mui/material'
import type { ReactNode } from 'react'
import { Contact } from '../access/contact.tsx'
import { useViewer } from '../access/use-viewer.ts'
import { badFilterInWords } from '../problem/bad-filter.ts'
import { type Reason, RequestError, reasonOf } from '../request/request-error.ts'
import type { TextKey } from '../text/translate.ts'
import { useText } from '../text/use-text.ts'
import { visible } from '../text/visible.ts'

/** What the server's name for a refusal means to whoever wanted the file. */
const byCode: Readonly<Record<string, TextKey>> = {
  TOO_MANY_EXPORTS: 'export.failed_busy',
  TOO_MANY_REQUESTS: 'export.failed_too_often',
  NOT_RECORDED: 'export.failed_not_recorded',
  DATABASE_READ_ONLY: 'export.failed_not_recorded',
  NOT_ADMINISTRATOR: 'export.failed_not_administrator',
  ADD_ON_MISSING: 'export.failed_add_on_missing',
  COMPANY_UNKNOWN: 'access.company_unknown_text',
}

const byReason: Readonly<Partial<Record<Reason, TextKey>>> = {
  network: 'export.failed_network',
  not_export: 'export.failed_not_export',
  altered: 'export.failed_altered',
  busy: 'export.failed_away',
  too_slow: 'export.failed_too_slow',
  too_long: 'export.failed_too_long',
  signed_out: 'export.failed_signed_out',
  refused: 'export.failed_refused',
  bad_filter: 'state.bad_filter',
}

/** Whether the same export may succeed when it is tried again. */
export const mayWorkAgain = (error: unknown): boolean => !['refused', 'bad_filter', 'too_long'].includes(reasonOf(error))

/** Why there is no file, in the reader's words; what the server alone knows, in its own. */
export const ExportFailure = ({ error }: { error: unknown }): ReactNode => {
  const text = useText()
  const { contact } = useViewer()
  const reason = reasonOf(error)
  const said = error instanceof RequestError ? error : null
  const key = byCode[said?.code ?? ''] ?? byReason[reason] ?? 'export.failed_server'
  const more = () => {
    if (key === 'export.failed_add_on_missing') return <Contact of={contact} sentence="access.add_on_contact" />
    if (reason === 'bad_filter' && said !== null) return badFilterInWords(said.message, text)
    // A refusal of another kind, as by a proxy: nobody here has words for it.
    return key === 'export.failed_refused' && said !== null ? visible(said.hint ?? said.message) : null
  }
  const reasonInWords = more()
  return (
    <Box role="alert">
      <Typography variant="body1" sx={{ fontWeight: 600, mb: 1 }}>
        {text('export.failed')}
      </Typography>
      <Typography variant="body2">{text(key)}</Typography>
      {reasonInWords !== null && (
        <Typography variant="body2" sx={{ mt: 1 }}>
          {reasonInWords}
        </Typography>
      )}
      {said?.reference != null && mayWorkAgain(error) && (
        <Typography variant="body2" sx={{ mt: 1 }}>
          {text('state.reference')} <code>{said.reference}</code>
        </Typography>
      )}
    </Box>
  )
}
