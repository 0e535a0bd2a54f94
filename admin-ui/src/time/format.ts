import { type Locale, tagOf } from '../text/locale.ts'
import { dayOf, instantOf } from './day.ts'

const made = new Map<string, Intl.DateTimeFormat>()

const format = (locale: Locale, zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => {
  const key = JSON.stringify([locale, zone, options])
  const known = made.get(key)
  if (known) return known
  const fresh = new Intl.DateTimeFormat(tagOf(locale), { timeZone: zone, ...options })
  made.set(key, fresh)
  return fresh
}

/** `14:32` */
export const formatTime = (instant: Date, locale: Locale, zone: string): string =>
  format(locale, zone, { hour: '2-digit', minute: '2-digit' }).format(instant)

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

/** `23 Nov 2026, 14:25 – 14:35`: what both have in common is said once. */
export const formatBetween = (from: Date, to: Date, locale: Locale, zone: string): string =>
  format(locale, zone, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  }).formatRange(from, to)

const relative = new Map<Locale, Intl.RelativeTimeFormat>()

const relativeFormat = (locale: Locale): Intl.RelativeTimeFormat => {
  const known = relative.get(locale)
  if (known) return known
  const fresh = new Intl.RelativeTimeFormat(tagOf(locale), { numeric: 'auto', style: 'short' })
  relative.set(locale, fresh)
  return fresh
}

const steps: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
  ['day', 30],
  ['month', 12],
  ['year', Number.POSITIVE_INFINITY],
]

/** `12 min ago`, counted from `now`; within a minute, `now`. */
export const formatRelative = (instant: Date, now: Date, locale: Locale): string => {
  let amount = (instant.getTime() - now.getTime()) / 1000
  if (Math.abs(amount) < 60) return relativeFormat(locale).format(0, 'second')
  for (const [unit, size] of steps) {
    if (Math.abs(amount) < size) {
      return relativeFormat(locale).format(Math.trunc(amount), unit)
    }
    amount /= size
  }
  return ''
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
    return isSameDay ? formatTime(instant, locale, zone) : format(locale, zone, { ...day, hour: '2-digit', minute: '2-digit' }).format(instant)
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

/** `23 November 2026 at 14:32` */
export const formatExactMinute = (instant: Date, locale: Locale, zone: string): string =>
  format(locale, zone, { dateStyle: 'long', timeStyle: 'short' }).format(instant)
