/** What a command found: the same as a JSON document and as text, and whether all is well. */
export type Outcome = { isWell: boolean; document: unknown; text: string }

/** An option of a command: a flag, or with `value` (what help calls it) one that takes a value. */
export type Option = { purpose: string; value?: string; isRequired?: boolean }

/** The options that were given. */
export type Given = { flags: ReadonlySet<string>; values: ReadonlyMap<string, string> }

/** A command of `npm run audit`: most work on a database, one on a file, for which none is started. */
export type Command = {
  name: string
  purpose: string
  options: Readonly<Record<string, Option>>
  /** Looks at the options, before anything is opened. @throws {OperatorError} OPTIONS if they cannot be used like this */
  check?: (given: Given) => void
} & (
  | { run: (connectionString: string, given: Given) => Promise<Outcome> }
  | { runOnFile: (path: string, given: Given) => Promise<Outcome> }
)
