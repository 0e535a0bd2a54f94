import { Button, styled } from '@mui/material'
import type { ReactNode } from 'react'
import { useReadersLocale, useText } from '../text/use-text.ts'
import { formatNumber } from '../time/format.ts'
import { bucketInWords } from './bucket-in-words.ts'
import type { Bucket, EventHistogram } from './event-histogram.ts'

const Frame = styled('div')(({ theme }) => ({
  maxHeight: 280,
  overflow: 'auto',
  marginTop: 8,
  borderTop: `1px solid ${theme.palette.divider}`,
  '& table': { width: '100%', borderCollapse: 'collapse', fontSize: '0.8125rem', fontVariantNumeric: 'tabular-nums' },
  '& th, & td': {
    padding: '3px 8px',
    textAlign: 'end',
    fontWeight: 400,
    borderBottom: `1px solid ${theme.palette.divider}`,
  },
  '& th:first-of-type': { textAlign: 'start', paddingInlineStart: 0 },
  '& thead th': {
    position: 'sticky',
    top: 0,
    color: theme.palette.text.secondary,
    background: theme.palette.background.paper,
  },
}))

type HistogramTableProps = {
  readonly histogram: EventHistogram
  readonly zone: string
  readonly narrow: (bucket: Bucket) => void
}

/** The same numbers as the chart, for whoever cannot see or point at it. Stretches without an entry are left out. */
export const HistogramTable = ({ histogram: { unit, buckets }, zone, narrow }: HistogramTableProps): ReactNode => {
  const text = useText()
  const locale = useReadersLocale()
  const filled = buckets.filter(({ deletions, exports, others }) => deletions + exports + others > 0)
  return (
    <Frame tabIndex={0} role="region" aria-label={text('histogram.table')}>
      <table>
        <thead>
          <tr>
            <th scope="col">{text('histogram.when')}</th>
            <th scope="col">{text('histogram.deletions')}</th>
            <th scope="col">{text('histogram.exports')}</th>
            <th scope="col">{text('histogram.others')}</th>
            <td />
          </tr>
        </thead>
        <tbody>
          {filled.toReversed().map((bucket) => {
            const when = bucketInWords(bucket, unit, locale, zone)
            return (
              <tr key={bucket.from}>
                <th scope="row">{when}</th>
                {(['deletions', 'exports', 'others'] as const).map((of) => (
                  <td key={of}>{`${formatNumber(bucket[of], locale)}${bucket.isExact ? '' : '+'}`}</td>
                ))}
                <td>
                  <Button
                    aria-label={text('histogram.only_when', { when })}
                    onClick={() => narrow(bucket)}
                    sx={{ minHeight: 26, paddingBlock: 0, paddingInline: 1, mr: -1, fontSize: '0.8125rem' }}
                  >
                    {text('histogram.only')}
                  </Button>
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </Frame>
  )
}
