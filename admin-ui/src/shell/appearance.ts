/** What the server wrote into the page about how it should look; see `server/appearance.ts`. */
const said = (name: string): string | null =>
  typeof document === 'undefined'
    ? null
    : (document.querySelector(`meta[name="audit-log-${name}"]`)?.getAttribute('content') ?? null)

/** What the log is called, its colours, where the host application signs people in and where they go back to it; null is the log's own, or nowhere. */
export const appearance = {
  name: said('name'),
  colour: said('colour'),
  darkColour: said('dark-colour'),
  signIn: said('sign-in'),
  home: said('home'),
} as const

/** Where to sign in and come back to a place below the log, such as `/42?q=x`; null if the host names no page for it. */
export const signInAddress = (place: string): string | null => {
  if (appearance.signIn === null) return null
  const address = new URL(appearance.signIn, window.location.href)
  address.searchParams.set('next', place)
  return address.href
}
