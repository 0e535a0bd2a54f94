import { addDays, dayOf, firstInstantOf, instantOf } from '../time/day.ts'
import { formatBetween, formatDays, formatMonths, formatYears } from '../time/format.ts'
import type { Locale } from '../text/locale.ts'
import type { Period } from '../filter/period.ts'
import type { Stretch } from './event-histogram.ts'

const lastOfAll = '9999-12-31'
const ofTheClock = new Set(['minute', 'hour'])

/**
 * When a stretch was, in the words of its unit: `23 Nov 2026, 14:00 – 15:00`, `23 Nov 2026`, `November 2026`; several
 * that lie side by side, as one: `July – September 2026`.
 */
export const bucketInWords = ({ from, to }: Stretch, unit: string, locale: Locale, zone: string): string => {
  const [first, end] = [instantOf(from), instantOf(to)]
  if (Number.isNaN(first.getTime()) || Number.isNaN(end.getTime())) return `${from} – ${to}`
  if (ofTheClock.has(unit)) return formatBetween(first, end, locale, zone)
  const last = new Date(end.getTime() - 1)
  if (unit === 'month') return formatMonths(first, last, locale, zone)
  if (unit === 'year') return formatYears(first, last, locale, zone)
  return formatDays(first, last, locale, zone)
}

/** Stretches that lie side by side as a period: whole days of the zone where they are that. */
export const periodOf = (first: Stretch, last: Stretch, zone: string): Period => {
  const [from, to] = [instantOf(first.from), instantOf(last.to)]
  const [firstDay, dayAfter] = [dayOf(from, zone), dayOf(to, zone)]
  // No address has a day after the last of 9999, which bounds nothing.
  const isBeyond = (day: string) => day.length > lastOfAll.length
  if (isBeyond(dayAfter)) return { preset: null, firstDay: isBeyond(firstDay) ? lastOfAll : firstDay, lastDay: lastOfAll }
  const isDays =
    firstInstantOf(firstDay, zone).getTime() === from.getTime() && firstInstantOf(dayAfter, zone).getTime() === to.getTime()
  return isDays
    ? { preset: null, firstDay, lastDay: addDays(dayAfter, -1) }
    : { preset: 'instants', from: from.toISOString(), to: to.toISOString() }
}
