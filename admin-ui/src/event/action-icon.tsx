import DeleteOutlined from '@mui/icons-material/DeleteOutlined'
import FileDownloadOutlined from '@mui/icons-material/FileDownloadOutlined'
import HistoryOutlined from '@mui/icons-material/HistoryOutlined'
import { styled } from '@mui/material'
import type { ReactNode } from 'react'

const Disc = styled('span')(({ theme }) => ({
  display: 'inline-grid',
  placeItems: 'center',
  flex: 'none',
  width: 28,
  height: 28,
  borderRadius: '50%',
  color: theme.palette.text.secondary,
  background: theme.palette.action.hover,
  '&[data-tone=deletion]': { color: theme.palette.deletion.text, background: theme.palette.deletion.ground },
  '&[data-tone=export]': { color: theme.palette.export.text, background: theme.palette.export.ground },
  '& svg': { fontSize: 17 },
}))

/** A picture of what happened; the sentence beside it says the same in words. */
export const ActionIcon = ({ action }: { action: string }): ReactNode => {
  const deletion = action.endsWith('.deleted')
  const exported = action.endsWith('.exported')
  return (
    <Disc aria-hidden data-tone={deletion ? 'deletion' : exported ? 'export' : undefined}>
      {deletion ? <DeleteOutlined /> : exported ? <FileDownloadOutlined /> : <HistoryOutlined />}
    </Disc>
  )
}
