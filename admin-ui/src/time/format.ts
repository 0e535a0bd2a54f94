import { type Locale, tagOf } from '../text/locale.ts'

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
    new Date(`${day}T00:00:00Z`),
  )

/** `23 Nov 2026`, of a day as text. */
export const formatShortDay = (day: string, locale: Locale): string =>
  format(locale, 'UTC', { day: 'numeric', month: 'short', year: 'numeric' }).format(new Date(`${day}T00:00:00Z`))

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

const steps: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
  ['day', 30],
  ['month', 12],
  ['year', Number.POSITIVE_INFINITY],
]

/** `12 min ago`, counted from `now`. */
export const formatRelative = (instant: Date, now: Date, locale: Locale): string => {
  let amount = (instant.getTime() - now.getTime()) / 1000
  for (const [unit, size] of steps) {
    if (Math.abs(amount) < size) {
      return new Intl.RelativeTimeFormat(tagOf(locale), { numeric: 'auto', style: 'short' }).format(
        Math.trunc(amount),
        unit,
      )
    }
    amount /= size
  }
  return ''
}

/** `12,345` */
export const formatNumber = (value: number, locale: Locale): string =>
  new Intl.NumberFormat(tagOf(locale)).format(value)

/** `a, b and c` */
export const formatList = (items: readonly string[], locale: Locale): string =>
  new Intl.ListFormat(tagOf(locale), { type: 'conjunction' }).format(items)
