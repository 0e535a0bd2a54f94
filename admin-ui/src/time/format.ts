import { type Locale, tagOf } from '../text/locale.ts'
import { dayOf, instantOf } from './day.ts'
import { isRepeated } from './repeated-hour.ts'

const made = new Map<string, Intl.DateTimeFormat>()

const format = (locale: Locale, zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => {
  const key = JSON.stringify([locale, zone, options])
  const known = made.get(key)
  if (known) return known
  const fresh = new Intl.DateTimeFormat(tagOf(locale), { timeZone: zone, ...options })
  made.set(key, fresh)
  return fresh
}

/** Names the zone of a time that its clocks show twice: without it, 02:30 would be two moments. */
const told = (zone: string, ...instants: readonly Date[]): Intl.DateTimeFormatOptions =>
  instants.some((instant) => isRepeated(instant, zone)) ? { timeZoneName: 'short' } : {}

/** `14:32`, and `02:30 CEST` in an hour that there is twice. */
export const formatTime = (instant: Date, locale: Locale, zone: string): string =>
  format(locale, zone, { hour: '2-digit', minute: '2-digit', ...told(zone, instant) }).format(instant)

/** `Monday 23 November 2026`, of a day as text. */
export const formatDay = (day: string, locale: Locale): string =>
  format(locale, 'UTC', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }).format(
    instantOf(`${day}T00:00:00Z`),
  )

/** `23 Nov 2026`, of a day as text. */
export const formatShortDay = (day: string, locale: Locale): string =>
  format(locale, 'UTC', { day: 'numeric', month: 'short', year: 'numeric' }).format(instantOf(`${day}T00:00:00Z`))

/** `23 November 2026 at 14:32:05.123 CET`: to the millisecond and with the zone's name. */
export const formatExact = (instant: Date, locale: Locale, zone: string): string =>
  format(locale, zone, {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    timeZoneName: 'short',
  }).format(instant)

/**
 * `23 Nov 2026, 14:25 – 14:35`: what both have in common is said once. Where one of them is in an hour that there is
 * twice, both say their zone: `25 Oct 2026, 02:30 CEST – 02:15 CET`.
 */
export const formatBetween = (from: Date, to: Date, locale: Locale, zone: string): string => {
  const time = { hour: '2-digit', minute: '2-digit' } as const
  const whole = { day: 'numeric', month: 'short', year: 'numeric', ...time } as const
  const name = told(zone, from, to)
  if (name.timeZoneName === undefined) return format(locale, zone, whole).formatRange(from, to)
  // A range of Intl's says the zone of its end only, and nothing but the beginning where both show the same time.
  const end = dayOf(from, zone) === dayOf(to, zone) ? time : whole
  return `${format(locale, zone, { ...whole, ...name }).format(from)} – ${format(locale, zone, { ...end, ...name }).format(to)}`
}

const relative = new Map<string, Intl.RelativeTimeFormat>()

const relativeFormat = (locale: Locale, options: Intl.RelativeTimeFormatOptions): Intl.RelativeTimeFormat => {
  const key = JSON.stringify([locale, options])
  const known = relative.get(key)
  if (known) return known
  const fresh = new Intl.RelativeTimeFormat(tagOf(locale), options)
  relative.set(key, fresh)
  return fresh
}

/** Of minutes and hours there are many below each other in a list, which has little room. */
const short = { numeric: 'always', style: 'short' } as const
const long = { numeric: 'always', style: 'long' } as const
/** Names what is near: `now`, `yesterday`. */
const named = { numeric: 'auto', style: 'long' } as const

/** Whole months by the calendar from one day to a later one: from 31 October to 30 November there is none. */
const monthsBetween = (first: string, last: string): number => {
  const [[year = 0, month = 0, day = 0], [lastYear = 0, lastMonth = 0, lastDay = 0]] = [first.split('-').map(Number), last.split('-').map(Number)]
  return (lastYear - year) * 12 + lastMonth - month - (lastDay < day ? 1 : 0)
}

/**
 * `12 min ago`, counted from `now`; within a minute, `now`. What lies a day or more back is counted in days of the
 * zone, so that `yesterday` is the day before today, and in whole months and years.
 */
export const formatRelative = (instant: Date, now: Date, locale: Locale, zone: string): string => {
  const minutes = (instant.getTime() - now.getTime()) / 60_000
  if (Math.abs(minutes) < 1) return relativeFormat(locale, named).format(0, 'second')
  if (Math.abs(minutes) < 60) return relativeFormat(locale, short).format(Math.trunc(minutes), 'minute')
  const [day, today] = [dayOf(instant, zone), dayOf(now, zone)]
  // A day on which the clocks are put back is longer than 24 hours.
  if (Math.abs(minutes) < 24 * 60 || day === today) return relativeFormat(locale, short).format(Math.trunc(minutes / 60), 'hour')
  const sign = minutes < 0 ? -1 : 1
  const months = minutes < 0 ? monthsBetween(day, today) : monthsBetween(today, day)
  if (months >= 12) return relativeFormat(locale, long).format(sign * Math.trunc(months / 12), 'year')
  if (months >= 1) return relativeFormat(locale, long).format(sign * months, 'month')
  const days = Math.round((instantOf(`${day}T00:00:00Z`).getTime() - instantOf(`${today}T00:00:00Z`).getTime()) / 86_400_000)
  return relativeFormat(locale, days === -1 ? named : long).format(days, 'day')
}

/** `12,345` */
export const formatNumber = (value: number, locale: Locale): string =>
  new Intl.NumberFormat(tagOf(locale)).format(value)

const lists = new Map<Locale, Intl.ListFormat>()

const listFormat = (locale: Locale): Intl.ListFormat => {
  const known = lists.get(locale)
  if (known) return known
  const fresh = new Intl.ListFormat(tagOf(locale), { type: 'conjunction' })
  lists.set(locale, fresh)
  return fresh
}

/** `a, b and c` */
export const formatList = (items: readonly string[], locale: Locale): string => listFormat(locale).format(items)

/** `17 – 23 Nov 2026`, or one day: both days are included. */
export const formatDays = (first: Date, last: Date, locale: Locale, zone: string): string =>
  format(locale, zone, { day: 'numeric', month: 'short', year: 'numeric' }).formatRange(first, last)

/** `July – September 2026`, or one month: both are included. */
export const formatMonths = (first: Date, last: Date, locale: Locale, zone: string): string =>
  format(locale, zone, { month: 'long', year: 'numeric' }).formatRange(first, last)

/** `2024 – 2026`, or one year: both are included. */
export const formatYears = (first: Date, last: Date, locale: Locale, zone: string): string =>
  format(locale, zone, { year: 'numeric' }).formatRange(first, last)

/**
 * What stands below a stretch of a histogram, as short as its unit allows: `14:00`, `23 Nov`, `Nov 2026`. The first one of
 * a day says the day too: `23 Nov, 14:00`.
 *
 * @param before where the stretch begins that is named before it, if there is one
 */
export const formatTick = (instant: Date, before: Date | null, unit: string, locale: Locale, zone: string): string => {
  const day = { day: 'numeric', month: 'short' } as const
  if (unit === 'minute' || unit === 'hour') {
    const isSameDay = before !== null && dayOf(before, zone) === dayOf(instant, zone)
    return isSameDay ? formatTime(instant, locale, zone) : format(locale, zone, { ...day, hour: '2-digit', minute: '2-digit', ...told(zone, instant) }).format(instant)
  }
  if (unit === 'month') return format(locale, zone, { month: 'short', year: 'numeric' }).format(instant)
  if (unit === 'year') return format(locale, zone, { year: 'numeric' }).format(instant)
  return format(locale, zone, day).format(instant)
}

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const

/** `1.4 MB` */
export const formatBytes = (bytes: number, locale: Locale): string => {
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3))
  return new Intl.NumberFormat(tagOf(locale), {
    style: 'unit',
    unit: units[step] ?? 'byte',
    unitDisplay: 'short',
    maximumFractionDigits: step === 0 ? 0 : 1,
  }).format(bytes / 1000 ** step)
}

/** `23 November 2026 at 14:32`, and with its zone in an hour that there is twice. */
export const formatExactMinute = (instant: Date, locale: Locale, zone: string): string =>
  format(locale, zone, { day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit', ...told(zone, instant) }).format(instant)
