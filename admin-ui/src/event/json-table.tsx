import { Box, styled } from '@mui/material'
import { Button } from '@mui/material'
import { type ReactNode, useState } from 'react'
import { useReadersLocale, useText } from '../text/use-text.ts'
import { formatNumber } from '../time/format.ts'
import { visible } from '../text/visible.ts'
import { jsonText } from './json-text.ts'

const Table = styled('table')(({ theme }) => ({
  width: '100%',
  tableLayout: 'fixed',
  borderCollapse: 'collapse',
  fontSize: '0.8125rem',
  '& th, & td': {
    padding: '5px 0',
    textAlign: 'start',
    verticalAlign: 'top',
    fontWeight: 400,
    overflowWrap: 'anywhere',
    borderBottom: `1px solid ${theme.palette.divider}`,
  },
  '& col.column': { width: 144, [theme.breakpoints.down('sm')]: { width: 122 } },
  '& th': { paddingInlineEnd: 16, color: theme.palette.text.secondary },
  '& td': { whiteSpace: 'pre-wrap' },
  '& thead': { position: 'absolute', width: 1, height: 1, overflow: 'hidden', clipPath: 'inset(50%)' },
  '& .empty': { color: theme.palette.text.secondary, fontStyle: 'italic' },
}))

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** So much of a text is shown at first: a whole document in one column must not freeze the page. */
const shownAtFirst = 2_000

const LongText = ({ value }: { value: string }): ReactNode => {
  const text = useText()
  const locale = useReadersLocale()
  const [isWhole, setIsWhole] = useState(false)
  if (isWhole || value.length <= shownAtFirst) return <bdi>{visibleLines(value)}</bdi>
  return (
    <>
      <bdi>{visibleLines(value.slice(0, shownAtFirst))}…</bdi>
      <br />
      <Button onClick={() => setIsWhole(true)} sx={{ paddingInline: 0.5, minHeight: 28 }}>
        {text('detail.show_all', { count: formatNumber(value.length, locale) })}
      </Button>
    </>
  )
}

type JsonTableProps = {
  readonly value: unknown
  /** What a column is called, where it has a name for people. */
  readonly nameOf?: (column: string) => string
}

/** A row of a table as it was: a line for each column. */
export const JsonTable = ({ value, nameOf = visible }: JsonTableProps): ReactNode => {
  const text = useText()
  const cell = (of: unknown) => {
    if (of === null || of === '') return <span className="empty">{text('detail.empty')}</span>
    return <LongText value={typeof of === 'string' ? of : jsonText(of, 1)} />
  }
  return (
    <Table>
      <colgroup>
        <col className="column" />
        <col />
      </colgroup>
      <thead>
        <tr>
          <th scope="col">{text('detail.column')}</th>
          <th scope="col">{text('detail.value')}</th>
        </tr>
      </thead>
      <tbody>
        {(isObject(value) ? Object.entries(value) : [['', value] as const]).map(([column, of]) => (
          <tr key={column}>
            <th scope="row">
              <bdi>{nameOf(column)}</bdi>
            </th>
            <td>{cell(of)}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  )
}

const visibleLines = (value: string) => value.split('\n').map(visible).join('\n')

/** The same as it is kept, folded away. */
export const RawJson = ({ value }: { value: unknown }): ReactNode => {
  const text = useText()
  const [isOpen, setIsOpen] = useState(false)
  return (
    <Box component="details" onToggle={({ currentTarget }) => setIsOpen(currentTarget.hasAttribute('open'))} sx={{ mt: 1, fontSize: '0.8125rem' }}>
      <Box component="summary" sx={{ cursor: 'pointer', color: 'text.secondary', minHeight: 24 }}>
        {text('detail.raw')}
      </Box>
      <Box
        component="pre"
        tabIndex={0}
        sx={{
          m: 0,
          mt: 1,
          p: 1.5,
          maxHeight: 320,
          overflow: 'auto',
          borderRadius: 1,
          bgcolor: 'background.default',
          whiteSpace: 'pre-wrap',
        }}
      >
        {isOpen && <LongText value={jsonText(value, 2)} />}
      </Box>
    </Box>
  )
}
