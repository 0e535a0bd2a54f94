import BugReportOutlined from '@mui/icons-material/BugReportOutlined'
import { Button } from '@mui/material'
import type { ReactNode } from 'react'
import { useText } from '../text/use-text.ts'
import { Notice } from './notice.tsx'

/** The page has a fault of its own. */
export const Crash = (): ReactNode => {
  const text = useText()
  return (
    <Notice
      whole
      alarm
      icon={<BugReportOutlined />}
      title={text('state.crashed')}
      actions={
        <Button variant="contained" onClick={() => window.location.reload()}>
          {text('state.reload')}
        </Button>
      }
    >
      {text('state.crashed_text')}
    </Notice>
  )
}
