import { Box, Link as TextLink, Typography } from '@mui/material'
import type { ReactNode } from 'react'
import { Link, useLocation } from 'react-router-dom'
import { entryPath } from '../shell/place.ts'
import { useReadersLocale, useText } from '../text/use-text.ts'
import { instantOf } from '../time/day.ts'
import { formatExact } from '../time/format.ts'
import { DetailPart } from './detail-part.tsx'
import type { WholeEvent } from './event.ts'
import { EventSentence } from './event-sentence.tsx'
import { useExportEnd } from './use-events.ts'

/** How an export ended, which is an entry of its own; and from that one the way to how it began. */
export const ExportEnd = ({ event, zone }: { event: WholeEvent; zone: string }): ReactNode => {
  const text = useText()
  const locale = useReadersLocale()
  const { search } = useLocation()
  const { data: end } = useExportEnd(event)
  if (event.action.endsWith('.export_ended') && event.objectId !== null) {
    return (
      <Typography variant="body2" sx={{ mt: 2 }}>
        <TextLink component={Link} to={entryPath(event.objectId, search)}>
          {text('detail.export_began')}
        </TextLink>
      </Typography>
    )
  }
  // An application need not report how its own exports end; of those of the log a missing end means something.
  if (end === undefined || (end === null && event.action !== 'audit.exported')) return null
  if (end === null) {
    return (
      <DetailPart title={text('detail.export_end')}>
        <Typography variant="body2">{text('detail.export_no_end')}</Typography>
      </DetailPart>
    )
  }
  return (
    <DetailPart title={text('detail.export_end')}>
      <Typography variant="body2">
        <TextLink component={Link} to={entryPath(end.id, search)} color="inherit">
          <EventSentence parts={end.sentenceParts} />
        </TextLink>
        <Box component="span" sx={{ display: 'block', typography: 'caption', color: 'text.secondary' }}>
          {formatExact(instantOf(end.occurredAt), locale, zone)}
        </Box>
      </Typography>
    </DetailPart>
  )
}
