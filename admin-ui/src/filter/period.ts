import { addDays, firstInstantOf, isDay } from '../time/day.ts'

/** Periods with a name, as they stand in the address: `?period=7d`. */
export const presets = ['today', 'yesterday', '7d', '30d', '90d', 'year', 'last-month', 'last-quarter', 'last-year'] as const
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
/** What an address can say last. */
const lastInstant = Date.parse('9999-12-31T23:59:59.999Z')

/** The first day of the month that lies so many months before (after, if negative) that of the day. */
const monthBefore = (day: string, count: number): string => {
  const [year = 0, month = 1] = day.split('-').map(Number)
  const months = year * 12 + month - 1 - count
  return `${String(Math.floor(months / 12)).padStart(4, '0')}-${String((months % 12) + 1).padStart(2, '0')}-01`
}

/** How many months before the month of the day its quarter began. */
const monthsIntoQuarter = (day: string): number => (Number(day.slice(5, 7)) - 1) % 3

const isInstant = (text: string | null): text is string =>
  text !== null && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z$/.test(text) && isDay(text.slice(0, 10)) && !Number.isNaN(Date.parse(text))

const instantsIn = (address: URLSearchParams) => {
  const [from, to] = [address.get('from'), address.get('to')]
  return isInstant(from) && isInstant(to) && Date.parse(from) < Date.parse(to) ? { from, to } : null
}

const isPreset = (text: string): text is Preset => presets.some((preset) => preset === text)

/** The days of a period with a name; the last is null where it goes on until now. The seven days of `7d` are today and the six days before it. */
export const daysOf = (preset: Preset, today: string): { readonly firstDay: string; readonly lastDay: string | null } => {
  const until = (dayAfter: string) => addDays(dayAfter, -1)
  const quarter = monthBefore(today, monthsIntoQuarter(today))
  const year = `${today.slice(0, 4)}-01-01`
  switch (preset) {
    case 'today':
      return { firstDay: today, lastDay: null }
    case 'yesterday':
      return { firstDay: addDays(today, -1), lastDay: addDays(today, -1) }
    case '7d':
      return { firstDay: addDays(today, -6), lastDay: null }
    case '30d':
      return { firstDay: addDays(today, -29), lastDay: null }
    case '90d':
      return { firstDay: addDays(today, -89), lastDay: null }
    case 'year':
      return { firstDay: year, lastDay: null }
    case 'last-month':
      return { firstDay: monthBefore(today, 1), lastDay: until(monthBefore(today, 0)) }
    case 'last-quarter':
      return { firstDay: monthBefore(quarter, 3), lastDay: until(quarter) }
    case 'last-year':
      return { firstDay: monthBefore(year, 12), lastDay: until(year) }
  }
}

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
 * day after it. The first day of year 1 and the last of 9999 bound nothing.
 */
export const periodToInstants = (period: Period | null, zone: string, today: string): Instants => {
  if (period === null) return {}
  if (period.preset === 'instants') return { from: period.from, to: period.to }
  const { firstDay, lastDay } = period.preset === null ? period : daysOf(period.preset, today)
  const dayAfter = lastDay === null ? null : addDays(lastDay, 1)
  return {
    ...(firstDay === null || firstDay <= beginning ? {} : { from: firstInstantOf(firstDay, zone).toISOString() }),
    ...(dayAfter === null || !isDay(dayAfter) ? {} : { to: firstInstantOf(dayAfter, zone).toISOString() }),
  }
}

/** So many milliseconds before and after an instant. */
export const periodAround = (instant: string, reach: number): Period => ({
  preset: 'instants',
  from: new Date(Date.parse(instant) - reach).toISOString(),
  to: new Date(Math.min(Date.parse(instant) + reach, lastInstant)).toISOString(),
})
