/**
 * Where the audit log is mounted: `/`, or the path that a host application gave it, with a slash at its end. The server
 * writes it into the page.
 */
export const mount: string =
  typeof document === 'undefined' ? '/' : (document.querySelector('meta[name="audit-log-mount"]')?.getAttribute('content') ?? '/')

/** The address of something that the server offers, such as `graphql`. */
export const addressOf = (path: string): string => `${mount}${path}`
