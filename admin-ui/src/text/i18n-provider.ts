import type { I18nProvider } from 'react-admin'
import { type Locale, localeOf, locales, messages, tagOf } from './locale.ts'
import { makeTranslate } from './translate.ts'

const translators = {
  en: makeTranslate(messages.en, tagOf('en')),
  sv: makeTranslate(messages.sv, tagOf('sv')),
} satisfies Record<Locale, ReturnType<typeof makeTranslate>>

/** Makes react-admin's translator, which begins with the language `first`. */
export const makeI18nProvider = (first: Locale): I18nProvider => {
  let locale = first
  return {
    translate: (key, values) => translators[locale](key, values),
    changeLocale: async (tag) => {
      locale = localeOf(tag) ?? locale
    },
    getLocale: () => locale,
    getLocales: () => locales.map((each) => ({ locale: each, name: messages[each].shell.languages[each] })),
  }
}
