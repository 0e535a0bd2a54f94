import type { EventFilterInput } from '../filter/event-filter.ts'
import { addressOf } from '../request/address.ts'
import type { Locale } from '../text/locale.ts'

/** The forms of the file, the one first that opens by a double click as it is meant. */
export const formats = ['xlsx', 'csv_comma', 'csv_semicolon', 'jsonl'] as const
export type Format = (typeof formats)[number]

/** The filter as the parameters of an address: their names are those of `server/event-filter.ts`. */
export const filterParameters = (input: EventFilterInput): URLSearchParams => {
  const address = new URLSearchParams()
  const { actions = [], notActions = [], sources = [], notSources = [], query, ...rest } = input
  for (const value of actions) address.append('action', value)
  for (const value of notActions) address.append('notAction', value)
  for (const value of sources) address.append('source', value)
  for (const value of notSources) address.append('notSource', value)
  if (query !== undefined) address.set('q', query)
  for (const [name, value] of Object.entries(rest)) address.set(name, String(value))
  return address
}

/**
 * The address of the file with exactly the entries that the filter lets through. Times in it are written in UTC and in
 * the zone, sentences in the reader's language.
 */
export const exportAddress = (input: EventFilterInput, format: Format, locale: Locale, zone: string): string => {
  const address = filterParameters(input)
  if (format === 'csv_semicolon') address.set('separator', ';')
  address.set('locale', locale)
  address.set('timeZone', zone)
  return `${addressOf(`export/events.${format.startsWith('csv') ? 'csv' : format}`)}?${address.toString()}`
}
