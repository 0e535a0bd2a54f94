import { Box, FormControlLabel, Radio, RadioGroup, Typography } from '@mui/material'
import { type ReactNode, useId } from 'react'
import type { EventCount } from '../event/event-numbers.ts'
import { EventSentence } from '../event/event-sentence.tsx'
import { useEventPages } from '../event/use-events.ts'
import { type EventFilter, type EventFilterInput, isEmpty } from '../filter/event-filter.ts'
import { useFilterParts } from '../filter/use-filter-parts.ts'
import { useText } from '../text/use-text.ts'
import { type Format, formats } from './export-address.ts'

type ExportChoiceProps = {
  readonly filter: EventFilter
  readonly input: EventFilterInput
  /** The zone in which times are written, beside UTC. */
  readonly zone: string
  readonly count: EventCount | undefined
  readonly isUncounted: boolean
  readonly format: Format
  readonly choose: (format: Format) => void
}

/** What will be in the file, in words, with its first rows, and the choice of its form. */
export const ExportChoice = ({ filter, input, zone, count, isUncounted, format, choose }: ExportChoiceProps): ReactNode => {
  const text = useText()
  const legend = useId()
  const parts = useFilterParts()
  const { events } = useEventPages(input, true)
  const counted = () => {
    if (count) return text(count.isExact ? 'export.counted' : 'export.counted_more', { count: count.count })
    return text(isUncounted ? 'export.uncounted' : 'export.counting')
  }
  return (
    <>
      <Typography variant="h3" component="h3" color="textSecondary">
        {text('export.what')}
      </Typography>
      <Typography variant="body1" role="status" sx={{ fontWeight: 600, my: 0.5 }}>
        {counted()}
      </Typography>
      {isEmpty(filter) ? (
        <Typography variant="body2">{text('export.everything')}</Typography>
      ) : (
        <Box component="ul" aria-label={text('export.with_filters')} sx={{ m: 0, pl: 2.5, typography: 'body2' }}>
          {parts.map(({ key, words }) => (
            <li key={key}>
              <bdi>{words}</bdi>
            </li>
          ))}
        </Box>
      )}
      {events.length > 0 && (
        <Box
          component="ol"
          aria-label={text('export.first_rows')}
          sx={{
            listStyle: 'none',
            m: 0,
            mt: 1,
            p: 1,
            borderRadius: 1,
            bgcolor: 'background.default',
            typography: 'caption',
            color: 'text.secondary',
            '& li': { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
          }}
        >
          {events.slice(0, 3).map((event) => (
            <li key={event.id}>
              <EventSentence parts={event.sentenceParts} />
            </li>
          ))}
        </Box>
      )}
      <Typography variant="caption" component="p" color="textSecondary" sx={{ mt: 1 }}>
        {text('export.each_entry', { zone })} {text(`export.whole_${format === 'xlsx' ? 'sheet' : 'line'}`)}
      </Typography>
      <Typography id={legend} variant="h3" component="h3" color="textSecondary" sx={{ mt: 2.5 }}>
        {text('export.format')}
      </Typography>
      <RadioGroup
        aria-labelledby={legend}
        value={format}
        onChange={(_, value) => choose(formats.find((each) => each === value) ?? format)}
      >
        {formats.map((each) => (
          <FormControlLabel
            key={each}
            value={each}
            sx={{ alignItems: 'flex-start', mt: 0.5 }}
            control={<Radio size="small" sx={{ paddingBlock: 0.25 }} />}
            label={
              <>
                <Typography variant="body2">{text(`export.${each}`)}</Typography>
                <Typography variant="caption" component="span" color="textSecondary" sx={{ display: 'block' }}>
                  {text(`export.${each}_hint`)}
                </Typography>
              </>
            }
          />
        ))}
      </RadioGroup>
      <Typography variant="caption" component="p" color="textSecondary" sx={{ mt: 1.5 }}>
        {text('export.recorded')}
      </Typography>
    </>
  )
}
