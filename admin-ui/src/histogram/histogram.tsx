import { Box, Button, Skeleton, styled, Typography } from '@mui/material'
import { lazy, type ReactNode, Suspense, useCallback, useState } from 'react'
import { type Question, useFilter } from '../filter/use-filter.ts'
import { LoadBoundary } from '../shell/load-boundary.tsx'
import { useReadersLocale, useText } from '../text/use-text.ts'
import { dayOf, instantOf } from '../time/day.ts'
import { formatShortDay, formatTick } from '../time/format.ts'
import { Brush } from './brush.tsx'
import { bucketInWords, periodOf } from './bucket-in-words.ts'
import type { Bucket } from './event-histogram.ts'
import { HistogramTable } from './histogram-table.tsx'
import { useHistogram } from './use-histogram.ts'

const HistogramChart = lazy(async () => ({ default: (await import('./histogram-chart.tsx')).HistogramChart }))

const height = 96

const Frame = styled('section')(({ theme }) => ({
  marginTop: 12,
  padding: '8px 12px 4px',
  background: theme.palette.background.paper,
  border: `1px solid ${theme.palette.divider}`,
  borderRadius: 8,
  '& .key': { display: 'inline-flex', alignItems: 'center', gap: 6, marginInlineEnd: 14 },
  '& .key::before': {
    content: '""',
    width: 8,
    height: 8,
    borderRadius: 2,
    color: theme.palette.text.secondary,
    background: 'currentColor',
    // As the bars, which keep their colours.
    forcedColorAdjust: 'none',
  },
  '& .key.deletions::before': { color: theme.palette.deletion.mark },
  '& .key.exports::before': { color: theme.palette.export.mark },
}))

const sum = (buckets: readonly Bucket[], of: 'deletions' | 'exports' | 'others') =>
  buckets.reduce((total, bucket) => total + bucket[of], 0)

type HistogramProps = { readonly question: Question; readonly zone: string }

const Drawn = ({ question, zone }: HistogramProps): ReactNode => {
  const text = useText()
  const locale = useReadersLocale()
  const [, setFilter] = useFilter()
  const { data, isError, isPlaceholderData, refetch } = useHistogram(question.input, zone)
  const [pointed, setPointed] = useState<readonly [first: number, last: number]>()
  const [asTable, setAsTable] = useState(false)
  const unit = data?.unit ?? ''
  const isOne = data?.buckets.length === 1
  const tick = useCallback(
    (bucket: Bucket, before: Bucket | null) =>
      isOne
        ? bucketInWords(bucket, unit, locale, zone)
        : formatTick(instantOf(bucket.from), before && instantOf(before.from), unit, locale, zone),
    [isOne, unit, locale, zone],
  )
  if (isError && !data) {
    return (
      <Frame>
        <Typography variant="body2" color="textSecondary" role="status">
          {text('histogram.failed')}{' '}
          <Button onClick={() => void refetch()}>{text('state.retry')}</Button>
        </Typography>
      </Frame>
    )
  }
  const skeleton = <Skeleton variant="rounded" height={height - 26} sx={{ mb: '26px' }} />
  if (!data) {
    return (
      <Frame aria-busy aria-label={text('histogram.label')}>
        <Skeleton width={220} sx={{ my: 0.75 }} />
        {skeleton}
      </Frame>
    )
  }
  const { buckets } = data
  if (buckets.every(({ deletions, exports, others }) => deletions + exports + others === 0)) return null
  const narrow = (first: number, last = first) => {
    const [from, to] = [buckets[first], buckets[last]]
    if (from && to) setFilter((current) => ({ ...current, period: periodOf(from, to, zone) }))
  }
  const shown = pointed ? buckets.slice(pointed[0], pointed[1] + 1) : buckets
  const [first, last] = [shown[0], shown.at(-1)]
  const counts = { deletions: sum(shown, 'deletions'), exports: sum(shown, 'exports'), others: sum(shown, 'others') }
  const isExact = shown.every((bucket) => bucket.isExact)
  // What there is none of in all of the time is not spoken of.
  const subjects = (['deletions', 'exports', 'others'] as const).filter((of) => sum(buckets, of) > 0)
  const inexact = buckets.findLast((bucket) => !bucket.isExact)
  return (
    <Frame aria-label={text('histogram.label')} aria-busy={isPlaceholderData}>
      <Box sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', minHeight: 30 }}>
        <Typography variant="caption" component="p" sx={{ flex: 1, minWidth: 160, m: 0, fontVariantNumeric: 'tabular-nums' }}>
          {subjects.map((of) => (
            <span key={of} className={`key ${of}`}>
              {text(isExact ? `histogram.count_${of}` : `histogram.more_${of}`, { count: counts[of] })}
            </span>
          ))}
          {pointed && first && last && (
            <Typography component="span" variant="caption" color="textSecondary">
              {bucketInWords({ from: first.from, to: last.to }, unit, locale, zone)}
            </Typography>
          )}
        </Typography>
        <Button
          aria-expanded={asTable}
          color="inherit"
          onClick={() => setAsTable(!asTable)}
          sx={{ minHeight: 28, mr: -1, paddingInline: 1, fontSize: '0.8125rem', color: 'text.secondary', fontWeight: 400 }}
        >
          {text('histogram.table')}
        </Button>
      </Box>
      <Box aria-hidden sx={{ position: 'relative', height, opacity: isPlaceholderData ? 0.5 : 1 }}>
        <LoadBoundary fallback={<Typography variant="caption">{text('histogram.not_drawn')}</Typography>}>
          <Suspense fallback={skeleton}>
            <div inert>
              <HistogramChart buckets={buckets} height={height} tick={tick} />
            </div>
          </Suspense>
        </LoadBoundary>
        <Brush count={buckets.length} point={setPointed} choose={narrow} />
      </Box>
      {inexact && (
        <Typography variant="caption" component="p" color="textSecondary" sx={{ mb: 0.75 }}>
          {text('histogram.not_all', { when: formatShortDay(dayOf(new Date(instantOf(inexact.to).getTime() - 1), zone), locale) })}
        </Typography>
      )}
      {asTable && <HistogramTable histogram={data} zone={zone} narrow={(one) => narrow(buckets.indexOf(one))} />}
    </Frame>
  )
}

/** When things happened: a stretch that is clicked or dragged over becomes the period. It fails without the list. */
export const Histogram = ({ question, zone }: HistogramProps): ReactNode => {
  const text = useText()
  const fallback = (
    <Frame>
      <Typography variant="body2" color="textSecondary" role="status">
        {text('histogram.failed')}
      </Typography>
    </Frame>
  )
  return (
    <LoadBoundary fallback={fallback} until={question}>
      <Drawn question={question} zone={zone} />
    </LoadBoundary>
  )
}
