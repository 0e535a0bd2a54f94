import { en, type Messages } from './en.ts'
import { sv } from './sv.ts'

/**
 * The languages of the screens. Another one is a file beside en.ts and a line in each of these two objects;
 * `test/admin-ui/text.test.ts` says what is missing in it.
 */
export const messages = { en, sv } satisfies Record<string, Messages>
export type Locale = keyof typeof messages

/** English is written the European way, with 24 hours: an auditor must not guess which number is the month. */
const tags: Record<Locale, string> = { en: 'en-GB', sv: 'sv-SE' }

export const locales: readonly Locale[] = ['en', 'sv']

/** The language tag for Intl that belongs to a language of the screens. */
export const tagOf = (locale: Locale): string => tags[locale]

/** The language that a tag such as `sv-SE` asks for, if the screens have it. */
export const localeOf = (tag: string | null | undefined): Locale | null =>
  locales.find((locale) => tag?.toLowerCase().split(/[-_]/)[0] === locale) ?? null
