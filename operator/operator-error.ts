/** Why a command cannot be carried out: what (`message`), the values (`detail`), and what to do (`hint`). */
export class OperatorError extends Error {
  override name = 'OperatorError'
  readonly code: 'FILE' | 'NOT_INSTALLED' | 'OTHER_VERSION' | 'BUSY' | 'NOT_CONFIRMED' | 'NOT_ALLOWED' | 'OPTIONS'
  readonly detail: string
  readonly hint: string
  readonly statements: readonly string[] = []
  readonly afterwards = ''

  constructor(code: OperatorError['code'], message: string, more: { detail: string; hint: string; cause?: unknown }) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.code = code
    this.detail = more.detail
    this.hint = more.hint
  }
}
