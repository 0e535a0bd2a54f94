import type { Request, Response } from 'express'
import type { Cookies } from './cookies.ts'
import { html } from './html.ts'
import { sendPage } from './layout.ts'
import type { Person } from './session.ts'

/** The session that a browser has in the audit log, beside the one here. */
export type LogSession = {
  /** Notes for whom this browser opens the log. */
  readonly opens: (response: Response, person: Person) => Promise<void>
  /** Whether this browser has opened the log for anybody but this person; nobody: for anybody at all. */
  readonly isLeft: (request: Request, personId: string | null) => Promise<boolean>
  /** Sends a page that ends the session in the log by itself, and comes back to a path here. */
  readonly end: (request: Request, response: Response, path: string) => void
}

const cookieName = 'konsultboard_log'
/** The longest that the audit server lets a session last (SESSION_HOURS). */
const thirtyDays = 30 * 24 * 60 * 60

/** Makes what knows of sessions in the log. The audit server's own cookie is not for this application to read. */
export const makeLogSession = (cookies: Cookies, auditServerUrl: string): LogSession => ({
  opens: (response, { id }) => cookies.write(response, cookieName, { sub: id }, thirtyDays),
  isLeft: async (request, personId) => {
    const opened = await cookies.read(request, cookieName)
    return opened !== null && opened.sub !== personId
  },
  end: (request, response, path) =>
    sendPage(response, {
      title: 'Audit Log',
      script: '/static/submit.js',
      body: html`
        <section class="card">
          <h1>Leaving the Audit Log</h1>
          <p>It goes on in a moment.</p>
          <form method="post" action="${new URL('/session/end', auditServerUrl).href}">
            <input type="hidden" name="next" value="${`${request.protocol}://${request.get('host') ?? ''}${path}`}">
            <button>Go on</button>
          </form>
        </section>`,
    }),
})
