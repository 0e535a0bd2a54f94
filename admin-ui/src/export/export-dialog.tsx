import { Button, Dialog, DialogActions, DialogContent, DialogTitle } from '@mui/material'
import { type ReactNode, useId } from 'react'
import { useStore } from 'react-admin'
import { Link, useLocation } from 'react-router-dom'
import { useEventCount } from '../event/use-events.ts'
import type { EventFilter, EventFilterInput } from '../filter/event-filter.ts'
import { entryPath } from '../shell/place.ts'
import { useReadersLocale, useText } from '../text/use-text.ts'
import { exportAddress, formats } from './export-address.ts'
import { ExportChoice } from './export-choice.tsx'
import { mayWorkAgain } from './export-failure.tsx'
import { ExportOutcome } from './export-outcome.tsx'
import { useExport } from './use-export.ts'

export type ExportDialogProps = {
  readonly filter: EventFilter
  readonly input: EventFilterInput
  readonly zone: string
  readonly close: () => void
}

/** Says in words what will be in the file, fetches all of it, and shows its receipt. Part of a file is never saved. */
export const ExportDialog = ({ filter, input, zone, close }: ExportDialogProps): ReactNode => {
  const text = useText()
  const locale = useReadersLocale()
  const title = useId()
  const { search } = useLocation()
  const count = useEventCount(input)
  const { state, start, cancel } = useExport(locale)
  const [kept, setFormat] = useStore<string>('export.format', formats[0])
  const format = formats.find((each) => each === kept) ?? formats[0]
  const go = () => void start(exportAddress(input, format, locale, zone))
  const isRunning = state.step === 'running'
  const isOver = state.step === 'failed' && !mayWorkAgain(state.error)
  return (
    <Dialog open onClose={isRunning ? undefined : close} aria-labelledby={title} fullWidth maxWidth="xs">
      <DialogTitle id={title}>{text('export.title')}</DialogTitle>
      <DialogContent>
        {state.step === 'choosing' ? (
          <ExportChoice
            filter={filter}
            input={input}
            zone={zone}
            count={count.data}
            isUncounted={count.isError}
            format={format}
            choose={setFormat}
          />
        ) : (
          <ExportOutcome state={state} expected={count.data?.isExact ? count.data.count : null} />
        )}
      </DialogContent>
      <DialogActions sx={{ px: 3, pb: 2 }}>
        {state.step === 'done' ? (
          <>
            <Button component={Link} to={entryPath(state.entry, search)} onClick={close}>
              {text('export.entry')}
            </Button>
            <Button variant="contained" autoFocus onClick={close}>
              {text('export.close')}
            </Button>
          </>
        ) : (
          <>
            <Button color="inherit" onClick={isRunning ? cancel : close}>
              {text(isOver ? 'export.close' : 'export.cancel')}
            </Button>
            {!isRunning && !isOver && (
              <Button variant="contained" onClick={go}>
                {text(state.step === 'failed' ? 'state.retry' : 'export.start')}
              </Button>
            )}
          </>
        )}
      </DialogActions>
    </Dialog>
  )
}
