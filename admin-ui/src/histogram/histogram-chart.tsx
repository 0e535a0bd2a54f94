import { useMediaQuery, useTheme } from '@mui/material'
import { BarPlot, type BarProps } from '@mui/x-charts/BarChart'
import { ChartsContainer } from '@mui/x-charts/ChartsContainer'
import { ChartsXAxis } from '@mui/x-charts/ChartsXAxis'
import type { ReactNode } from 'react'
import type { Bucket } from './event-histogram.ts'

/** So that one export beside a thousand deletions is still seen. */
const leastHeight = 3
/** So that a single stretch is a bar and no wall. */
const mostWidth = 40

const Bar = ({ ownerState, x, y, width, height }: BarProps): ReactNode => {
  if (height <= 0) return null
  const tall = Math.max(height, leastHeight)
  const isDown = ownerState.seriesId === 'below'
  const wide = Math.min(width, mostWidth)
  return (
    <rect
      x={x + (width - wide) / 2}
      y={isDown ? y : y + height - tall}
      width={wide}
      height={tall}
      fill={ownerState.color}
      rx={1}
    />
  )
}

type HistogramChartProps = {
  readonly buckets: readonly Bucket[]
  readonly height: number
  /** What stands below a stretch, after the one before it of which something is said. */
  readonly tick: (bucket: Bucket, before: Bucket | null) => string
}

/** Share of the height that exports have, below the line. */
const shareBelow = 0.25

/**
 * Deletions upwards, exports downwards, each on a scale of its own: apart by their place, not by colour alone, and ten
 * exports are seen beside ten thousand deletions. Where there is nothing but exports, they have the height. Loaded after the list. It only draws; what can be done with it is in
 * {@link Histogram}.
 */
export const HistogramChart = ({ buckets, height, tick }: HistogramChartProps): ReactNode => {
  const { palette, breakpoints } = useTheme()
  const isNarrow = useMediaQuery(breakpoints.down('sm'))
  const step = Math.max(1, Math.ceil(buckets.length / (isNarrow ? 3 : 6)))
  const up = Math.max(1, ...buckets.map(({ deletions, others }) => deletions + others))
  const down = Math.max(1, ...buckets.map(({ exports }) => exports))
  const onlyExports = buckets.every(({ deletions, others }) => deletions + others === 0)
  const below = onlyExports || buckets.every(({ exports }) => exports === 0) ? 0 : shareBelow
  return (
    <ChartsContainer
      height={height}
      margin={{ left: 0, right: 0, top: 4, bottom: 0 }}
      skipAnimation
      disableAxisListener
      series={[
        {
          id: 'deletions',
          type: 'bar',
          yAxisId: 'up',
          stack: 'up',
          color: palette.deletion.mark,
          data: buckets.map(({ deletions }) => deletions),
        },
        {
          id: 'others',
          type: 'bar',
          yAxisId: 'up',
          stack: 'up',
          color: palette.text.secondary,
          data: buckets.map(({ others }) => others),
        },
        {
          id: onlyExports ? 'exports' : 'below',
          type: 'bar',
          yAxisId: 'down',
          stack: 'down',
          color: palette.export.mark,
          data: buckets.map(({ exports }) => (onlyExports ? exports : -exports)),
        },
      ]}
      xAxis={[
        {
          id: 'time',
          scaleType: 'band',
          data: buckets.map((_, index) => index),
          categoryGapRatio: 0.25,
          barGapRatio: -1,
          height: 22,
          disableLine: true,
          disableTicks: true,
          tickInterval: (_value, index) => index % step === Math.floor(step / 2),
          tickLabelInterval: () => true,
          valueFormatter: (index: number) => {
            const bucket = buckets[index]
            return bucket === undefined ? '' : tick(bucket, buckets[index - step] ?? null)
          },
          tickLabelStyle: { fontSize: 12, fill: palette.text.secondary },
        },
      ]}
      yAxis={[
        { id: 'up', position: 'none', domainLimit: 'strict', min: (-up * below) / (1 - below), max: up },
        { id: 'down', position: 'none', domainLimit: 'strict', min: below === 0 ? 0 : -down, max: below === 0 ? down : (down * (1 - below)) / below },
      ]}
    >
      <BarPlot skipAnimation slots={{ bar: Bar }} />
      <ChartsXAxis axisId="time" />
    </ChartsContainer>
  )
}
