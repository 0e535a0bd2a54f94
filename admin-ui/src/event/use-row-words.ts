import { useMemo } from 'react'
import { useTranslate } from 'react-admin'
import { kindName, sourceName, withinSentence } from '../filter/in-words.ts'
import type { Locale } from '../text/locale.ts'
import { useReadersLocale, useText } from '../text/use-text.ts'
import { useWentAlongInWords } from './use-went-along-in-words.ts'

/** What the rows of a list say beside their sentences. */
export type RowWords = {
  readonly locale: Locale
  readonly details: string
  readonly takenAlong: string
  /** What stands before and after the name of what took an entry along, by the kind of that. */
  readonly takenAlongWith: (kind: string) => readonly [before: string, after: string]
  readonly onBehalfOf: string
  readonly reason: string
  readonly wentAlong: (wentAlong: Readonly<Record<string, number>>) => string
  readonly source: (source: string) => string
}

/** The words of all rows, found once for the list: each hook of a row would run a thousand times. */
export const useRowWords = (): RowWords => {
  const text = useText()
  const translate = useTranslate()
  const locale = useReadersLocale()
  const inWords = useWentAlongInWords()
  return useMemo(
    () => ({
      locale,
      details: text('list.details'),
      takenAlong: text('list.was_taken_along'),
      takenAlongWith: (kind) => {
        const [before = '', after = ''] = text('list.taken_along_with', { kind: withinSentence(kindName(kind, translate)), name: '\0' }).split('\0')
        return [before, after]
      },
      onBehalfOf: text('detail.on_behalf_of'),
      reason: text('detail.reason'),
      wentAlong: (wentAlong) => text('list.went_along', { list: inWords(wentAlong) }),
      source: (source) => sourceName(source, translate),
    }),
    [text, translate, locale, inWords],
  )
}
