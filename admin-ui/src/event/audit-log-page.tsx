import FileDownloadOutlined from '@mui/icons-material/FileDownloadOutlined'
import InfoOutlined from '@mui/icons-material/InfoOutlined'
import { Box, Button, IconButton, LinearProgress, Typography } from '@mui/material'
import { lazy, type ReactNode, Suspense, useCallback, useState } from 'react'
import { Link, useLocation, useParams } from 'react-router-dom'
import { FilterBar } from '../filter/filter-bar.tsx'
import { FilterChips } from '../filter/filter-chips.tsx'
import { noFilter } from '../filter/event-filter.ts'
import { useFilter, useFilterFaults, useQuestion, useZone } from '../filter/use-filter.ts'
import { ZoneMenu } from '../filter/zone-menu.tsx'
import { Histogram } from '../histogram/histogram.tsx'
import { Problem } from '../problem/problem.tsx'
import { RequestError } from '../request/request-error.ts'
import { appearance } from '../shell/appearance.ts'
import { LoadBoundary } from '../shell/load-boundary.tsx'
import { recordingPath, recordingPlace } from '../shell/place.ts'
import { useReadersLocale, useText } from '../text/use-text.ts'
import { formatList } from '../time/format.ts'
import { ViewsMenu } from '../view/views-menu.tsx'
import { EventDrawer } from './event-drawer.tsx'
import { EventList, EventListSkeleton } from './event-list.tsx'
import { ListSummary } from './list-summary.tsx'
import { Nothing } from './nothing.tsx'
import { QuestionMenu } from './question-menu.tsx'
import { useEventPages } from './use-events.ts'
import { useKeptPosition } from './use-kept-position.ts'

const ExportDialog = lazy(async () => ({ default: (await import('../export/export-dialog.tsx')).ExportDialog }))
const RecordingPage = lazy(async () => ({ default: (await import('../recording/recording-page.tsx')).RecordingPage }))

/** A part of the page that is loaded later is not there any more. */
const NotLoaded = (): ReactNode => <Problem error={new RequestError('outdated', '', null)} retry={() => undefined} />

/** The audit log, or what there is to know about it. */
export const AuditLogPage = (): ReactNode =>
  useParams()['*'] === recordingPlace ? (
    <LoadBoundary fallback={<NotLoaded />}>
      <Suspense fallback={<EventListSkeleton />}>
        <RecordingPage />
      </Suspense>
    </LoadBoundary>
  ) : (
    <Log />
  )

/** Filters, what happened when, the list, one entry beside it, and the export. */
const Log = (): ReactNode => {
  const text = useText()
  const locale = useReadersLocale()
  const current = useParams()['*'] || null
  const [filter, setFilter] = useFilter()
  const { zone } = useZone()
  const question = useQuestion(filter)
  const faults = useFilterFaults()
  const pages = useEventPages(question.listInput, faults.length === 0)
  const [exporting, setExporting] = useState(false)
  const fault = faults.length === 0 ? null : text('state.unreadable', { filters: formatList(faults, locale) })
  const error = fault === null ? pages.failure : new RequestError('bad_filter', fault, null)
  const { refetch, fetchNextPage } = pages
  const refresh = useCallback(() => void refetch(), [refetch])
  const loadMore = useCallback(() => void fetchNextPage(), [fetchNextPage])
  const { search } = useLocation()
  useKeptPosition(search, pages)
  const hasList = error === null && (pages.isPending || pages.events.length > 0)
  const list = () => {
    if (error !== null) {
      return <Problem error={error} retry={() => void pages.refetch()} resetFilter={() => setFilter(noFilter)} />
    }
    if (pages.isPending) return <EventListSkeleton />
    if (pages.events.length === 0) return pages.isPlaceholderData ? <EventListSkeleton /> : <Nothing />
    return (
      <EventList
        events={pages.events}
        zone={zone}
        query={filter.query}
        current={current}
        updating={pages.isPlaceholderData}
        more={{ state: pages.more, load: loadMore }}
      />
    )
  }
  return (
    <>
      <Box sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: 1, mt: 1, mb: 2 }}>
        <Box sx={{ flex: { xs: '1 1 200px', sm: '1 1 300px' }, minWidth: 0 }}>
          <Typography variant="h1">{appearance.name ?? text('product.name')}</Typography>
          <Typography variant="body2" color="textSecondary">
            {text('product.lead')}
          </Typography>
        </Box>
        {/* On a phone a line of its own, below title and export. */}
        <Box
          sx={{
            display: 'flex',
            alignItems: 'center',
            gap: { xs: 0.5, sm: 1 },
            order: { xs: 1, sm: 0 },
            flex: { xs: '1 1 100%', sm: 'none' },
            minWidth: 0,
          }}
        >
          <ZoneMenu />
          <ViewsMenu />
          <QuestionMenu input={question.listInput} />
          <IconButton
            component={Link}
            to={`${recordingPath}${search}`}
            aria-label={text('recording.open')}
            title={text('recording.open')}
          >
            <InfoOutlined fontSize="small" />
          </IconButton>
        </Box>
        <Button
          variant="contained"
          startIcon={<FileDownloadOutlined />}
          disabled={fault !== null}
          onClick={() => setExporting(true)}
        >
          {text('export.open')}
        </Button>
      </Box>
      <FilterBar />
      <FilterChips />
      {hasList && <Histogram question={question} zone={zone} />}
      {error === null && (
        <ListSummary
          question={question}
          readAt={pages.dataUpdatedAt}
          newest={pages.events[0]?.occurredAt}
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
      <EventDrawer id={current} events={pages.events} zone={zone} />
      {exporting && (
        <LoadBoundary fallback={null}>
          <Suspense>
            <ExportDialog filter={filter} input={question.input} zone={zone} close={() => setExporting(false)} />
          </Suspense>
        </LoadBoundary>
      )}
    </>
  )
}
