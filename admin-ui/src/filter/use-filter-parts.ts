import { useTranslate } from 'react-admin'
import { useReadersLocale, useText } from '../text/use-text.ts'
import { useActorName } from '../event/known-actor-name.ts'
import { filterParts, type FilterPart } from './in-words.ts'
import { useFilter, useZone } from './use-filter.ts'

/** The parts of the filter in the address, in the reader's words. */
export const useFilterParts = (): readonly FilterPart[] => {
  const [filter] = useFilter()
  const { zone } = useZone()
  const actor = useActorName(filter.actor)
  return filterParts(filter, useText(), useTranslate(), useReadersLocale(), zone, actor)
}
