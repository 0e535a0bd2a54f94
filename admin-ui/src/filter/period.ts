import { addDays, firstInstantOf, isDay } from '../time/day.ts'

/** Periods with a name, as they stand in the address: `?period=7d`. */
export const presets = ['today', '7d', '30d', '90d', 'year'] as const
export type Preset = (typeof presets)[number]

/**
 * A period that a person chose: one with a name; days, both of them included; or instants, the second not included, as
 * a stretch of the histogram gives them.
 */
export type Period =
  | { readonly preset: Preset }
  | { readonly preset: 'instants'; readonly from: string; readonly to: string }
  | { readonly preset: null; readonly firstDay: string | null; readonly lastDay: string | null }

/** Half-open instants, `from` included and `to` not, in ISO 8601. */
export type Instants = { from?: string; to?: string }

const beginning = '0001-01-01'

const daysOf: Record<Exclude<Preset, 'year'>, number> = { today: 1, '7d': 7, '30d': 30, '90d': 90 }

const isInstant = (text: string | null): text is string =>
  text !== null && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z$/.test(text) && !Number.isNaN(Date.parse(text))

const instantsIn = (address: URLSearchParams) => {
  const [from, to] = [address.get('from'), address.get('to')]
  return isInstant(from) && isInstant(to) && Date.parse(from) < Date.parse(to) ? { from, to } : null
}

const isPreset = (text: string): text is Preset => presets.some((preset) => preset === text)

/** The first day of a period with a name: the seven days of `7d` are today and the six days before it. */
export const firstDayOf = (preset: Preset, today: string): string =>
  preset === 'year' ? `${today.slice(0, 4)}-01-01` : addDays(today, 1 - daysOf[preset])

/** What stands in the address as a period or a day but is none, as `from=2026-02-30`. */
export const periodFaults = (address: URLSearchParams): readonly string[] => {
  const named = address.get('period')
  const days = ['from', 'to'].filter(
    (name) => address.has(name) && instantsIn(address) === null && !isDay(address.get(name) ?? ''),
  )
  return [...(named === null || isPreset(named) ? [] : ['period']), ...days].map(
    (name) => `${name}=${address.get(name)}`,
  )
}

/** Reads `period`, or `from` and `to` as days or as instants in UTC; what is none is in {@link periodFaults}. */
export const readPeriod = (address: URLSearchParams): Period | null => {
  const named = address.get('period')
  if (named !== null && isPreset(named)) return { preset: named }
  const instants = instantsIn(address)
  if (instants !== null) return { preset: 'instants', ...instants }
  const dayNamed = (name: string) => {
    const text = address.get(name)
    return text !== null && isDay(text) ? text : null
  }
  const [firstDay, lastDay] = [dayNamed('from'), dayNamed('to')]
  return firstDay === null && lastDay === null ? null : { preset: null, firstDay, lastDay }
}

/** Writes the period into the address, in place of the one that stood there. */
export const writePeriod = (period: Period | null, address: URLSearchParams): void => {
  for (const name of ['period', 'from', 'to']) address.delete(name)
  if (period === null) return
  if (period.preset === 'instants') {
    address.set('from', period.from)
    address.set('to', period.to)
  } else if (period.preset !== null) address.set('period', period.preset)
  else {
    if (period.firstDay !== null) address.set('from', period.firstDay)
    if (period.lastDay !== null) address.set('to', period.lastDay)
  }
}

/**
 * What a period means in a zone in which it is `today`. The last day is included, so `to` is the first instant of the
 * day after it. A period with a name has no end: it goes on until now. The first day of year 1 and the last of 9999
 * bound nothing.
 */
export const periodToInstants = (period: Period | null, zone: string, today: string): Instants => {
  if (period === null) return {}
  if (period.preset === 'instants') return { from: period.from, to: period.to }
  if (period.preset !== null) {
    return { from: firstInstantOf(firstDayOf(period.preset, today), zone).toISOString() }
  }
  const { firstDay } = period
  const dayAfter = period.lastDay === null ? null : addDays(period.lastDay, 1)
  return {
    ...(firstDay === null || firstDay <= beginning ? {} : { from: firstInstantOf(firstDay, zone).toISOString() }),
    ...(dayAfter === null || !isDay(dayAfter) ? {} : { to: firstInstantOf(dayAfter, zone).toISOString() }),
  }
}

/** So many milliseconds before and after an instant. */
export const periodAround = (instant: string, reach: number): Period => ({
  preset: 'instants',
  from: new Date(Date.parse(instant) - reach).toISOString(),
  to: new Date(Date.parse(instant) + reach).toISOString(),
})
