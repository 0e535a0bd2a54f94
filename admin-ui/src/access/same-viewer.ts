import * as z from 'zod/mini'
import { reasonOf, RequestError } from '../request/request-error.ts'
import { accesses } from './viewer.ts'

/** Whom an answer is for: every document asks for it. */
export const whoDocumentPart = 'viewer { viewerId companyId access }'

const answer = z.object({
  viewer: z.object({
    viewerId: z.nullable(z.string()),
    companyId: z.nullable(z.string()),
    access: z.enum(accesses),
  }),
})

/** Says whom a page is for, and an answer too: company and person, encoded as in an address. */
const viewerHeader = 'x-audit-viewer'

/** In characters: a server takes some thousand for all headers together. Identifiers of that length no application has. */
const longestHeader = 2_000

/** Looks at whom each answer is for. */
export type SameViewer = {
  /**
   * Lets an answer through only if it is for whoever the page is for.
   *
   * @throws RequestError `other_viewer`
   */
  readonly check: (data: unknown) => void
  /**
   * The same, and only if that person may read. To whoever may not, the server answers with an empty list and with
   * zeros: here that is an error, so that it never looks like one.
   *
   * @throws RequestError `other_viewer`, `signed_out` or `refused`
   */
  readonly checkGranted: (data: unknown) => void
  /**
   * Has the server refuse what the page asks once somebody else is signed in, also what does not say whom it is for: a
   * file, or something to be saved.
   */
  readonly headers: () => Readonly<Record<string, string>>
  /**
   * What came for a request with such headers, outside of GraphQL: if it went well for somebody else, or does not say for
   * whom, the refusal that the server would have given. A proxy may have dropped what the page said.
   */
  readonly ownAnswer: (asked: Headers, response: Response) => Response
  /** Passes an error on; if it is such a refusal, the page notices it. */
  readonly notice: (error: unknown) => never
  /** Nothing of the log stands in the page any more. */
  readonly forget: () => void
}

/**
 * Makes what keeps a page to one person and one company: the first that may read. The session is the browser's, so
 * that somebody else may sign in beside an open page.
 *
 * @param onOther is called when an answer is for somebody else
 */
export const makeSameViewer = (onOther: () => void): SameViewer => {
  let known: { readonly viewerId: string | null; readonly companyId: string | null } | null = null
  const check = (data: unknown) => {
    const { access, viewerId, companyId } = answer.parse(data).viewer
    if (access !== 'not_signed_in' && known !== null && (known.viewerId !== viewerId || known.companyId !== companyId)) {
      onOther()
      throw new RequestError('other_viewer', 'Somebody else, or the same person for another company, is signed in now.', null)
    }
    if (access === 'granted') known = { viewerId, companyId }
    return access
  }
  return {
    check,
    checkGranted: (data) => {
      const access = check(data)
      if (access === 'granted') return
      throw new RequestError(
        access === 'not_signed_in' ? 'signed_out' : 'refused',
        `The log may not be read: ${access}.`,
        null,
      )
    },
    headers: () => {
      const whom = known === null ? '' : `${encodeURIComponent(known.companyId ?? '')}/${encodeURIComponent(known.viewerId ?? '')}`
      return whom === '' || whom.length > longestHeader ? {} : { [viewerHeader]: whom }
    },
    ownAnswer: (asked, response) => {
      const whom = asked.get(viewerHeader)
      if (whom === null || !response.ok || response.headers.get(viewerHeader) === whom) return response
      void response.body?.cancel()
      const id = response.headers.get('x-request-id') ?? ''
      const error = { code: 'OTHER_VIEWER', message: 'The answer is for somebody else, or does not say for whom.', id }
      return new Response(JSON.stringify({ error }), { status: 409 })
    },
    notice: (error) => {
      if (reasonOf(error) === 'other_viewer') onOther()
      throw error
    },
    forget: () => {
      known = null
    },
  }
}
