import type { Theme } from '@mui/material'
import { memo, type ReactNode, useState } from 'react'
import { forcedColors } from '../shell/theme.ts'
import { visible } from '../text/visible.ts'
import { ActBranches } from './act-branches.tsx'
import { ActionIcon } from './action-icon.tsx'
import { actOf, type ListedEvent, type TopEvent, wentAlongCount } from './event.ts'
import { EventSentence } from './event-sentence.tsx'
import { EventTime } from './event-time.tsx'
import { Glyph } from './glyph.tsx'
import { outcomeAfter } from './fold-export-ends.ts'
import { nameIn } from './sentence-within.ts'
import type { RowWords } from './use-row-words.ts'

/**
 * How a row looks. The list says it once for all of its rows: a row is made of plain elements without styles of their
 * own, so that a thousand of them are drawn, and taken away, between two keys.
 */
export const rowStyles = (theme: Theme) => ({
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
  cursor: 'pointer',
  '&:hover': { background: theme.palette.action.hover },
  '&[data-current]': { background: theme.palette.action.selected, [forcedColors]: { outline: '2px solid Highlight', outlineOffset: -2 } },
  // The day stays above its rows: what the keyboard comes to is not hidden below it.
  '& button, & a': { scrollMarginTop: 44, scrollMarginBottom: 8 },
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
    '& .relative': { color: theme.palette.text.secondary, marginInlineEnd: 7 },
  },
  '& > .more': {
    gridArea: 'more',
    display: 'grid',
    placeItems: 'center',
    width: 32,
    height: 32,
    marginBlock: -2,
    padding: 0,
    border: 0,
    borderRadius: 6,
    fontSize: 20,
    color: theme.palette.action.active,
    background: 'none',
    cursor: 'pointer',
    '&:hover': { background: theme.palette.action.hover },
  },
  '& .sentence': {
    margin: 0,
    display: '-webkit-box',
    WebkitBoxOrient: 'vertical',
    WebkitLineClamp: 3,
    overflow: 'hidden',
    overflowWrap: 'anywhere',
  },
  // However long the name of a person is, what they did stays on the line.
  '& .actor': {
    display: 'inline-block',
    maxWidth: 'min(40ch, 100%)',
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
    verticalAlign: 'bottom',
  },
  '& .end, & .aside': { color: theme.palette.text.secondary },
  '& .aside': {
    margin: 0,
    fontSize: '0.8125rem',
    display: '-webkit-box',
    WebkitBoxOrient: 'vertical',
    WebkitLineClamp: 2,
    overflow: 'hidden',
    overflowWrap: 'anywhere',
    '& span + span::before': { content: '" · "' },
  },
  '& .along': {
    display: 'flex',
    alignItems: 'flex-start',
    minHeight: 24,
    marginBottom: -4,
    gap: 2,
    marginInlineStart: -6,
    padding: '2px 6px 2px 1px',
    border: 0,
    borderRadius: 4,
    font: 'inherit',
    fontSize: '0.8125rem',
    color: theme.palette.text.secondary,
    background: 'none',
    cursor: 'pointer',
    textAlign: 'start',
    '&:hover': { color: theme.palette.text.primary, background: theme.palette.action.hover },
    '& svg': { fontSize: 18, marginTop: 1, transition: 'transform 120ms' },
    '&[aria-expanded=false] svg': { transform: 'rotate(-90deg)' },
  },
  '& .tree': { marginTop: 4, marginBottom: 4, cursor: 'auto' },
  [theme.breakpoints.down('sm')]: {
    gridTemplateColumns: '28px minmax(0, 1fr) auto 32px',
    gridTemplateAreas: '"icon main main more" ". source time time"',
    padding: '10px 6px 10px 10px',
    columnGap: 10,
    '& > .time': { paddingInlineEnd: 8 },
    '& > .source, & > .time': { marginTop: 0 },
  },
})

type EventRowProps = {
  readonly event: ListedEvent
  /** How the export ended that began here; where that is there. */
  readonly end: ListedEvent | undefined
  readonly zone: string
  readonly query: string
  readonly current: boolean
  /** Whether it is today's news, so that how long ago is said too. */
  readonly recent: boolean
  readonly words: RowWords
}

const Aside = ({ label, value }: { label: string; value: string }): ReactNode => (
  <span>
    {label}: <bdi>{visible(value)}</bdi>
  </span>
)

/** What took an entry along: by name, unless it has none or belongs to another company. */
const TakenAlong = ({ root, words }: { root: TopEvent | null; words: RowWords }): ReactNode => {
  const name = root && nameIn(root.sentenceParts, 'object')
  if (root?.objectKind == null || name == null) return words.takenAlong
  const [before, after] = words.takenAlongWith(root.objectKind)
  return (
    <span>
      {before}
      <bdi>{visible(name)}</bdi>
      {after}
    </span>
  )
}

/**
 * One line of the list: what happened, from where, when, what went along; and a button to everything else, which the
 * list listens to.
 */
export const EventRow = memo(({ event, end, zone, query, current, recent, words }: EventRowProps): ReactNode => {
  const [unfolded, setUnfolded] = useState(false)
  const id = `sentence-${event.id}`
  const along = wentAlongCount(event)
  return (
    <li className="entry" data-current={current || undefined}>
      <span className="icon">
        <ActionIcon action={event.action} />
      </span>
      <div className="main">
        <p className="sentence" id={id}>
          <EventSentence parts={event.sentenceParts} query={query} />
          {end && (
            <span className="end">
              {' · '}
              <EventSentence parts={outcomeAfter(event, end)} />
            </span>
          )}
        </p>
        {(event.onBehalfOf !== null || event.reason !== null) && (
          <p className="aside">
            {event.onBehalfOf !== null && <Aside label={words.onBehalfOf} value={event.onBehalfOf} />}
            {event.reason !== null && <Aside label={words.reason} value={event.reason} />}
          </p>
        )}
        {(along > 0 || event.rootId !== null) && (
          <button
            type="button"
            className="along"
            aria-expanded={unfolded}
            onClick={() => setUnfolded(!unfolded)}
          >
            <Glyph of="down" />
            {along > 0 ? words.wentAlong(event.wentAlong ?? {}) : <TakenAlong root={event.root} words={words} />}
          </button>
        )}
        {unfolded && (
          <div className="tree">
            <ActBranches act={actOf(event)} current={event.id} below={event.rootId === null} />
          </div>
        )}
      </div>
      <span className="source">{words.source(event.source)}</span>
      <span className="time">
        <EventTime at={event.occurredAt} zone={zone} locale={words.locale} recent={recent} />
      </span>
      <button
        type="button"
        className="more"
        data-entry={event.id}
        aria-label={words.details}
        aria-describedby={id}
        title={words.details}
      >
        <Glyph of="onwards" />
      </button>
    </li>
  )
})
EventRow.displayName = 'EventRow'
