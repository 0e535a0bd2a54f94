import type { Locale } from '../text/locale.ts'
import type { TextKey, Values } from '../text/translate.ts'
import { visible } from '../text/visible.ts'
import { formatList } from '../time/format.ts'
import { filterNames, isAddedByOthers, listNames, periodNames, queryName, showNames, textNames, thingNames } from './address-names.ts'
import { readThing } from './event-filter.ts'
import { periodFaults } from './period.ts'

/** Something in the address that the list cannot do: `pair` is the part itself, `instead` how it is written here. */
export type FilterFault =
  | { readonly what: 'unreadable' | 'unknown' | 'twice' | 'together'; readonly pair: string }
  | { readonly what: 'renamed'; readonly pair: string; readonly instead: string }

const ownNames = [...filterNames, ...Object.keys(showNames)]
const severalTimes: readonly string[] = Object.values(listNames)

/** What the same is called in GraphQL, in the address of a file and by people, in lower case. */
const otherNames: Readonly<Record<string, string>> = {
  actions: listNames.actions,
  notactions: listNames.notActions,
  sources: listNames.sources,
  notsources: listNames.notSources,
  fromday: 'from',
  today: 'to',
  query: queryName,
  search: queryName,
  actorid: textNames.actor,
  objectkind: textNames.kind,
  requestid: textNames.request,
}
const ownNameOf = (name: string): string | undefined => {
  const lower = name.toLowerCase()
  return ownNames.find((own) => own.toLowerCase() === lower) ?? (Object.hasOwn(otherNames, lower) ? otherNames[lower] : undefined)
}

/** What stands in the address and is no filter, or not one that can be followed: a list that left it out in silence would be wrong. */
export const filterFaults = (address: URLSearchParams): readonly FilterFault[] => {
  const pairs = [...address].filter(([name]) => !isAddedByOthers(name))
  const unreadable: string[] = [...periodFaults(address)]
  const faults: FilterFault[] = []
  for (const [name, value] of pairs) {
    const pair = `${name}=${value}`
    const own = ownNameOf(name)
    const canShow = showNames[name]
    if (own === undefined) faults.push({ what: 'unknown', pair })
    else if (own !== name) faults.push({ what: 'renamed', pair, instead: `${own}=${value}` })
    else if (
      // Bytes that are no UTF-8 arrive as U+FFFD: what was meant is gone.
      value.includes('\u{FFFD}') ||
      (value.trim() === '' && [...Object.values<string>(textNames), ...severalTimes].includes(name)) ||
      (Object.values<string>(thingNames).includes(name) && readThing(value) === null) ||
      (canShow !== undefined && !canShow(value))
    ) {
      unreadable.push(pair)
    }
    if (own === name && !severalTimes.includes(name) && address.getAll(name).length > 1) faults.push({ what: 'twice', pair })
  }
  const together = (names: readonly string[]) =>
    pairs.filter(([name]) => names.includes(name)).map(([name, value]): FilterFault => ({ what: 'together', pair: `${name}=${value}` }))
  const [kind, object] = [address.get(textNames.kind), readThing(address.get(thingNames.object))]
  return [
    ...[...new Set(unreadable)].map((pair): FilterFault => ({ what: 'unreadable', pair })),
    ...faults,
    ...(address.has('period') && (address.has('from') || address.has('to')) ? together(periodNames) : []),
    ...(kind && object !== null && object.kind !== kind ? together([textNames.kind, thingNames.object]) : []),
  ]
}

const longest = 100
const shown = (pair: string): string => visible(pair.length > longest ? `${pair.slice(0, longest)}…` : pair)

type Text = (key: TextKey, values?: Values) => string

/** The faults of an address in sentences, and at last what to do; none where there is no fault. */
export const faultsInWords = (faults: readonly FilterFault[], text: Text, locale: Locale): readonly string[] => {
  if (faults.length === 0) return []
  const of = (wanted: Exclude<FilterFault['what'], 'renamed'>, values: Values = {}): string[] => {
    const pairs = faults.filter(({ what }) => what === wanted).map(({ pair }) => shown(pair))
    return pairs.length === 0 ? [] : [text(`filter_fault.${wanted}`, { filters: formatList(pairs, locale), ...values })]
  }
  return [
    ...of('unreadable'),
    ...faults.flatMap((fault) => (fault.what === 'renamed' ? [text('filter_fault.renamed', { filter: shown(fault.pair), instead: shown(fault.instead) })] : [])),
    ...of('unknown', { names: formatList(filterNames, locale) }),
    ...of('twice'),
    ...of('together'),
    text('filter_fault.remedy'),
  ]
}
