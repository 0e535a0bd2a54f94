/** Why a request gave no answer, as far as it matters to the person before the screen. */
export type Reason =
  | 'network'
  | 'signed_out'
  | 'refused'
  | 'other_viewer'
  | 'bad_filter'
  | 'too_slow'
  | 'too_long'
  | 'busy'
  | 'not_found'
  | 'not_export'
  | 'altered'
  | 'outdated'
  | 'unloaded'
  | 'server'

/** What the server says of a refusal: its name for programs, and what to do, in English. */
export type Said = { readonly code?: string | undefined; readonly hint?: string | undefined }

/** A request that gave no answer. `reference` is the id under which the server's log tells more. */
export class RequestError extends Error {
  readonly reason: Reason
  readonly reference: string | null
  readonly code: string | null
  readonly hint: string | null

  constructor(reason: Reason, message: string, reference: string | null, cause?: unknown, said: Said = {}) {
    super(message, { cause })
    this.name = 'RequestError'
    this.reason = reason
    this.reference = reference
    this.code = said.code ?? null
    this.hint = said.hint ?? null
  }
}

/** The reason of any error; what is not ours is the server's. */
export const reasonOf = (error: unknown): Reason => (error instanceof RequestError ? error.reason : 'server')
