import { Typography } from '@mui/material'
import type { ReactNode } from 'react'
import { useLeftOut } from '../recording/use-left-out.ts'
import { CopyButton } from '../shell/copy-button.tsx'
import { useReadersLocale, useText } from '../text/use-text.ts'
import { visible } from '../text/visible.ts'
import { formatList } from '../time/format.ts'
import { asTable } from './copy-as.ts'
import { DetailPart } from './detail-part.tsx'
import type { WholeEvent } from './event.ts'
import { JsonTable, RawJson } from './json-table.tsx'

/** What is known of the row that is gone, to read and to take along, and what of it was never kept. */
export const DeletedRow = ({ event: { snapshot, objectKind } }: { event: WholeEvent }): ReactNode => {
  const text = useText()
  const locale = useReadersLocale()
  const leftOut = useLeftOut(objectKind)
  if (snapshot == null) {
    return (
      <DetailPart title={text('detail.snapshot')}>
        <Typography variant="body2" color="textSecondary">
          {text('detail.snapshot_none')}
        </Typography>
      </DetailPart>
    )
  }
  return (
    <DetailPart
      title={text('detail.snapshot')}
      action={<CopyButton label={text('detail.copy_table')} content={() => asTable(snapshot)} />}
    >
      <JsonTable value={snapshot} />
      {leftOut.length > 0 && (
        <Typography variant="caption" component="p" color="textSecondary" sx={{ mt: 1 }}>
          {text('detail.left_out', { columns: formatList(leftOut.map(visible), locale) })}
        </Typography>
      )}
      <RawJson value={snapshot} />
    </DetailPart>
  )
}
