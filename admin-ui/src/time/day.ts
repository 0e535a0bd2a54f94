/**
 * Calendar days in a time zone. A day is text, `2026-11-23`; an instant is a `Date`.
 */

const hour = 3_600_000

/** The instant that the server wrote: a year of more than four digits has a sign and six of them in `Date`. */
export const instantOf = (text: string): Date => new Date(text.replace(/^\d{5,6}(?=-)/, (year) => `+${year.padStart(6, '0')}`))

/** Whether the text is a day that exists: `2026-02-30` and `26-1-1` are none. */
export const isDay = (text: string): boolean => {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const instant = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(text)
}

/** The day that many days later (earlier, if negative), by the calendar. */
export const addDays = (day: string, count: number): string => {
  const instant = new Date(`${day}T00:00:00Z`)
  instant.setUTCDate(instant.getUTCDate() + count)
  return instant.toISOString().slice(0, 10)
}

const formats = new Map<string, Intl.DateTimeFormat>()

const dayFormat = (zone: string): Intl.DateTimeFormat => {
  const known = formats.get(zone)
  if (known) return known
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'iso8601',
    era: 'short',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  })
  formats.set(zone, format)
  return format
}

/** The day that the calendar on the wall of the zone shows at the instant. */
export const dayOf = (instant: Date, zone: string): string => {
  const parts = new Map(
    dayFormat(zone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, value]),
  )
  const year = (parts.get('year') ?? '').padStart(4, '0')
  return `${year}-${parts.get('month') ?? ''}-${parts.get('day') ?? ''}`
}

/**
 * The first instant of the day in the zone.
 *
 * Halves an interval that holds the beginning of the day in every zone (UTC−12 to UTC+14) until one millisecond is
 * left. So days of 23 and 25 hours, days that begin at 01:00 and days that a zone skipped need no rule of their own.
 */
export const firstInstantOf = (day: string, zone: string): Date => {
  const midnight = new Date(`${day}T00:00:00Z`).getTime()
  let before = midnight - 15 * hour
  let within = midnight + 15 * hour
  while (within - before > 1) {
    const middle = Math.floor((before + within) / 2)
    if (dayOf(new Date(middle), zone) < day) before = middle
    else within = middle
  }
  return new Date(within)
}
