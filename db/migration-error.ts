export type MigrationErrorCode =
  | 'DATABASE_UNREACHABLE'
  | 'BAD_ADDRESS'
  | 'POSTGRESQL_TOO_OLD'
  | 'ENCODING_NOT_UTF8'
  | 'MIGRATED_BY_NEWER'
  | 'FOREIGN_SCHEMA'
  | 'LEDGER_MISSING'
  | 'SCHEMA_MISSING'
  | 'NOT_ALLOWED'
  | 'LOCKED'
  | 'MIGRATION_FAILED'

/** Why a database cannot be migrated: what (`message`), the values (`detail`), and what to do (`hint`). */
export class MigrationError extends Error {
  override name = 'MigrationError'
  readonly code: MigrationErrorCode
  readonly detail: string
  readonly hint: string
  /** The SQL statements that a DBA must run first, ready to paste; empty if no statement helps. */
  readonly statements: readonly string[]
  /** What to do when these have been run and the migration has gone through; empty if nothing. */
  readonly afterwards: string

  constructor(code: MigrationErrorCode, message: string, more: { detail: string; hint: string; statements?: readonly string[]; afterwards?: string; cause?: unknown }) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.code = code
    this.detail = more.detail
    this.hint = more.hint
    this.statements = more.statements ?? []
    this.afterwards = more.afterwards ?? ''
  }
}

/** An error of ours in lines, as a person reads it in a terminal or a log: what, the values, what to do, and afterwards. */
export function wordsOf({ message, detail, hint, statements, afterwards }: Pick<MigrationError, 'message' | 'detail' | 'hint' | 'statements' | 'afterwards'>): string {
  return [message, detail, hint, ...statements, afterwards].filter((line) => line !== '').join('\n')
}
