/** An error that the person at the keyboard can do something about: one line what, one line what to do. */
export class Refusal extends Error {
  constructor(message, hint) {
    super(message)
    this.hint = hint
  }
}
