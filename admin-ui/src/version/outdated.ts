import { useSyncExternalStore } from 'react'
import { addressOf } from '../request/address.ts'

/*
 * Whether the server has a newer version of these screens than this page: a question is not known any more, or the page
 * names another script.
 */

let isOutdated = false
const listeners = new Set<() => void>()

/** Says that this page is older than the server. */
export const reportOutdated = (): void => {
  isOutdated = true
  for (const listener of listeners) listener()
}

/** Whether this page is older than the server, as far as it is known. */
export const useOutdated = (): boolean =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => isOutdated,
  )

const entryScript = /src="[^"]*\/(assets\/[^"]+\.js)"/

/** Compares the script that the server's page names now with that of this page. */
export const askVersion = async (): Promise<'same' | 'newer' | 'away'> => {
  const own = document.querySelector<HTMLScriptElement>('script[type=module][src]')?.src
  const answer = await fetch(addressOf('company/audit-log'), { cache: 'no-store', headers: { accept: 'text/html' } }).catch(() => null)
  const named = entryScript.exec((await answer?.text().catch(() => '')) ?? '')?.[1]
  if (!answer?.ok) return 'away'
  return own !== undefined && named !== undefined && !own.endsWith(named) ? 'newer' : 'same'
}

const pause = 10 * 60_000

/** Asks from now on, whenever the page is looked at again after a while. */
export const watchVersion = (): void => {
  let asked = Date.now()
  document.addEventListener('visibilitychange', () => {
    if (document.hidden || Date.now() - asked < pause) return
    asked = Date.now()
    void askVersion().then((version) => {
      if (version === 'newer') reportOutdated()
    })
  })
}
