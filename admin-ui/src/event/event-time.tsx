import type { ReactNode } from 'react'
import type { Locale } from '../text/locale.ts'
import { instantOf } from '../time/day.ts'
import { formatExact, formatRelative, formatTime } from '../time/format.ts'
import { useNow } from '../time/use-now.ts'

const Relative = ({ instant, locale, zone }: { instant: Date; locale: Locale; zone: string }): ReactNode => (
  <span className="relative">{formatRelative(instant, useNow(), locale, zone)}</span>
)

type EventTimeProps = {
  readonly at: string
  readonly zone: string
  readonly locale: Locale
  /** Whether it is today's news; older times do not follow the clock. */
  readonly recent: boolean
}

/** The time of an entry: on the clock of the zone, how long ago while that is today's news, and exactly as a title. */
export const EventTime = ({ at, zone, locale, recent }: EventTimeProps): ReactNode => {
  const instant = instantOf(at)
  return (
    <time dateTime={at} title={formatExact(instant, locale, zone)}>
      {/* The blank parts them where there is no room between: read aloud, and copied. */}
      {recent && <Relative instant={instant} locale={locale} zone={zone} />}{' '}
      <span className="clock">{formatTime(instant, locale, zone)}</span>
    </time>
  )
}
