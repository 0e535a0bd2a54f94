import { useLocale, useTranslate } from 'react-admin'
import { type Locale, localeOf } from './locale.ts'
import type { TextKey, Values } from './translate.ts'

/** The function that gives a text in the reader's language. */
export const useText = (): ((key: TextKey, values?: Values) => string) => useTranslate()

/** The reader's language. */
export const useReadersLocale = (): Locale => localeOf(useLocale()) ?? 'en'
