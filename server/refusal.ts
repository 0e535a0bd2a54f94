export interface RefusalOptions {
  /** HTTP status, 4xx or 5xx. */
  readonly status: number
  /** Stable upper-case name for programs. */
  readonly code: string
  /** What was wrong, in one sentence for a person. */
  readonly message: string
  /** The offending value. */
  readonly detail?: string | undefined
  /** What to do instead. */
  readonly hint?: string | undefined
  /** Response headers that belong to it, for example Retry-After. */
  readonly headers?: Readonly<Record<string, string>>
  readonly cause?: unknown
}

/** An answer of "no" that may be shown to whoever asked: nothing in it is secret. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string
  readonly detail: string | undefined
  readonly hint: string | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor(options: RefusalOptions) {
    super(options.message, { cause: options.cause })
    this.name = 'Refusal'
    this.status = options.status
    this.code = options.code
    this.detail = options.detail
    this.hint = options.hint
    this.headers = options.headers ?? {}
  }
}
