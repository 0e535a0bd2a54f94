import BusinessOutlined from '@mui/icons-material/BusinessOutlined'
import LockOutlined from '@mui/icons-material/LockOutlined'
import LoginOutlined from '@mui/icons-material/LoginOutlined'
import PeopleOutlined from '@mui/icons-material/PeopleOutlined'
import ShieldOutlined from '@mui/icons-material/ShieldOutlined'
import { Button, CircularProgress, Typography } from '@mui/material'
import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect, useState } from 'react'
import { useLocation } from 'react-router-dom'
import { Problem } from '../problem/problem.tsx'
import { Notice } from '../problem/notice.tsx'
import { signInAddress } from '../shell/appearance.ts'
import { BackToApplication } from '../shell/back-to-application.tsx'
import { logPath } from '../shell/place.ts'
import { useText } from '../text/use-text.ts'
import { visible } from '../text/visible.ts'
import { Contact } from './contact.tsx'
import { useOtherViewer } from './other-viewer.ts'
import { useViewerQuery, viewerKey, ViewerProvider } from './use-viewer.ts'
import type { Access, Viewer } from './viewer.ts'

const NoAccess = ({
  viewer,
  access,
  hasSignedOut,
  checkAgain,
}: {
  viewer: Viewer
  access: Exclude<Access, 'granted'>
  hasSignedOut: boolean
  checkAgain: () => Promise<unknown>
}) => {
  const text = useText()
  const company = visible(viewer.companyName ?? text('access.your_company'))
  const { pathname, search } = useLocation()
  const signIn = signInAddress(`${pathname.slice(logPath.length)}${search}`)
  const [checking, setChecking] = useState<'now' | 'failed'>()
  const check = () => {
    setChecking('now')
    // Where it helped, this page is gone by then.
    void checkAgain().finally(() => setChecking('failed'))
  }
  switch (access) {
    case 'not_signed_in':
      return (
        <Notice
          whole
          icon={<LoginOutlined />}
          title={text(hasSignedOut ? 'access.signed_out' : 'access.not_signed_in')}
          actions={
            <>
              {signIn !== null && (
                <Button variant="contained" href={signIn}>
                  {text('access.continue')}
                </Button>
              )}
              <Button variant={signIn === null ? 'contained' : 'text'} loading={checking === 'now'} onClick={check}>
                {text('access.check_again')}
              </Button>
            </>
          }
        >
          {text(hasSignedOut ? 'access.signed_out_text' : signIn === null ? 'access.not_signed_in_text' : 'access.sign_in_text')}
          {checking === 'failed' && (
            <Typography variant="body2" role="alert" sx={{ mt: 1.5, color: 'text.primary', fontWeight: 600 }}>
              {text('access.still_not')}
            </Typography>
          )}
        </Notice>
      )
    case 'not_administrator':
      return (
        <Notice whole icon={<LockOutlined />} title={text('access.not_administrator')} actions={<BackToApplication main />}>
          {viewer.viewerName === null
            ? text('access.not_administrator_unnamed_text', { company })
            : text('access.not_administrator_text', { name: visible(viewer.viewerName), company })}
        </Notice>
      )
    case 'company_unknown':
      return (
        <Notice whole icon={<BusinessOutlined />} title={text('access.company_unknown')} actions={<BackToApplication main />}>
          {text('access.company_unknown_text')} <Contact of={viewer.contact} sentence="access.contact" />
        </Notice>
      )
    case 'add_on_missing':
      return (
        <Notice whole icon={<ShieldOutlined />} title={text('access.add_on_missing')} actions={<BackToApplication main />}>
          {text('access.add_on_missing_text', { company })}
          <Typography variant="body2" sx={{ mt: 1.5 }}>
            {text('access.add_on_example')}
          </Typography>
          <Typography variant="body2" sx={{ mt: 1.5, color: 'text.primary' }}>
            {text('access.add_on_recording')}
          </Typography>
          <Typography variant="body2" sx={{ mt: 1.5, color: 'text.primary', fontWeight: 600 }}>
            <Contact of={viewer.contact} sentence="access.add_on_contact" />
          </Typography>
        </Notice>
      )
  }
}

/** Somebody else has signed in beside this page: nothing of the log that it showed stays in it. */
const OtherViewer = (): ReactNode => {
  const text = useText()
  const client = useQueryClient()
  useEffect(() => client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== viewerKey[0] }), [client])
  return (
    <Notice
      whole
      icon={<PeopleOutlined />}
      title={text('access.other_viewer')}
      actions={
        <Button variant="contained" onClick={() => window.location.reload()}>
          {text('state.reload')}
        </Button>
      }
    >
      {text('access.other_viewer_text')}
    </Notice>
  )
}

/**
 * Shows what stands behind it to administrators whose company has the add-on, and to everybody else why not.
 *
 * @param hasSignedOut whether that nobody is signed in is what the person asked for
 */
export const AccessGate = ({ hasSignedOut, children }: { hasSignedOut: boolean; children: ReactNode }): ReactNode => {
  const text = useText()
  const { data: viewer, error, refetch } = useViewerQuery()
  const isOther = useOtherViewer()
  useEffect(() => {
    // Of two windows side by side, the one that is gone to was visible all the time.
    const askAgain = () => void refetch({ cancelRefetch: false })
    window.addEventListener('focus', askAgain)
    return () => window.removeEventListener('focus', askAgain)
  }, [refetch])
  if (isOther) return <OtherViewer />
  if (viewer?.access === 'granted') return <ViewerProvider value={viewer}>{children}</ViewerProvider>
  if (viewer) return <NoAccess viewer={viewer} access={viewer.access} {...{ hasSignedOut }} checkAgain={refetch} />
  if (error) return <Problem whole error={error} retry={() => void refetch()} />
  return (
    <Notice whole icon={<CircularProgress size={24} aria-hidden />} title={text('access.checking')} busy>
      {null}
    </Notice>
  )
}
