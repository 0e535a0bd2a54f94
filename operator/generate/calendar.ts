/** Microseconds since 1970. */
export type Microseconds = number

const hour = 3_600_000

/**
 * Spreads entries over time as offices do: by day more than by night, hardly at weekends, little in July, and each year more than the last.
 * @param until the end, exclusive, in milliseconds since 1970
 * @param years how many years before it the first entry happens
 * @returns when a share (0 to 1) of all entries has happened; ask with growing shares
 */
export function makeCalendar(until: number, years: number): (share: number) => Microseconds {
  const hours = Math.round(years * 365.25 * 24)
  const start = until - hours * hour
  const reached = new Float64Array(hours + 1)
  for (let index = 0; index < hours; index += 1) {
    reached[index + 1] = (reached[index] ?? 0) + busyness(new Date(start + index * hour)) * (1 + index / hours)
  }
  const all = reached[hours] ?? 1
  let index = 0
  return (share) => {
    const wanted = share * all
    while (index < hours - 1 && (reached[index + 1] ?? 0) <= wanted) index += 1
    const low = reached[index] ?? 0
    const high = reached[index + 1] ?? 1
    return Math.floor((start + (index + Math.min(1, Math.max(0, (wanted - low) / (high - low))) * 0.999_999) * hour) * 1000)
  }
}

function busyness(time: Date): number {
  const at = time.getUTCHours()
  const ofDay = at >= 7 && at < 16 ? 1 : at >= 5 && at < 20 ? 0.25 : 0.03
  const ofWeek = time.getUTCDay() % 6 === 0 ? 0.1 : 1
  return ofDay * ofWeek * (time.getUTCMonth() === 6 ? 0.4 : 1)
}
