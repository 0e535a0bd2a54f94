import type { SentencePart } from './event.ts'

/** What is said above a line already. */
export type Above = { readonly actor: string | undefined; readonly object: string | undefined }

/** The name that a part of a sentence says. */
export const nameIn = (parts: readonly SentencePart[], name: 'actor' | 'object'): string | undefined =>
  parts.find(({ part }) => part === name)?.text

/**
 * The sentence of an entry below another one, without what stands above it: the person, if it is the same one, and in
 * brackets the owner, if that is the thing above. `Åsa Öberg: deleted role Tester (Intranet)` below the project Intranet
 * is `deleted role Tester`.
 */
export const sentenceWithin = (parts: readonly SentencePart[], above: Above): readonly SentencePart[] =>
  withoutOwner(withoutActor(parts, above.actor), above.object)

const withoutActor = (parts: readonly SentencePart[], actor: string | undefined): readonly SentencePart[] => {
  const [first, verb, ...rest] = parts
  const isSaid = first?.part === 'actor' && first.text === actor && verb?.part === 'text' && /^:\s/.test(verb.text)
  return isSaid ? [{ ...verb, text: verb.text.replace(/^:\s+/, '') }, ...rest] : parts
}

const withoutOwner = (parts: readonly SentencePart[], object: string | undefined): readonly SentencePart[] => {
  const at = parts.findIndex(({ part, text }) => part === 'owner' && text === object)
  const isInBrackets = parts[at - 1]?.text === ' (' && parts[at + 1]?.text === ')'
  return at > 0 && isInBrackets ? [...parts.slice(0, at - 1), ...parts.slice(at + 2)] : parts
}
