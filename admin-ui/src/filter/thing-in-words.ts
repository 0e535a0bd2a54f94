import { readThing, type Thing } from './event-filter.ts'

/** A kind of thing by its code, and its name in the reader's language. */
export type Kind = { readonly code: string; readonly name: string }

/** What a person means by `CV 12`, `customer/42` or `kund 42`: a thing; a kind that there is not; or nothing that can be read. */
export type Meant = { readonly thing: Thing } | { readonly unknownKind: string } | null

/** Kind and number, parted by a slash or by the last blank: the name of a kind may have blanks of its own. */
const parted = (typed: string): Thing | null => readThing(typed) ?? readThing(typed.replace(/\s+(?=\S+$)/, '/'))

/** Reads a thing as a person writes it: its kind by name or code, in any case. */
export const readThingInWords = (typed: string, kinds: readonly Kind[]): Meant => {
  const said = parted(typed.trim())
  if (said === null) return null
  const [wanted, id] = [said.kind.trim().toLowerCase(), said.id.trim()]
  const kind = kinds.find(({ code, name }) => code.toLowerCase() === wanted || name.toLowerCase() === wanted)
  if (id === '') return null
  return kind ? { thing: { kind: kind.code, id } } : { unknownKind: said.kind.trim() }
}
