import { isSafeError, SafeError } from 'postgraphile/grafast'
import { GraphQLError, type GraphQLErrorOptions } from 'postgraphile/graphql'
import { Refusal } from '../refusal.ts'
import { refusalOf } from '../database-error.ts'
import { foreignCursor } from './bad-page.ts'

/** A refusal in the form that Grafast passes on to the caller; anything else stays as it is and will be masked. */
export function asSafeError(error: unknown): unknown {
  if (!(error instanceof Refusal)) return error
  const { message, code, detail, hint } = error
  return new SafeError(message, { code, ...(detail && { detail }), ...(hint && { hint }) }, { cause: error })
}

/**
 * Decides what a caller learns of an error: refusals and mistakes in the document as they are, everything else an id
 * under which it stands in the log.
 * @param record writes the error to the log and returns that id
 */
export function makeMaskError(record: (error: unknown, refusal: Refusal | null) => string) {
  return (error: GraphQLError): GraphQLError => {
    const { originalError } = error
    if (!originalError || originalError instanceof GraphQLError) return withoutSuggestion(error)
    const place = { nodes: error.nodes ?? null, source: error.source ?? null, positions: error.positions ?? null, path: error.path ?? null, originalError }
    if (isSafeError(originalError) && foreign.test(originalError.message)) return masked(place, foreignCursor())
    if (isSafeError(originalError)) return new GraphQLError(originalError.message, { ...place, extensions: { code: 'BAD_REQUEST', ...originalError.extensions } })
    const refusal = refusalOf(originalError)
    return masked(place, refusal, record(originalError, refusal))
  }
}

/** What @dataplan/pg says of a cursor whose order is another one. */
const foreign = /^Invalid '(after|before)' cursor - /

function masked(place: GraphQLErrorOptions, refusal: Refusal | null, id?: string): GraphQLError {
  return new GraphQLError(refusal?.message ?? 'Something went wrong on the server.', {
    ...place,
    extensions: { code: refusal?.code ?? 'INTERNAL', ...(id !== undefined && { id }), ...(refusal?.detail && { detail: refusal.detail }), ...(refusal?.hint && { hint: refusal.hint }) },
  })
}

/** What server/graphql/limits.ts does for rules of validation, for the variables, which graphql checks when it executes. */
function withoutSuggestion(error: GraphQLError): GraphQLError {
  const message = error.message.replace(/ Did you mean .*\?$/s, '')
  if (message === error.message) return error
  return new GraphQLError(message, { nodes: error.nodes ?? null, source: error.source ?? null, positions: error.positions ?? null, path: error.path ?? null, extensions: error.extensions })
}
