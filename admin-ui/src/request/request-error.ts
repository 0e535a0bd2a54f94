/** Why a request gave no answer, as far as it matters to the person before the screen. */
export type Reason =
  | 'network'
  | 'signed_out'
  | 'refused'
  | 'other_viewer'
  | 'bad_filter'
  | 'too_slow'
  | 'busy'
  | 'not_found'
  | 'outdated'
  | 'unloaded'
  | 'server'

/** A request that gave no answer. `reference` is the id under which the server's log tells more. */
export class RequestError extends Error {
  readonly reason: Reason
  readonly reference: string | null

  constructor(reason: Reason, message: string, reference: string | null, cause?: unknown) {
    super(message, { cause })
    this.name = 'RequestError'
    this.reason = reason
    this.reference = reference
  }
}

/** The reason of any error; what is not ours is the server's. */
export const reasonOf = (error: unknown): Reason => (error instanceof RequestError ? error.reason : 'server')
