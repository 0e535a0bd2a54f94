import SearchOff from '@mui/icons-material/SearchOff'
import { Box, Chip, Skeleton, styled, Typography } from '@mui/material'
import { type ReactNode, useId } from 'react'
import { useTranslate } from 'react-admin'
import { sourceName } from '../filter/in-words.ts'
import { Notice } from '../problem/notice.tsx'
import { Problem } from '../problem/problem.tsx'
import { reasonOf } from '../request/request-error.ts'
import { useReadersLocale, useText } from '../text/use-text.ts'
import { visible } from '../text/visible.ts'
import { formatExact, formatRelative } from '../time/format.ts'
import { useNow } from '../time/use-now.ts'
import { ActBranches } from './act-branches.tsx'
import { ActionIcon } from './action-icon.tsx'
import { actOf, type WholeEvent, wentAlongCount } from './event.ts'
import { EventSentence } from './event-sentence.tsx'
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

const Part = ({ title, children }: { title: string; children: ReactNode }): ReactNode => {
  const id = useId()
  return (
    <Box component="section" aria-labelledby={id} sx={{ mt: 3 }}>
      <Typography variant="h3" id={id} sx={{ mb: 1, pb: 0.75, borderBottom: 1, borderColor: 'divider' }}>
        {title}
      </Typography>
      {children}
    </Box>
  )
}

const Fact = ({ term, children }: { term: string; children: ReactNode }): ReactNode => (
  <>
    <dt>{term}</dt>
    <dd>{children}</dd>
  </>
)

const statuses = ['verified', 'asserted', 'missing'] as const

const Who = ({ event }: { event: WholeEvent }): ReactNode => {
  const text = useText()
  const status = statuses.find((each) => each === event.actorStatus) ?? 'missing'
  return (
    <>
      <bdi>{visible(event.actorName ?? event.actorId ?? text('detail.unknown'))}</bdi>{' '}
      <Chip
        label={text(`status.${status}`)}
        color={status === 'verified' ? 'success' : 'default'}
        sx={{ height: 20 }}
      />
      <span className="means">{text(`status.${status}_means`)}</span>
    </>
  )
}

const Detail = ({ event, zone }: { event: WholeEvent; zone: string }): ReactNode => {
  const text = useText()
  const translate = useTranslate()
  const locale = useReadersLocale()
  const now = useNow()
  const instant = new Date(event.occurredAt)
  const { snapshot, details } = event
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
          <code>
            {visible(kind)}/{visible(id)}
          </code>
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
            <span className="means">{formatRelative(instant, now, locale)}</span>
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
          {event.objectKind !== null && (
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
        <Part title={text('tree.label')}>
          <ActBranches act={actOf(event)} current={event.id} />
        </Part>
      )}
      {event.action.endsWith('.deleted') && (
        <Part title={text('detail.snapshot')}>
          {snapshot == null ? (
            <Typography variant="body2" color="textSecondary">
              {text('detail.snapshot_none')}
            </Typography>
          ) : (
            <>
              <JsonTable value={snapshot} />
              <Typography variant="caption" component="p" color="textSecondary" sx={{ mt: 1 }}>
                {text('detail.snapshot_parts')}
              </Typography>
              <RawJson value={snapshot} />
            </>
          )}
        </Part>
      )}
      {details != null && (
        <Part title={text('detail.facts')}>
          <JsonTable value={details} />
          <RawJson value={details} />
        </Part>
      )}
      <Part title={text('detail.technical')}>
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
      </Part>
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
