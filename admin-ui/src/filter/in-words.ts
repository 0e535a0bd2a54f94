import { type Locale } from '../text/locale.ts'
import type { TextKey, Values } from '../text/translate.ts'
import { formatBetween, formatDays, formatShortDay } from '../time/format.ts'
import { visible } from '../text/visible.ts'
import { type EventFilter, noFilter, type Thing } from './event-filter.ts'
import type { Period } from './period.ts'

type Text = (key: TextKey, values?: Values) => string

/** The name of an action type; one that the screens do not know shows as its code. */
export const actionName = (action: string, text: (key: string) => string): string => {
  const name = text(`action.${action}`)
  return name === `action.${action}` ? visible(action) : name
}

/** The name of a source; one that the screens do not know shows as its code. */
export const sourceName = (source: string, text: (key: string) => string): string => {
  const name = text(`source.${source}`)
  return name === `source.${source}` ? visible(source) : name
}

/** The name of a kind of thing; one that the screens do not know shows as its code. */
export const kindName = (kind: string, text: (key: string) => string): string => {
  const name = text(`kind_name.${kind}`)
  return name === `kind_name.${kind}` ? visible(kind) : name
}

/** A name that begins a line, as it stands within one: `user profile`; `CV` stays. */
export const withinSentence = (name: string): string => (/^\p{Lu}(?!\p{Lu})/u.test(name) ? `${name.charAt(0).toLowerCase()}${name.slice(1)}` : name)

/** A thing as people write it: `CV 12`. */
export const thingName = ({ kind, id }: Thing, text: (key: string) => string): string => `${kindName(kind, text)} ${visible(id)}`

/** A period in words. */
export const periodName = (period: Period, text: Text, locale: Locale, zone: string): string => {
  if (period.preset === 'instants') {
    return formatBetween(new Date(period.from), new Date(period.to), locale, zone)
  }
  if (period.preset !== null) return text(`filter.preset.${period.preset}`)
  const first = period.firstDay === null ? null : formatShortDay(period.firstDay, locale)
  const last = period.lastDay === null ? null : formatShortDay(period.lastDay, locale)
  if (first === null) return text('filter.until', { last: last ?? '' })
  if (last === null) return text('filter.since', { first })
  if (period.firstDay === null || period.lastDay === null || first === last) return first
  const [from, to] = [period.firstDay, period.lastDay].map((day) => new Date(`${day}T00:00:00Z`))
  return from && to && from < to ? formatDays(from, to, locale, 'UTC') : text('filter.between', { first, last })
}

/** One part of a filter in words, and the filter without it. */
export type FilterPart = { readonly key: string; readonly words: string; readonly without: EventFilter }

/**
 * The parts of a filter, each in words.
 *
 * @param zone the time zone in which instants are shown
 * @param actorName the name of the person, where it is known
 */
export const filterParts = (
  filter: EventFilter,
  text: Text,
  anyText: (key: string) => string,
  locale: Locale,
  zone: string,
  actorName: string | null,
): readonly FilterPart[] => {
  const many = (
    field: 'actions' | 'notActions' | 'sources' | 'notSources',
    key: 'action' | 'not_action' | 'source' | 'not_source',
    name: (value: string) => string,
  ): FilterPart[] =>
    filter[field].map((value) => ({
      key: `${field} ${value}`,
      words: text(`filter.chip.${key}`, { value: name(value) }),
      without: { ...filter, [field]: filter[field].filter((each) => each !== value) },
    }))
  const one = (
    field: 'period' | 'query' | 'actor' | 'kind' | 'object' | 'owner' | 'request' | 'act',
    value: string | null,
  ): FilterPart[] =>
    value === null
      ? []
      : [
          {
            key: field,
            words: text(`filter.chip.${field}`, { value }),
            without: { ...filter, [field]: noFilter[field] },
          },
        ]
  return [
    ...many('actions', 'action', (value) => actionName(value, anyText)),
    ...many('notActions', 'not_action', (value) => actionName(value, anyText)),
    ...many('sources', 'source', (value) => sourceName(value, anyText)),
    ...many('notSources', 'not_source', (value) => sourceName(value, anyText)),
    ...one('period', filter.period === null ? null : periodName(filter.period, text, locale, zone)),
    ...one('query', filter.query === '' ? null : visible(filter.query)),
    ...one('actor', filter.actor === null ? null : visible(actorName ?? filter.actor)),
    ...one('kind', filter.kind === null ? null : kindName(filter.kind, anyText)),
    ...one('object', filter.object === null ? null : thingName(filter.object, anyText)),
    ...one('owner', filter.owner === null ? null : thingName(filter.owner, anyText)),
    ...one('request', filter.request === null ? null : visible(filter.request)),
    ...one('act', filter.act === null ? null : visible(filter.act)),
  ]
}
