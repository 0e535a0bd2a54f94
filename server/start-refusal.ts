/** Why the server cannot start, for a person at a terminal; `hint` says what to do. */
export class StartRefusal extends Error {
  readonly hint: string

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StartRefusal'
    this.hint = hint
  }
}
