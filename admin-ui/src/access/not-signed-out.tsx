import LogoutOutlined from '@mui/icons-material/LogoutOutlined'
import { Button, CircularProgress } from '@mui/material'
import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect } from 'react'
import { useDataProvider } from 'react-admin'
import type { AuditDataProvider } from '../data-provider.ts'
import { Notice } from '../problem/notice.tsx'
import { RequestError, reasonOf } from '../request/request-error.ts'
import { useText } from '../text/use-text.ts'
import { signOut, type SignOut } from './sign-out.ts'

/** In place of the log while somebody is being signed out, and when that did not work: then with why, and a way on. */
export const NotSignedOut = ({ state }: { state: SignOut }): ReactNode => {
  const text = useText()
  const dataProvider = useDataProvider<AuditDataProvider>()
  const client = useQueryClient()
  useEffect(() => {
    void client.cancelQueries()
    client.removeQueries()
  }, [client])
  const error = state.step === 'failed' ? state.error : null
  // The server has taken the cookie away already: to ask it again would work without ending anything.
  const isHalf = error instanceof RequestError && error.code === 'SESSION_NOT_ENDED'
  const mayTry = error !== null && !isHalf
  useEffect(() => {
    if (!mayTry) return
    const again = () => void signOut(dataProvider)
    window.addEventListener('online', again)
    return () => window.removeEventListener('online', again)
  }, [mayTry, dataProvider])
  if (error === null) {
    return (
      <Notice whole icon={<CircularProgress size={24} aria-hidden />} title={text('access.signing_out')} busy>
        {null}
      </Notice>
    )
  }
  const reason = reasonOf(error)
  return (
    <Notice
      whole
      alarm
      icon={<LogoutOutlined />}
      title={text('access.not_signed_out')}
      actions={
        isHalf ? (
          <Button variant="contained" onClick={() => window.location.reload()}>
            {text('state.reload')}
          </Button>
        ) : (
          <Button variant="contained" onClick={() => void signOut(dataProvider)}>
            {text('state.retry')}
          </Button>
        )
      }
    >
      {text(isHalf ? 'access.not_signed_out_half' : `access.not_signed_out_${reason === 'network' || reason === 'busy' ? reason : 'server'}`)}
    </Notice>
  )
}
