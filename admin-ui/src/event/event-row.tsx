import ChevronRight from '@mui/icons-material/ChevronRight'
import ExpandMore from '@mui/icons-material/ExpandMore'
import { IconButton, styled } from '@mui/material'
import { memo, type ReactNode, useId, useState } from 'react'
import { useTranslate } from 'react-admin'
import { sourceName } from '../filter/in-words.ts'
import { useText } from '../text/use-text.ts'
import { ActBranches } from './act-branches.tsx'
import { ActionIcon } from './action-icon.tsx'
import { actOf, type ListedEvent, wentAlongCount } from './event.ts'
import { EventSentence } from './event-sentence.tsx'
import { EventTime } from './event-time.tsx'
import { useWentAlongInWords } from './use-went-along-in-words.ts'

const Row = styled('li')(({ theme }) => ({
  display: 'grid',
  gridTemplateColumns: '28px minmax(0, 1fr) 64px 168px 32px',
  gridTemplateAreas: '"icon main source time more"',
  alignItems: 'start',
  columnGap: 12,
  padding: '8px 8px 8px 12px',
  fontSize: '0.875rem',
  lineHeight: '20px',
  borderTop: `1px solid ${theme.palette.divider}`,
  contentVisibility: 'auto',
  containIntrinsicSize: 'auto 45px',
  '&:hover': { background: theme.palette.action.hover },
  '&[data-current]': { background: theme.palette.action.selected },
  '& > *': { marginBlock: 4 },
  '& > .icon': { gridArea: 'icon', marginBlock: 0 },
  '& > .main': { gridArea: 'main', minWidth: 0 },
  '& > .source': { gridArea: 'source', color: theme.palette.text.secondary, fontSize: '0.8125rem' },
  '& > .time': {
    gridArea: 'time',
    textAlign: 'end',
    fontSize: '0.8125rem',
    fontVariantNumeric: 'tabular-nums',
    whiteSpace: 'nowrap',
    '& .relative': { color: theme.palette.text.secondary, marginInlineEnd: 10 },
  },
  '& > .more': { gridArea: 'more', marginBlock: -2 },
  '& .sentence': {
    margin: 0,
    display: '-webkit-box',
    WebkitBoxOrient: 'vertical',
    WebkitLineClamp: 3,
    overflow: 'hidden',
    overflowWrap: 'anywhere',
  },
  '& .along': {
    display: 'flex',
    alignItems: 'center',
    minHeight: 24,
    marginBottom: -4,
    gap: 2,
    marginInlineStart: -4,
    padding: '0 4px',
    border: 0,
    borderRadius: 4,
    font: 'inherit',
    fontSize: '0.8125rem',
    color: theme.palette.text.secondary,
    background: 'none',
    cursor: 'pointer',
    textAlign: 'start',
    '&:hover': { color: theme.palette.text.primary, background: theme.palette.action.hover },
    '& svg': { fontSize: 18, transition: 'transform 120ms' },
    '&[aria-expanded=false] svg': { transform: 'rotate(-90deg)' },
  },
  '& .tree': { marginTop: 4, marginBottom: 4 },
  [theme.breakpoints.down('sm')]: {
    gridTemplateColumns: '28px minmax(0, 1fr) auto 32px',
    gridTemplateAreas: '"icon main main more" ". source time time"',
    padding: '10px 6px 10px 10px',
    columnGap: 10,
    '& > .source, & > .time': { marginTop: 0 },
  },
}))

type EventRowProps = {
  readonly event: ListedEvent
  readonly zone: string
  readonly query: string
  readonly current: boolean
  readonly open: (id: string) => void
}

/** One line of the list: what happened, from where, when, what went along; and a button to everything else. */
export const EventRow = memo(({ event, zone, query, current, open }: EventRowProps): ReactNode => {
  const text = useText()
  const translate = useTranslate()
  const wentAlongInWords = useWentAlongInWords()
  const [unfolded, setUnfolded] = useState(false)
  const id = useId()
  const along = wentAlongCount(event)
  return (
    <Row data-current={current || undefined}>
      <span className="icon">
        <ActionIcon action={event.action} />
      </span>
      <div className="main">
        <p className="sentence" id={id}>
          <EventSentence parts={event.sentenceParts} query={query} />
        </p>
        {(along > 0 || event.rootId !== null) && (
          <button
            type="button"
            className="along"
            aria-expanded={unfolded}
            title={
              along > 0 ? text('list.what_went_along', { list: wentAlongInWords(event.wentAlong ?? {}) }) : undefined
            }
            onClick={() => setUnfolded(!unfolded)}
          >
            <ExpandMore aria-hidden />
            {along > 0 ? text('list.went_along', { count: along }) : text('list.was_taken_along')}
          </button>
        )}
        {unfolded && (
          <div className="tree">
            <ActBranches act={actOf(event)} current={event.id} below={event.rootId === null} />
          </div>
        )}
      </div>
      <span className="source">{sourceName(event.source, translate)}</span>
      <span className="time">
        <EventTime at={event.occurredAt} zone={zone} />
      </span>
      <IconButton
        className="more"
        data-entry={event.id}
        aria-label={text('list.details')}
        aria-describedby={id}
        title={text('list.details')}
        onClick={() => open(event.id)}
      >
        <ChevronRight fontSize="small" />
      </IconButton>
    </Row>
  )
})
EventRow.displayName = 'EventRow'
