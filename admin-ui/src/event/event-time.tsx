import type { ReactNode } from 'react'
import { useReadersLocale } from '../text/use-text.ts'
import { formatExact, formatRelative, formatTime } from '../time/format.ts'
import { useNow } from '../time/use-now.ts'

const day = 86_400_000

/** The time of an entry: on the clock of the zone, how long ago while that is today's news, and exactly as a title. */
export const EventTime = ({ at, zone }: { at: string; zone: string }): ReactNode => {
  const locale = useReadersLocale()
  const now = useNow()
  const instant = new Date(at)
  const recent = now.getTime() - instant.getTime() < day
  return (
    <time dateTime={at} title={formatExact(instant, locale, zone)}>
      {recent && <span className="relative">{formatRelative(instant, now, locale)}</span>}
      <span className="clock">{formatTime(instant, locale, zone)}</span>
    </time>
  )
}
