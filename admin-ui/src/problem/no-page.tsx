import ExploreOffOutlined from '@mui/icons-material/ExploreOffOutlined'
import { Button } from '@mui/material'
import type { ReactNode } from 'react'
import { Link } from 'react-router-dom'
import { BackToApplication } from '../shell/back-to-application.tsx'
import { logPath } from '../shell/place.ts'
import { useText } from '../text/use-text.ts'
import { Notice } from './notice.tsx'

/** An address below /company that is none. */
export const NoPage = (): ReactNode => {
  const text = useText()
  return (
    <Notice
      whole
      icon={<ExploreOffOutlined />}
      title={text('state.no_page')}
      actions={
        <>
          <Button variant="contained" component={Link} to={logPath}>
            {text('state.to_log')}
          </Button>
          <BackToApplication />
        </>
      }
    >
      {null}
    </Notice>
  )
}
