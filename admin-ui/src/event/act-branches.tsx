import { Box, Button, Skeleton, styled, Typography } from '@mui/material'
import type { ReactNode } from 'react'
import { Link, useLocation } from 'react-router-dom'
import { noFilter, writeFilter } from '../filter/event-filter.ts'
import { entryPath, logPath } from '../shell/place.ts'
import { useText } from '../text/use-text.ts'
import { actTree, type Branch } from './act-tree.ts'
import { EventSentence } from './event-sentence.tsx'
import { type Above, nameIn, sentenceWithin } from './sentence-within.ts'
import { useAct } from './use-events.ts'

const List = styled('ul')(({ theme }) => ({
  listStyle: 'none',
  margin: 0,
  padding: 0,
  fontSize: '0.8125rem',
  '& &': { marginInlineStart: 8, paddingInlineStart: 14, borderInlineStart: `1px solid ${theme.palette.divider}` },
  '& a': {
    display: 'block',
    padding: '4px 6px',
    borderRadius: 4,
    color: theme.palette.text.secondary,
    textDecoration: 'none',
    overflowWrap: 'anywhere',
    '& bdi': { color: theme.palette.text.primary },
    '&[data-short]::first-letter': { textTransform: 'uppercase' },
    '&:hover': { background: theme.palette.action.hover },
    '&[aria-current]': { background: theme.palette.action.selected },
  },
}))

type BranchesProps = {
  readonly branches: readonly Branch[]
  readonly current: string
  readonly search: string
  readonly above: Above
}

const Branches = ({ branches, current, search, above }: BranchesProps): ReactNode => (
  <List>
    {branches.map(({ event, children }) => {
      const parts = sentenceWithin(event.sentenceParts, above)
      const below = { ...above, object: nameIn(event.sentenceParts, 'object') }
      return (
        <li key={event.id}>
          <Link
            to={entryPath(event.id, search)}
            aria-current={event.id === current ? 'true' : undefined}
            data-short={parts[0]?.part === 'text' || undefined}
          >
            <EventSentence parts={parts} />
          </Link>
          {children.length > 0 && <Branches branches={children} current={current} search={search} above={below} />}
        </li>
      )
    })}
  </List>
)

type ActBranchesProps = {
  readonly act: string
  /** The entry whose place in the tree is shown. */
  readonly current: string
  /** Only what hangs below that entry, where it stands above the tree already. */
  readonly below?: boolean
}

/** What happened in one act, as a tree, with the place of one entry in it. */
export const ActBranches = ({ act, current, below = false }: ActBranchesProps): ReactNode => {
  const text = useText()
  const { search } = useLocation()
  const { data, isError, refetch } = useAct(act)
  if (isError) {
    return (
      <Typography variant="body2" role="alert">
        {text('tree.failed')} <Button onClick={() => void refetch()}>{text('state.retry')}</Button>
      </Typography>
    )
  }
  if (!data) {
    return (
      <Box role="status" aria-label={text('tree.loading')}>
        {[80, 60, 70].map((width) => (
          <Skeleton key={width} width={`${width}%`} />
        ))}
      </Box>
    )
  }
  const tree = actTree(data.data, act)
  const own = data.data.find(({ id }) => id === current)?.sentenceParts ?? []
  const above = { actor: nameIn(own, 'actor'), object: below ? nameIn(own, 'object') : undefined }
  const branches = below ? tree.flatMap((branch) => (branch.event.id === current ? branch.children : [branch])) : tree
  return (
    <>
      <Branches branches={branches} current={current} search={search} above={above} />
      {data.pageInfo?.hasNextPage && (
        <Button
          component={Link}
          to={`${logPath}?${writeFilter({ ...noFilter, act }, new URLSearchParams()).toString()}`}
        >
          {text('tree.rest')}
        </Button>
      )}
    </>
  )
}
