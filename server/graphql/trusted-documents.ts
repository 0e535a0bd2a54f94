import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { buildScreensHint } from '../../db/installation.ts'
import { Refusal } from '../refusal.ts'

/** Which GraphQL documents are answered at all. */
export interface TrustedDocuments {
  /** @throws Refusal UNKNOWN_DOCUMENT (400), or NOT_BUILT (503) while the list of the screens is not there */
  readonly refuseUnknown: (body: unknown, isProgram: boolean) => void
}

/** The file that the build of the screens writes beside them: every document that they send, word for word. */
const documentsFile = 'graphql-documents.json'

/**
 * Lets only the documents through that the screens send, compared as whole texts.
 * @param screens folder of the built screens
 * @param apiClients whether a program with a token of the host application may send documents of its own, within the limits
 */
export async function trustScreens(screens: string, apiClients: boolean): Promise<TrustedDocuments> {
  const known = await readFile(`${screens}/${documentsFile}`, 'utf8').then((text) => new Set(z.array(z.string()).parse(JSON.parse(text))), () => null)
  return {
    refuseUnknown(body, isProgram) {
      if (isProgram && apiClients) return
      if (known === null) throw new Refusal({ status: 503, code: 'NOT_BUILT', message: 'The screens are not built.', hint: buildScreensHint, headers: { 'retry-after': '30' } })
      const query: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'query') : undefined
      if (typeof query === 'string' && known.has(query)) return
      throw new Refusal({
        status: 400, code: 'UNKNOWN_DOCUMENT', message: 'This document is not one of the screens\'.',
        hint: apiClients ? 'Send it with Authorization: Bearer <token of the host application>.' : 'An operator opens the interface to programs with GRAPHQL_API_CLIENTS=true.',
      })
    },
  }
}
