import type { Messages } from './en.ts'

type Keys<T, Path extends string = ''> = {
  [K in keyof T & string]: T[K] extends string ? `${Path}${K}` : Keys<T[K], `${Path}${K}.`>
}[keyof T & string]

/** The name of a text: `list.more`. A name that does not exist does not compile. */
export type TextKey = Keys<Messages>

/** What stands for `%{name}` in a text. `count` is a number and chooses the form. */
export type Values = Readonly<Record<string, string | number>>

type Branch = { readonly [key: string]: string | Branch }

const flatten = (branch: Branch, path: string): [string, string][] =>
  Object.entries(branch).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[path + key, value]] : flatten(value, `${path}${key}.`),
  )

/** The texts of a language by their full names. */
export const textsOf = (messages: Messages): ReadonlyMap<string, string> => new Map(flatten(messages, ''))

/** The names that Intl.PluralRules gives to the forms of a number, in the order in which texts list them. */
export const pluralForms = (tag: string): readonly string[] => {
  const used = new Set<string>(new Intl.PluralRules(tag).resolvedOptions().pluralCategories)
  return ['zero', 'one', 'two', 'few', 'many', 'other'].filter((form) => used.has(form))
}

/**
 * Makes the function that gives a text in one language.
 *
 * `||||` divides the forms of a number in the order of {@link pluralForms}; numbers are written as the language writes
 * them. A name that is not known gives back itself.
 */
export const makeTranslate = (messages: Messages, tag: string) => {
  const texts = textsOf(messages)
  const forms = pluralForms(tag)
  const rules = new Intl.PluralRules(tag)
  const number = new Intl.NumberFormat(tag)
  return (key: string, values: Values = {}): string => {
    const text = texts.get(key) ?? key
    const { count } = values
    const parts = text.split(' |||| ')
    const form = typeof count === 'number' ? parts[forms.indexOf(rules.select(count))] : undefined
    return (form ?? parts[0] ?? text).replace(/%\{(\w+)\}/g, (hole, name: string) => {
      const value = values[name]
      return typeof value === 'number' ? number.format(value) : (value ?? hole)
    })
  }
}
