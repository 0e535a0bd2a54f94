/** What a command found: the same as a JSON document and as text, and whether all is well. */
export type Outcome = { isWell: boolean; document: unknown; text: string }

/** A command of `npm run audit`. Every option is a flag. */
export type Command = {
  name: string
  purpose: string
  options: Readonly<Record<string, { purpose: string }>>
  run: (connectionString: string, flags: ReadonlySet<string>) => Promise<Outcome>
}
