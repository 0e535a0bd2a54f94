import { useSyncExternalStore } from 'react'
import type { AuditDataProvider } from '../data-provider.ts'

/* How signing out goes. It is kept outside of the page, which is made anew when its language changes. */

/** Nobody has asked to; it goes on; it has worked; or it has not. */
export type SignOut = { readonly step: 'none' | 'running' | 'done' } | { readonly step: 'failed'; readonly error: unknown }

let current: SignOut = { step: 'none' }
const listeners = new Set<() => void>()
const become = (next: SignOut) => {
  current = next
  for (const listener of listeners) listener()
}

/** Ends the session; nothing of the log is shown from now on, whether or not the server could be told. */
export const signOut = async (dataProvider: AuditDataProvider): Promise<void> => {
  if (current.step === 'running') return
  become({ step: 'running' })
  await dataProvider.signOut().then(
    () => become({ step: 'done' }),
    (error: unknown) => become({ step: 'failed', error }),
  )
}

/** Somebody is signed in again. */
export const forgetSignOut = (): void => {
  if (current.step === 'done') become({ step: 'none' })
}

/** How signing out goes. */
export const useSignOut = (): SignOut =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => current,
  )

/** Whether somebody is about to be signed out: until that has worked, the page shows nothing and asks for nothing. */
export const isLeaving = ({ step }: SignOut): boolean => step === 'running' || step === 'failed'
