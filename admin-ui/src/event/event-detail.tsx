import SearchOff from '@mui/icons-material/SearchOff'
import { Box, Chip, Skeleton, styled, Typography } from '@mui/material'
import type { ReactNode } from 'react'
import { useTranslate } from 'react-admin'
import { sourceName, thingName } from '../filter/in-words.ts'
import { Notice } from '../problem/notice.tsx'
import { Problem } from '../problem/problem.tsx'
import { reasonOf } from '../request/request-error.ts'
import { LoadBoundary } from '../shell/load-boundary.tsx'
import { useReadersLocale, useText } from '../text/use-text.ts'
import { visible } from '../text/visible.ts'
import { instantOf } from '../time/day.ts'
import { formatExact, formatRelative } from '../time/format.ts'
import { useNow } from '../time/use-now.ts'
import { ActBranches } from './act-branches.tsx'
import { ActionIcon } from './action-icon.tsx'
import { actOf, type WholeEvent, wentAlongCount } from './event.ts'
import { DeletedRow } from './deleted-row.tsx'
import { DetailPart } from './detail-part.tsx'
import { EventSentence } from './event-sentence.tsx'
import { ExportEnd } from './export-end.tsx'
import { plainFacts } from './plain-facts.ts'
import { JsonTable, RawJson } from './json-table.tsx'
import { CopyMenu } from './copy-menu.tsx'
import { NarrowMenu } from './narrow-menu.tsx'
import { useEvent } from './use-events.ts'

const Facts = styled('dl')(({ theme }) => ({
  display: 'grid',
  gridTemplateColumns: '128px minmax(0, 1fr)',
  gap: '10px 16px',
  margin: 0,
  fontSize: '0.875rem',
  '& dt': { color: theme.palette.text.secondary },
  '& dd': { margin: 0, overflowWrap: 'anywhere' },
  '& .means': { display: 'block', color: theme.palette.text.secondary, fontSize: '0.8125rem' },
  [theme.breakpoints.down('sm')]: { gridTemplateColumns: '118px minmax(0, 1fr)', columnGap: 12 },
}))

const Fact = ({ term, children }: { term: string; children: ReactNode }): ReactNode => (
  <>
    <dt>{term}</dt>
    <dd>{children}</dd>
  </>
)

const statuses = ['verified', 'asserted', 'missing'] as const
/** Recorded by the audit server itself, which knows the person from a token or a session. */
const byServer = ['audit.exported', 'audit.export_ended']

const Who = ({ event }: { event: WholeEvent }): ReactNode => {
  const text = useText()
  const status = statuses.find((each) => each === event.actorStatus) ?? 'missing'
  const known = status === 'asserted' && byServer.includes(event.action) ? 'by_server' : status
  return (
    <>
      <bdi>{visible(event.actorName ?? event.actorId ?? '')}</bdi>{' '}
      <Chip
        label={text(`status.${known}`)}
        color={status === 'verified' ? 'success' : 'default'}
        sx={{ height: 20 }}
      />
      <span className="means">{text(`status.${known}_means`)}</span>
    </>
  )
}

const Detail = ({ event, zone }: { event: WholeEvent; zone: string }): ReactNode => {
  const text = useText()
  const translate = useTranslate()
  const locale = useReadersLocale()
  const now = useNow()
  const instant = instantOf(event.occurredAt)
  const { details } = event
  const isOfExport = /\.export(ed|_ended)$/.test(event.action)
  const factName = (name: string) => {
    const words = translate(`fact.${name}`)
    return words === `fact.${name}` ? visible(name) : words
  }
  const facts = (entries: readonly (readonly [string, string | null])[]) =>
    entries.map(([term, value]) => (
      <Fact key={term} term={term}>
        <bdi>{value === null || value === '' ? text('detail.unknown') : visible(value)}</bdi>
      </Fact>
    ))
  const thing = (kind: string | null, id: string | null, label: string | null) => (
    <>
      <bdi>{visible(label ?? id ?? text('detail.unknown'))}</bdi>
      {kind !== null && id !== null && (
        <span className="means">
          <bdi>{thingName({ kind, id }, translate)}</bdi>
        </span>
      )}
    </>
  )
  return (
    <>
      <Box sx={{ display: 'flex', gap: 1.5, alignItems: 'flex-start' }}>
        <ActionIcon action={event.action} />
        <Typography sx={{ fontSize: '1.0625rem', lineHeight: 1.45, minWidth: 0, overflowWrap: 'anywhere' }}>
          <EventSentence parts={event.sentenceParts} />
        </Typography>
      </Box>
      <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 0.5, mt: 1, ml: -1 }}>
        <NarrowMenu event={event} />
        <CopyMenu event={event} zone={zone} />
      </Box>
      <Box sx={{ mt: 2 }}>
        <Facts>
          <Fact term={text('detail.when')}>
            <time dateTime={event.occurredAt}>{formatExact(instant, locale, zone)}</time>
            <span className="means">{formatRelative(instant, now, locale, zone)}</span>
          </Fact>
          <Fact term={text('detail.in_utc')}>{formatExact(instant, locale, 'UTC')}</Fact>
          <Fact term={text('detail.who')}>
            <Who event={event} />
          </Fact>
          {event.onBehalfOf !== null && (
            <Fact term={text('detail.on_behalf_of')}>
              <bdi>{visible(event.onBehalfOf)}</bdi>
            </Fact>
          )}
          <Fact term={text('detail.where_from')}>
            {sourceName(event.source, translate)}
            <span className="means">{translate(`source_means.${event.source}`)}</span>
          </Fact>
          {event.objectKind !== null && (event.objectId !== null || event.objectLabel !== null) && (
            <Fact term={text('detail.object')}>{thing(event.objectKind, event.objectId, event.objectLabel)}</Fact>
          )}
          {event.ownerLabel !== null && (
            <Fact term={text('detail.owner')}>{thing(event.ownerKind, event.ownerId, event.ownerLabel)}</Fact>
          )}
          {event.reason !== null && (
            <Fact term={text('detail.reason')}>
              <bdi>{visible(event.reason)}</bdi>
            </Fact>
          )}
        </Facts>
      </Box>
      {(event.rootId !== null || wentAlongCount(event) > 0) && (
        <DetailPart title={text(event.action.endsWith('.deleted') ? 'tree.label' : 'tree.label_other')}>
          <ActBranches act={actOf(event)} current={event.id} />
        </DetailPart>
      )}
      {/* Who and when stay, whatever an application wrote into the rest. */}
      <LoadBoundary fallback={<DetailPart title={text('detail.snapshot')}>{text('detail.not_shown')}</DetailPart>}>
        {event.action.endsWith('.deleted') && <DeletedRow event={event} />}
      </LoadBoundary>
      {details != null && (
        <DetailPart title={text(isOfExport ? 'detail.facts' : 'detail.other_facts')}>
          <LoadBoundary fallback={text('detail.not_shown')}>
            <JsonTable value={plainFacts(details, locale)} nameOf={factName} />
            <RawJson value={details} />
          </LoadBoundary>
        </DetailPart>
      )}
      {isOfExport && <ExportEnd event={event} zone={zone} />}
      <DetailPart title={text('detail.technical')}>
        <Facts>
          {facts([
            [text('detail.entry'), event.id],
            [text('detail.act'), actOf(event)],
            [text('detail.transaction'), event.transactionId],
            [text('detail.request'), event.requestId],
            [text('detail.address'), event.clientAddr],
            [text('detail.login'), event.dbUser],
            [text('detail.program'), event.applicationName],
          ])}
        </Facts>
      </DetailPart>
    </>
  )
}

/** Everything that is known of one entry. */
export const EventDetail = ({ id, zone }: { id: string; zone: string }): ReactNode => {
  const text = useText()
  const { data, error, refetch } = useEvent(id)
  const content = () => {
    if (data) return <Detail event={data} zone={zone} />
    if (error && reasonOf(error) === 'not_found') {
      return (
        <Notice icon={<SearchOff />} title={text('detail.not_found')} alarm>
          {text('detail.not_found_text', { id: visible(id) })}
        </Notice>
      )
    }
    if (error) return <Problem error={error} retry={() => void refetch()} />
    return (
      <Box role="status" aria-busy aria-label={text('detail.loading')}>
        {[90, 60, 0, 70, 55, 80, 65, 75].map((width) => (
          <Skeleton key={width} width={`${width}%`} height={28} />
        ))}
      </Box>
    )
  }
  return <Box sx={{ px: { xs: 2, sm: 3 }, py: 2.5 }}>{content()}</Box>
}
