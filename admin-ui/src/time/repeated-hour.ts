/*
 * The hour that the clocks of a zone show twice, when they are put back: 02:30 in the night in which summer time ends is
 * two moments. Where such a time stands alone, it needs the name of its zone.
 */

const day = 86_400_000

const formats = new Map<string, Intl.DateTimeFormat>()

const offsetFormat = (zone: string): Intl.DateTimeFormat => {
  const known = formats.get(zone)
  if (known) return known
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
  formats.set(zone, format)
  return format
}

/** Milliseconds by which the clocks of the zone are ahead of UTC at the time, in milliseconds since 1970. */
const offsetAt = (time: number, zone: string): number => {
  const name = offsetFormat(zone).formatToParts(new Date(time)).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  // `GMT`, `GMT+02:00`, and of the time before zones `GMT+01:12:12`.
  const [, sign, hours = 0, minutes = 0, seconds = 0] = /([+-])(\d{2}):(\d{2})(?::(\d{2}))?/.exec(name) ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000
}

const quietDays = new Map<string, boolean>()

/** Whether no clock is changed on the day in UTC, the one before it or the one after it. A list has many times of few days. */
const isQuiet = (dayNumber: number, zone: string): boolean => {
  const key = `${zone} ${dayNumber}`
  const known = quietDays.get(key)
  if (known !== undefined) return known
  const quiet = offsetAt((dayNumber - 1) * day, zone) === offsetAt((dayNumber + 2) * day, zone)
  quietDays.set(key, quiet)
  return quiet
}

/** Whether the clocks of the zone show the time of the instant twice. */
export const isRepeated = (instant: Date, zone: string): boolean => {
  const time = instant.getTime()
  if (isQuiet(Math.floor(time / day), zone)) return false
  const own = offsetAt(time, zone)
  // With the offset before or after the change the same clock time may be another moment.
  return [offsetAt(time - day, zone), offsetAt(time + day, zone)].some((other) => other !== own && offsetAt(time + own - other, zone) === other)
}
