import { useCallback } from 'react'
import { useTranslate } from 'react-admin'
import { useReadersLocale } from '../text/use-text.ts'
import { formatList } from '../time/format.ts'

/** So many kinds are named; a deletion that took twenty kinds along is still one line. */
const mostKinds = 3

/** A function that says what went along with an entry: `4 roles, 3 contacts and 2 projects`, the most frequent first. */
export const useWentAlongInWords = () => {
  const translate = useTranslate()
  const locale = useReadersLocale()
  return useCallback(
    (wentAlong: Readonly<Record<string, number>>): string => {
      const kinds = Object.entries(wentAlong).sort(([, one], [, other]) => other - one)
      const named = kinds.length > mostKinds + 1 ? kinds.slice(0, mostKinds) : kinds
      const rest = kinds.slice(named.length).reduce((sum, [, count]) => sum + count, 0)
      const inWords = named.map(([kind, count]) => {
        const words = translate(`kind.${kind}`, { count })
        return words === `kind.${kind}` ? translate('kind.other', { kind, count }) : words
      })
      return formatList(rest === 0 ? inWords : [...inWords, translate('list.and_more', { count: rest })], locale)
    },
    [translate, locale],
  )
}
