import {
  Box,
  Button,
  Dialog,
  DialogActions,
  DialogContent,
  DialogTitle,
  FormControlLabel,
  Radio,
  RadioGroup,
  Typography,
} from '@mui/material'
import { type ReactNode, useId, useState } from 'react'
import { useNotify } from 'react-admin'
import { useViewer } from '../access/use-viewer.ts'
import { useEventCount } from '../event/use-events.ts'
import { type EventFilter, type EventFilterInput, isEmpty } from '../filter/event-filter.ts'
import { useFilterParts } from '../filter/use-filter-parts.ts'
import { useReadersLocale, useText } from '../text/use-text.ts'
import { exportAddress, type Format, formats } from './export-address.ts'

type ExportDialogProps = {
  readonly filter: EventFilter
  readonly input: EventFilterInput
  readonly close: () => void
}

/** Says in words what will be in the file, and starts the download. The server streams the file: all of it, or an error. */
export const ExportDialog = ({ filter, input, close }: ExportDialogProps): ReactNode => {
  const text = useText()
  const locale = useReadersLocale()
  const { timeZone } = useViewer()
  const notify = useNotify()
  const title = useId()
  const legend = useId()
  const parts = useFilterParts()
  const count = useEventCount(input)
  const [format, setFormat] = useState<Format>(locale === 'sv' ? 'csv_semicolon' : 'csv_comma')
  const counted = () => {
    if (count.data !== undefined) return text('export.counted', { count: count.data })
    return text(count.isError ? 'export.uncounted' : 'export.counting')
  }
  return (
    <Dialog open onClose={close} aria-labelledby={title} fullWidth maxWidth="xs">
      <DialogTitle id={title}>{text('export.title')}</DialogTitle>
      <DialogContent>
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
        <Typography variant="caption" component="p" color="textSecondary" sx={{ mt: 1 }}>
          {text('export.each_entry', { zone: timeZone ?? 'UTC' })}
        </Typography>
        <Typography id={legend} variant="h3" component="h3" color="textSecondary" sx={{ mt: 2.5 }}>
          {text('export.format')}
        </Typography>
        <RadioGroup
          aria-labelledby={legend}
          value={format}
          onChange={(_, value) => setFormat(formats.find((each) => each === value) ?? format)}
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
      </DialogContent>
      <DialogActions sx={{ px: 3, pb: 2 }}>
        <Button color="inherit" onClick={close}>
          {text('export.cancel')}
        </Button>
        <Button
          variant="contained"
          component="a"
          href={exportAddress(input, format, locale)}
          download
          onClick={() => {
            notify(text('export.started'))
            close()
          }}
        >
          {text('export.start')}
        </Button>
      </DialogActions>
    </Dialog>
  )
}
