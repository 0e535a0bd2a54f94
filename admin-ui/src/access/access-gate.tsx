import BusinessOutlined from '@mui/icons-material/BusinessOutlined'
import LockOutlined from '@mui/icons-material/LockOutlined'
import LoginOutlined from '@mui/icons-material/LoginOutlined'
import ShieldOutlined from '@mui/icons-material/ShieldOutlined'
import { Button, CircularProgress, Typography } from '@mui/material'
import type { ReactNode } from 'react'
import { useLocation } from 'react-router-dom'
import { Problem } from '../problem/problem.tsx'
import { Notice } from '../problem/notice.tsx'
import { signInAddress } from '../shell/appearance.ts'
import { logPath } from '../shell/place.ts'
import { useText } from '../text/use-text.ts'
import { visible } from '../text/visible.ts'
import { useViewerQuery, ViewerProvider } from './use-viewer.ts'
import type { Access, Viewer } from './viewer.ts'

const NoAccess = ({
  viewer,
  access,
  checkAgain,
}: {
  viewer: Viewer
  access: Exclude<Access, 'granted'>
  checkAgain: () => void
}) => {
  const text = useText()
  const company = visible(viewer.companyName ?? text('access.your_company'))
  const { pathname, search } = useLocation()
  const signIn = signInAddress(`${pathname.slice(logPath.length)}${search}`)
  const contact = visible(viewer.contact ?? text('access.support'))
  switch (access) {
    case 'not_signed_in':
      return (
        <Notice
          whole
          icon={<LoginOutlined />}
          title={text('access.not_signed_in')}
          actions={
            <>
              {signIn !== null && (
                <Button variant="contained" href={signIn}>
                  {text('access.sign_in')}
                </Button>
              )}
              <Button variant={signIn === null ? 'contained' : 'outlined'} onClick={checkAgain}>
                {text('access.check_again')}
              </Button>
            </>
          }
        >
          {text(signIn === null ? 'access.not_signed_in_text' : 'access.sign_in_text')}
        </Notice>
      )
    case 'not_administrator':
      return (
        <Notice whole icon={<LockOutlined />} title={text('access.not_administrator')}>
          {viewer.viewerName === null
            ? text('access.not_administrator_unnamed_text', { company })
            : text('access.not_administrator_text', { name: visible(viewer.viewerName), company })}
        </Notice>
      )
    case 'company_unknown':
      return (
        <Notice whole icon={<BusinessOutlined />} title={text('access.company_unknown')}>
          {text('access.company_unknown_text', { contact })}
        </Notice>
      )
    case 'add_on_missing':
      return (
        <Notice whole icon={<ShieldOutlined />} title={text('access.add_on_missing')}>
          {text('access.add_on_missing_text', { company })}
          <Typography variant="body2" sx={{ mt: 1.5, color: 'text.primary' }}>
            {text('access.add_on_recording')}
          </Typography>
          <Typography variant="body2" sx={{ mt: 1.5, color: 'text.primary', fontWeight: 600 }}>
            {text('access.add_on_contact', { contact })}
          </Typography>
        </Notice>
      )
  }
}

/** Shows what stands behind it to administrators whose company has the add-on, and to everybody else why not. */
export const AccessGate = ({ children }: { children: ReactNode }): ReactNode => {
  const text = useText()
  const { data: viewer, error, refetch } = useViewerQuery()
  if (viewer?.access === 'granted') return <ViewerProvider value={viewer}>{children}</ViewerProvider>
  if (viewer) return <NoAccess viewer={viewer} access={viewer.access} checkAgain={() => void refetch()} />
  if (error) return <Problem whole error={error} retry={() => void refetch()} />
  return (
    <Notice whole icon={<CircularProgress size={24} aria-hidden />} title={text('access.checking')} busy>
      {null}
    </Notice>
  )
}
