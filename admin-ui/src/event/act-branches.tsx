import { Box, Button, Skeleton, styled, Typography } from '@mui/material'
import type { ReactNode } from 'react'
import { Link, useLocation } from 'react-router-dom'
import { noFilter, writeFilter } from '../filter/event-filter.ts'
import { entryPath, logPath } from '../shell/place.ts'
import { useText } from '../text/use-text.ts'
import { actTree, type Branch } from './act-tree.ts'
import { EventSentence } from './event-sentence.tsx'
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
    '& bdi ~ bdi, & bdi:only-of-type': { color: theme.palette.text.primary },
    '&:hover': { background: theme.palette.action.hover },
    '&[aria-current]': { background: theme.palette.action.selected },
  },
}))

const Branches = ({
  branches,
  current,
  search,
}: {
  branches: readonly Branch[]
  current: string
  search: string
}): ReactNode => (
  <List>
    {branches.map(({ event, children }) => (
      <li key={event.id}>
        <Link to={entryPath(event.id, search)} aria-current={event.id === current ? 'true' : undefined}>
          <EventSentence parts={event.sentenceParts} quietActor />
        </Link>
        {children.length > 0 && <Branches branches={children} current={current} search={search} />}
      </li>
    ))}
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
  const branches = below ? tree.flatMap((branch) => (branch.event.id === current ? branch.children : [branch])) : tree
  return (
    <>
      <Branches branches={branches} current={current} search={search} />
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
