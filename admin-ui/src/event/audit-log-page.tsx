import FileDownloadOutlined from '@mui/icons-material/FileDownloadOutlined'
import { Box, Button, Dialog, DialogActions, DialogContent, LinearProgress, Link as TextLink, Typography } from '@mui/material'
import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useCallback, useMemo, useState } from 'react'
import { Link, useLocation, useParams } from 'react-router-dom'
import type { ExportDialogProps } from '../export/export-dialog.tsx'
import { FilterBar } from '../filter/filter-bar.tsx'
import { FilterChips } from '../filter/filter-chips.tsx'
import { noFilter } from '../filter/event-filter.ts'
import { faultsInWords } from '../filter/filter-faults.ts'
import { facetsKey } from '../filter/use-facets.ts'
import { useFilter, useFilterFaults, useNamedZone, useQuestion, useZone } from '../filter/use-filter.ts'
import { ZoneMenu } from '../filter/zone-menu.tsx'
import { Histogram } from '../histogram/histogram.tsx'
import { histogramKey } from '../histogram/use-histogram.ts'
import { Problem } from '../problem/problem.tsx'
import { RequestError } from '../request/request-error.ts'
import { appearance } from '../shell/appearance.ts'
import { KeyHelp } from '../shell/key-help.tsx'
import { recordingPath, recordingPlace } from '../shell/place.ts'
import { usePart } from '../shell/use-part.ts'
import { useReadersLocale, useText } from '../text/use-text.ts'
import { ViewsMenu } from '../view/views-menu.tsx'
import { EventDrawer } from './event-drawer.tsx'
import { EventList, EventListSkeleton } from './event-list.tsx'
import { EntryOffer } from './entry-offer.tsx'
import { foldExportEnds, notFolded } from './fold-export-ends.ts'
import { ListSummary } from './list-summary.tsx'
import { Nothing } from './nothing.tsx'
import { QuestionMenu } from './question-menu.tsx'
import { countKey, useDrawnAnswer, useEventPages } from './use-events.ts'
import { useKeptPosition } from './use-kept-position.ts'

/** The audit log, or what there is to know about it. */
export const AuditLogPage = (): ReactNode => (useParams()['*'] === recordingPlace ? <Recording /> : <Log />)

const Recording = (): ReactNode => {
  const { data, error, refetch } = usePart('recording', () => import('../recording/recording-page.tsx'))
  if (data) return <data.RecordingPage />
  return error ? <Problem error={error} retry={() => void refetch()} /> : <EventListSkeleton />
}

const Export = (props: ExportDialogProps): ReactNode => {
  const text = useText()
  const { data, error, refetch } = usePart('export', () => import('../export/export-dialog.tsx'))
  if (data) return <data.ExportDialog {...props} />
  return (
    error && (
      <Dialog open onClose={props.close} fullWidth maxWidth="xs" aria-label={text('export.title')}>
        <DialogContent>
          <Problem error={error} retry={() => void refetch()} />
        </DialogContent>
        <DialogActions sx={{ px: 3, pb: 2 }}>
          <Button color="inherit" onClick={props.close}>
            {text('export.cancel')}
          </Button>
        </DialogActions>
      </Dialog>
    )
  )
}

/** Filters, what happened when, the list, one entry beside it, and the export. */
const Log = (): ReactNode => {
  const text = useText()
  const locale = useReadersLocale()
  const current = useParams()['*'] || null
  const [filter, setFilter] = useFilter()
  const { zone } = useZone()
  useNamedZone()
  const question = useQuestion(filter)
  const faults = useFilterFaults()
  const isFaulty = faults.length > 0
  const pages = useEventPages(question.listInput, !isFaulty)
  const [exporting, setExporting] = useState(false)
  const faultWords = faultsInWords(faults, text, locale)
  const error = isFaulty ? new RequestError('bad_filter', faultWords.join(' '), null) : pages.failure
  const { refetch, fetchNextPage } = pages
  const client = useQueryClient()
  const refresh = useCallback(() => {
    void refetch()
    // What is said above the list is of the same moment.
    for (const key of [countKey, histogramKey, facetsKey]) void client.invalidateQueries({ queryKey: [key] })
  }, [refetch, client])
  const loadMore = useCallback(() => void fetchNextPage(), [fetchNextPage])
  const more = useMemo(() => ({ state: pages.more, load: loadMore }), [pages.more, loadMore])
  const { search } = useLocation()
  const folded = useMemo(() => (question.asActs ? foldExportEnds : notFolded)(pages.events), [question.asActs, pages.events])
  const { drawn, isDrawn } = useDrawnAnswer(folded, filter.query, pages.isPlaceholderData)
  useKeptPosition(search, pages, isDrawn)
  const hasList = error === null && (pages.isPending || pages.events.length > 0)
  const list = () => {
    if (error !== null) {
      return (
        <Problem
          error={error}
          because={isFaulty ? faultWords : undefined}
          retry={() => void pages.refetch()}
          resetFilter={() => setFilter(noFilter)}
        />
      )
    }
    if (pages.isPending) return <EventListSkeleton />
    if (drawn.events.length === 0) return pages.isPlaceholderData || !isDrawn ? <EventListSkeleton /> : <Nothing />
    return (
      <EventList
        answer={drawn}
        zone={zone}
        current={current}
        updating={pages.isPlaceholderData}
        more={more}
      />
    )
  }
  return (
    <>
      <Box sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: 1, mt: 1, mb: 2 }}>
        <Box sx={{ flex: { xs: '1 1 180px', sm: '1 1 300px' }, minWidth: 0 }}>
          {/* Takes the focus where an entry is closed that the list has not. */}
          <Typography variant="h1" tabIndex={-1}>{appearance.name ?? text('product.name')}</Typography>
          <Typography variant="body2" color="textSecondary">
            {text('product.lead')}{' '}
            <TextLink component={Link} to={`${recordingPath}${search}`} sx={{ whiteSpace: 'nowrap' }}>
              {text('recording.open')}
            </TextLink>
          </Typography>
        </Box>
        {/* Where there is little room, as on a phone, a line of its own below title and export. */}
        <Box
          sx={{
            display: 'flex',
            alignItems: 'center',
            gap: { xs: 0.5, sm: 1 },
            order: { xs: 1, md: 0 },
            flex: { xs: '1 1 100%', md: 'none' },
            minWidth: 0,
          }}
        >
          <ZoneMenu />
          <ViewsMenu />
          <QuestionMenu input={isFaulty ? null : question.listInput} />
          <KeyHelp />
        </Box>
        <Button
          variant="contained"
          startIcon={<FileDownloadOutlined />}
          disabled={isFaulty}
          onClick={() => setExporting(true)}
        >
          {text('export.open')}
        </Button>
      </Box>
      <FilterBar />
      <FilterChips />
      <EntryOffer query={filter.query} />
      {hasList && <Histogram question={question} zone={zone} />}
      {error === null && (
        <ListSummary
          question={question}
          readAt={pages.dataUpdatedAt}
          newest={pages.events[0]?.occurredAt}
          lines={pages.more === 'none' && !pages.isPlaceholderData && !pages.isPending ? folded.events.length : null}
          refresh={refresh}
        />
      )}
      <Box sx={{ position: 'relative' }}>
        {pages.isFetching && !pages.isFetchingNextPage && !pages.isPending && (
          <LinearProgress
            aria-label={text('list.updating')}
            sx={{ position: 'absolute', insetInline: 0, top: -3, height: 2 }}
          />
        )}
        {list()}
      </Box>
      <EventDrawer id={current} events={folded.events} more={more} zone={zone} />
      {exporting && <Export filter={filter} input={question.input} zone={zone} close={() => setExporting(false)} />}
    </>
  )
}
