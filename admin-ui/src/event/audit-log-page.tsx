import FileDownloadOutlined from '@mui/icons-material/FileDownloadOutlined'
import { Box, Button, LinearProgress, Typography } from '@mui/material'
import { type ReactNode, useState } from 'react'
import { useParams } from 'react-router-dom'
import { ExportDialog } from '../export/export-dialog.tsx'
import { FilterBar } from '../filter/filter-bar.tsx'
import { FilterChips } from '../filter/filter-chips.tsx'
import { noFilter } from '../filter/event-filter.ts'
import { useFilter, useFilterFaults, useQuestion, useZone } from '../filter/use-filter.ts'
import { ZoneMenu } from '../filter/zone-menu.tsx'
import { Problem } from '../problem/problem.tsx'
import { RequestError } from '../request/request-error.ts'
import { useReadersLocale, useText } from '../text/use-text.ts'
import { formatList } from '../time/format.ts'
import { EventDrawer } from './event-drawer.tsx'
import { EventList, EventListSkeleton } from './event-list.tsx'
import { ListSummary } from './list-summary.tsx'
import { Nothing } from './nothing.tsx'
import { useEventPages } from './use-events.ts'

/** The audit log: filters, the list, one entry beside it, and the export. */
export const AuditLogPage = (): ReactNode => {
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
        more={{ state: pages.more, load: () => void pages.fetchNextPage() }}
      />
    )
  }
  return (
    <>
      <Box sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: 1, mt: 1, mb: 2 }}>
        <Box sx={{ flex: '1 1 300px', minWidth: 0 }}>
          <Typography variant="h1">{text('product.name')}</Typography>
          <Typography variant="body2" color="textSecondary">
            {text('product.lead')}
          </Typography>
        </Box>
        <ZoneMenu />
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
      {error === null && <ListSummary question={question} refresh={() => void pages.refetch()} />}
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
      {exporting && <ExportDialog filter={filter} input={question.input} close={() => setExporting(false)} />}
    </>
  )
}
