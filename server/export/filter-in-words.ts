import type { EventFilter } from '../event-filter.ts'
import { visible } from '../visible.ts'
import { labelOf, languageOf, type Language } from './labels.ts'
import { dayInWords, timeInWords } from './local-time.ts'
import { noNames, type FilterNames } from './names.ts'

/** The words of the screens for the parts of a filter: those of `filter.chip` in admin-ui/src/text, which a test compares. */
export const partsInWords: Readonly<Record<Language, Readonly<Record<string, string>>>> = {
  en: {
    action: 'Action type: %{value}', not_action: 'Not: %{value}', source: 'Source: %{value}', not_source: 'Not from: %{value}', period: 'Period: %{value}',
    query: 'Name contains “%{value}”', actor: 'Person: %{value}', kind: 'Kind: %{value}', object: 'Object: %{value}', owner: 'Belongs to: %{value}',
    request: 'Request: %{value}', act: 'Act: %{value}',
  },
  sv: {
    action: 'Åtgärdstyp: %{value}', not_action: 'Inte: %{value}', source: 'Källa: %{value}', not_source: 'Inte från: %{value}', period: 'Period: %{value}',
    query: 'Namnet innehåller ”%{value}”', actor: 'Person: %{value}', kind: 'Typ: %{value}', object: 'Objekt: %{value}', owner: 'Hör till: %{value}',
    request: 'Anrop: %{value}', act: 'Händelse: %{value}',
  },
}

const words = {
  en: { everything: 'Everything', or: ' or ', from: 'from ', before: 'before ', until: 'until ', rootsOnly: 'Only acts as a whole' },
  sv: { everything: 'Allt', or: ' eller ', from: 'från ', before: 'före ', until: 'till och med ', rootsOnly: 'Bara hela händelser' },
} as const

/** The instants of a filter as the clock of the reader shows them, as `localTimes` gives them. */
export interface LocalPeriod {
  readonly from: string | null
  readonly to: string | null
  readonly timeZone: string
}

/**
 * A filter in words, for the receipt of an export, as the screens say it, but with name and number of whom and what it gives:
 * `Action type: Delete user CV or Delete role; Period: from 1 Nov 2026 00:00 (Europe/Stockholm); Person: Åsa Öberg (2); Belongs to: Customer Nordljus (61)`.
 */
export function filterInWords(filter: EventFilter, locale: string, period: LocalPeriod, names: FilterNames = noNames): string {
  const language = languageOf(locale)
  const { everything, or, rootsOnly } = words[language]
  const part = (key: string, value: string | null | undefined): string[] => (value ? [(partsInWords[language][key] ?? '%{value}').replace('%{value}', () => value)] : [])
  const some = (key: string, of: 'actions' | 'sources', codes: readonly string[] | null | undefined) => part(key, codes?.map((code) => labelOf(of, code, language)).join(or))
  const named = (id: string | null | undefined, name: string | null) => id && (name === null ? visible(id) : `${visible(name)} (${visible(id)})`)
  const thing = (kind: string | null | undefined, id: string | null | undefined, name: string | null) => [kind && labelOf('kinds', kind, language), named(id, name)].filter(Boolean).join(' ')
  const parts = [
    ...some('action', 'actions', filter.actions), ...some('not_action', 'actions', filter.notActions),
    ...some('source', 'sources', filter.sources), ...some('not_source', 'sources', filter.notSources),
    ...part('period', periodInWords(filter, period, language)), ...part('query', filter.query && visible(filter.query)), ...part('actor', named(filter.actorId, names.actor)),
    ...part(filter.objectId ? 'object' : 'kind', thing(filter.objectKind, filter.objectId, names.object)),
    ...part('owner', thing(filter.ownerKind, filter.ownerId, names.owner)), ...part('request', filter.requestId && visible(filter.requestId)), ...part('act', filter.act),
    ...(filter.rootsOnly ? [rootsOnly] : []),
  ]
  return parts.length === 0 ? everything : parts.join('; ')
}

function periodInWords({ fromDay, toDay }: EventFilter, { from, to, timeZone }: LocalPeriod, language: Language): string | null {
  const said = words[language]
  const ends = [
    from !== null && said.from + timeInWords(from, language), fromDay && said.from + dayInWords(fromDay, language),
    to !== null && said.before + timeInWords(to, language), toDay && said.until + dayInWords(toDay, language),
  ].filter((end) => typeof end === 'string')
  return ends.length === 0 ? null : `${ends.join(' ')} (${timeZone})`
}
