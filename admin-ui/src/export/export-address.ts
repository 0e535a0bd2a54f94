import type { EventFilterInput } from '../filter/event-filter.ts'
import type { Locale } from '../text/locale.ts'

/** The forms of the file. */
export const formats = ['csv_comma', 'csv_semicolon', 'jsonl'] as const
export type Format = (typeof formats)[number]

/**
 * The address of the file with exactly the entries that the filter lets through.
 * Parameter names are those of `server/event-filter.ts` and `server/export.ts`; sentences are in the reader's language.
 */
export const exportAddress = (input: EventFilterInput, format: Format, locale: Locale): string => {
  const address = new URLSearchParams()
  const { actions = [], notActions = [], sources = [], notSources = [], query, ...rest } = input
  for (const value of actions) address.append('action', value)
  for (const value of notActions) address.append('notAction', value)
  for (const value of sources) address.append('source', value)
  for (const value of notSources) address.append('notSource', value)
  if (query !== undefined) address.set('q', query)
  for (const [name, value] of Object.entries(rest)) address.set(name, String(value))
  if (format === 'csv_semicolon') address.set('separator', ';')
  address.set('locale', locale)
  const path = `/export/events.${format === 'jsonl' ? 'jsonl' : 'csv'}`
  return `${path}?${address.toString()}`
}
