import ArrowBack from '@mui/icons-material/ArrowBack'
import CheckCircleOutlined from '@mui/icons-material/CheckCircleOutlined'
import ErrorOutlineOutlined from '@mui/icons-material/ErrorOutlineOutlined'
import WarningAmberOutlined from '@mui/icons-material/WarningAmberOutlined'
import { Box, Button, Skeleton, styled, Typography } from '@mui/material'
import { type ReactNode, useId } from 'react'
import { useTranslate } from 'react-admin'
import { Link, useLocation } from 'react-router-dom'
import { useViewer } from '../access/use-viewer.ts'
import { kindName } from '../filter/in-words.ts'
import { useZone } from '../filter/use-filter.ts'
import { Problem } from '../problem/problem.tsx'
import { logPath } from '../shell/place.ts'
import { useReadersLocale, useText } from '../text/use-text.ts'
import { visible } from '../text/visible.ts'
import { dayOf } from '../time/day.ts'
import { formatExactMinute, formatList, formatNumber, formatShortDay } from '../time/format.ts'
import { type Recording, type Status, subjects } from './recording.ts'
import { useRecording } from './use-recording.ts'

const Sheet = styled('section')(({ theme }) => ({
  marginTop: 16,
  padding: '16px 20px',
  background: theme.palette.background.paper,
  border: `1px solid ${theme.palette.divider}`,
  borderRadius: 8,
  '& th, & td': { padding: '8px 12px 8px 0', textAlign: 'start', fontWeight: 400, verticalAlign: 'top' },
  '& tr + tr > *, & tbody > tr:first-of-type > *': { borderTop: `1px solid ${theme.palette.divider}` },
  '& thead th': { color: theme.palette.text.secondary, fontSize: '0.8125rem' },
  '& table': {
    width: '100%',
    borderCollapse: 'collapse',
    fontSize: '0.875rem',
    overflowWrap: 'break-word',
    fontVariantNumeric: 'tabular-nums',
  },
  '& col.kind': { width: '34%' },
  '& col.since': { width: '26%' },
  '& td.since': { '@media (min-width: 375px)': { whiteSpace: 'nowrap' } },
  '& ul': { margin: 0, padding: 0, listStyle: 'none' },
}))

const icons: Readonly<Record<Status, ReactNode>> = {
  ok: <CheckCircleOutlined color="success" fontSize="small" />,
  warning: <WarningAmberOutlined color="warning" fontSize="small" />,
  failed: <ErrorOutlineOutlined color="error" fontSize="small" />,
}

const Line = ({ status, children }: { status: Status; children: ReactNode }): ReactNode => (
  <Box component="span" sx={{ display: 'inline-flex', alignItems: 'flex-start', gap: 1, '& svg': { mt: '1px', flex: 'none' } }}>
    {icons[status]}
    <span>{children}</span>
  </Box>
)

const Part = ({ title, lead, children }: { title: string; lead?: string; children: ReactNode }): ReactNode => {
  const id = useId()
  return (
    <Sheet aria-labelledby={id}>
      <Typography variant="h2" id={id} sx={{ fontSize: '1rem' }}>
        {title}
      </Typography>
      {lead !== undefined && (
        <Typography variant="body2" color="textSecondary" sx={{ mb: 1 }}>
          {lead}
        </Typography>
      )}
      {children}
    </Sheet>
  )
}

const Content = ({ recording }: { recording: Recording }): ReactNode => {
  const text = useText()
  const translate = useTranslate()
  const locale = useReadersLocale()
  const { zone } = useZone()
  const { companyName } = useViewer()
  const kinds = recording.kinds
    .map((kind) => ({ ...kind, name: kindName(kind.kind, translate) }))
    .sort((one, other) => one.name.localeCompare(other.name, locale))
  const people = recording.administrators.toSorted((one, other) => one.localeCompare(other, locale))
  return (
    <>
      <Part title={text('recording.state')}>
        <Box component="ul" sx={{ typography: 'body2', '& li': { pt: 1 } }}>
          {subjects.map((subject) => (
            <li key={subject}>
              <Line status={recording.checks[subject]}>{text(`recording.${subject}.${recording.checks[subject]}`)}</Line>
            </li>
          ))}
        </Box>
      </Part>
      <Part
        title={text('recording.what')}
        lead={
          recording.firstEntryAt === null
            ? text('recording.no_entry')
            : text('recording.first_entry', { when: formatExactMinute(new Date(recording.firstEntryAt), locale, zone) })
        }
      >
        <table>
          <colgroup>
            <col className="kind" />
            <col className="since" />
            <col />
          </colgroup>
          <thead>
            <tr>
              <th scope="col">{text('recording.kind')}</th>
              <th scope="col">{text('recording.since')}</th>
              <th scope="col">{text('recording.copy')}</th>
            </tr>
          </thead>
          <tbody>
            {kinds.map(({ kind, name, since, isRecording, copy, leftOut }) => (
              <tr key={kind}>
                <th scope="row">{name}</th>
                <td className="since">
                  <Line status={isRecording ? 'ok' : 'failed'}>
                    {isRecording
                      ? formatShortDay(dayOf(new Date(since), zone), locale)
                      : text('recording.not_recording')}
                  </Line>
                </td>
                <td>{text(`recording.copies.${copy}`, { columns: formatList(leftOut.map(visible), locale) })}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <Typography variant="body2" color="textSecondary" sx={{ mt: 1 }}>
          {text('recording.exports_too')}
        </Typography>
      </Part>
      <Part
        title={text('recording.who', { count: people.length })}
        lead={text('recording.who_lead', { company: visible(companyName ?? text('access.your_company')) })}
      >
        <Box component="ul" sx={{ typography: 'body2', columns: { xs: 1, sm: 2 } }}>
          {people.map((name, index) => (
            <li key={index}>
              <bdi>{visible(name)}</bdi>
            </li>
          ))}
        </Box>
        {people.length >= 200 && (
          <Typography variant="caption" color="textSecondary">
            {text('recording.first_people', { count: formatNumber(people.length, locale) })}
          </Typography>
        )}
      </Part>
    </>
  )
}

/** About the log itself, for an administrator: what is recorded, since when, whether all is well, and who may read. */
export const RecordingPage = (): ReactNode => {
  const text = useText()
  const { search } = useLocation()
  const { data, error, refetch } = useRecording()
  return (
    <>
      <Button component={Link} to={`${logPath}${search}`} startIcon={<ArrowBack />} sx={{ mt: 1, ml: -1, paddingInline: 1 }}>
        {text('recording.back')}
      </Button>
      <Typography variant="h1">{text('recording.title')}</Typography>
      <Typography variant="body2" color="textSecondary">
        {text('recording.lead')}
      </Typography>
      {data ? (
        <Content recording={data} />
      ) : error ? (
        <Problem error={error} retry={() => void refetch()} />
      ) : (
        <Sheet role="status" aria-busy aria-label={text('recording.loading')}>
          {[40, 70, 65, 60].map((width) => (
            <Skeleton key={width} width={`${width}%`} height={28} />
          ))}
        </Sheet>
      )}
    </>
  )
}
