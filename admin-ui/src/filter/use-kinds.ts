import { useTranslate } from 'react-admin'
import { useRecordedKinds } from '../recording/use-left-out.ts'
import { useReadersLocale } from '../text/use-text.ts'
import { kindName } from './in-words.ts'
import type { Kind } from './thing-in-words.ts'
import { useFacets } from './use-facets.ts'

const ofEveryLog = ['customer', 'contact', 'project', 'role', 'user', 'cv', 'export', 'table'] as const

/** The kinds of things that the log can hold, as far as they are known, by name. */
export const useKinds = (): readonly Kind[] => {
  const translate = useTranslate()
  const locale = useReadersLocale()
  const { data: facets } = useFacets()
  const recorded = useRecordedKinds()
  const met = (facets?.kinds ?? []).map(({ value }) => value).filter((value) => value !== '')
  return [...new Set([...ofEveryLog, ...recorded, ...met])]
    .map((code) => ({ code, name: kindName(code, translate) }))
    .sort((one, other) => one.name.localeCompare(other.name, locale))
}
