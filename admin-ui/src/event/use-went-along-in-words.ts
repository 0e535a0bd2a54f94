import { useTranslate } from 'react-admin'
import { useReadersLocale } from '../text/use-text.ts'
import { formatList } from '../time/format.ts'

/** A function that says what went along with an entry: `3 contacts, 2 projects and 4 roles`. */
export const useWentAlongInWords = () => {
  const translate = useTranslate()
  const locale = useReadersLocale()
  return (wentAlong: Readonly<Record<string, number>>): string =>
    formatList(
      Object.entries(wentAlong).map(([kind, count]) => {
        const words = translate(`kind.${kind}`, { count })
        return words === `kind.${kind}` ? translate('kind.other', { kind, count }) : words
      }),
      locale,
    )
}
