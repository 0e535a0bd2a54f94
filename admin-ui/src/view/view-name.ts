import type { TextKey } from '../text/translate.ts'

/** As many characters as a name can have; the server says so too. */
export const longestName = 100

/**
 * Why a view cannot have this name, or null. It is part of the address at which the view is saved: browsers, proxies and
 * the server take `..` between slashes for a way up, however it is encoded.
 */
export const viewNameFault = (name: string): TextKey | null => {
  if (/\p{Cc}/u.test(name)) return 'view.name_control'
  return /(^|[/\\])\.\.?([/\\]|$)/.test(name) ? 'view.name_dots' : null
}
