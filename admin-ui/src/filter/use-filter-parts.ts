import { useQueryClient } from '@tanstack/react-query'
import { useTranslate } from 'react-admin'
import { useReadersLocale, useText } from '../text/use-text.ts'
import { knownActorName } from '../event/known-actor-name.ts'
import { filterParts, type FilterPart } from './in-words.ts'
import { useFilter, useZone } from './use-filter.ts'

/** The parts of the filter in the address, in the reader's words. */
export const useFilterParts = (): readonly FilterPart[] => {
  const client = useQueryClient()
  const [filter] = useFilter()
  const { zone } = useZone()
  return filterParts(filter, useText(), useTranslate(), useReadersLocale(), zone, (id) => knownActorName(client, id))
}
