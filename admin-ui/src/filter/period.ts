import { addDays, firstInstantOf, isDay } from '../time/day.ts'

/** Periods with a name, as they stand in the address: `?period=7d`. */
export const presets = ['today', '7d', '30d', '90d', 'year'] as const
export type Preset = (typeof presets)[number]

/** A period that a person chose: one with a name, or days, both of them included. */
export type Period =
  | { readonly preset: Preset }
  | { readonly preset: null; readonly firstDay: string | null; readonly lastDay: string | null }

/** Half-open instants, `from` included and `to` not, in ISO 8601. */
export type Instants = { from?: string; to?: string }

const beginning = '0001-01-01'

const daysOf: Record<Exclude<Preset, 'year'>, number> = { today: 1, '7d': 7, '30d': 30, '90d': 90 }

const isPreset = (text: string): text is Preset => presets.some((preset) => preset === text)

/** The first day of a period with a name: the seven days of `7d` are today and the six days before it. */
export const firstDayOf = (preset: Preset, today: string): string =>
  preset === 'year' ? `${today.slice(0, 4)}-01-01` : addDays(today, 1 - daysOf[preset])

/** What stands in the address as a period or a day but is none, as `from=2026-02-30`. */
export const periodFaults = (address: URLSearchParams): readonly string[] => {
  const named = address.get('period')
  const days = ['from', 'to'].filter((name) => address.has(name) && !isDay(address.get(name) ?? ''))
  return [...(named === null || isPreset(named) ? [] : ['period']), ...days].map(
    (name) => `${name}=${address.get(name)}`,
  )
}

/** Reads `period`, or `from` and `to` as days; what is none is in {@link periodFaults}. */
export const readPeriod = (address: URLSearchParams): Period | null => {
  const named = address.get('period')
  if (named !== null && isPreset(named)) return { preset: named }
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
  if (period.preset !== null) address.set('period', period.preset)
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
