import { useSyncExternalStore } from 'react'

/* Whether somebody else has signed in since this page was opened. It stays so until the page is loaded again. */

let isOther = false
const listeners = new Set<() => void>()

/** Says that an answer was for somebody else than this page is. */
export const reportOtherViewer = (): void => {
  isOther = true
  for (const listener of listeners) listener()
}

/** Whether somebody else is signed in now than when this page was opened, as far as it is known. */
export const useOtherViewer = (): boolean =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => isOther,
  )
