import { parseEventFilterParameters, parseQueryString, type EventFilter } from '../event-filter.ts'
import { Refusal } from '../refusal.ts'
import type { Format } from './receipt.ts'

/** What is asked for: the filter, and how it is to be written. */
export interface Wanted {
  readonly format: Format
  readonly filter: EventFilter
  readonly separator: string
  readonly hasByteOrderMark: boolean
  /** Null: as the reader has it. */
  readonly locale: string | null
  /** Not looked at yet: the database knows which zones there are. */
  readonly timeZone: string | null
}

const separators: Readonly<Record<string, string>> = { ',': ',', ';': ';', '\t': '\t', comma: ',', semicolon: ';', tab: '\t' }
const ofCsv = ['separator', 'bom']

/**
 * Reads the address of an export: the parameters of the filter, and `locale`, `timeZone`; for CSV also `separator` and `bom`.
 * @throws Refusal BAD_PARAMETER or BAD_FILTER
 */
export function parseWanted(format: Format, url: string): Wanted {
  const own = new Map<string, string>()
  const filter = parseQueryString(url).filter(([name, value]) => {
    const isOwn = name === 'locale' || name === 'timeZone' || (format === 'csv' && ofCsv.includes(name))
    if (!isOwn) return true
    if (own.has(name)) throw badParameter(`${name} is given twice`)
    own.set(name, value)
    return false
  })
  const given = own.get('separator') ?? ','
  const separator = Object.hasOwn(separators, given) ? separators[given] : undefined
  if (separator === undefined) throw badParameter(`separator is ${JSON.stringify(given)}; it can be comma, semicolon or tab`)
  const mark = own.get('bom') ?? 'true'
  if (mark !== 'true' && mark !== 'false') throw badParameter(`bom is ${JSON.stringify(mark)}; it can be true or false`)
  const locale = own.get('locale') ?? null
  if (locale !== null && locale !== 'en' && locale !== 'sv') throw badParameter(`locale is ${JSON.stringify(locale)}; it can be en or sv`)
  const timeZone = own.get('timeZone') ?? null
  // Days of the filter begin in the same zone as those of the file.
  const hasDays = filter.some(([name]) => name === 'fromDay' || name === 'toDay')
  const { timeZone: _, ...others } = parseEventFilterParameters(timeZone === null ? filter : [...filter, ['timeZone', timeZone]])
  return { format, filter: hasDays && timeZone !== null ? { ...others, timeZone } : others, separator, hasByteOrderMark: mark === 'true', locale, timeZone }
}

function badParameter(detail: string): Refusal {
  return new Refusal({ status: 400, code: 'BAD_PARAMETER', message: 'The export cannot be made like this.', detail })
}
