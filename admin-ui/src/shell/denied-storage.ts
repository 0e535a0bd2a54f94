/*
 * Where a browser denies a page its storage, as one that refuses all cookies, merely asking for it throws. The library of
 * the screens asks while it is loaded: this is imported before it, and has the browser say that there is none.
 * Choices are kept in memory then, until the page is closed.
 */

/** Puts nothing in the place of a storage of the window that throws when it is asked for. */
export const hideDeniedStorage = (window: object, name: 'localStorage' | 'sessionStorage'): void => {
  try {
    Reflect.get(window, name)
  } catch {
    Object.defineProperty(window, name, { value: undefined, configurable: true })
  }
}

if (typeof window !== 'undefined') for (const name of ['localStorage', 'sessionStorage'] as const) hideDeniedStorage(window, name)
