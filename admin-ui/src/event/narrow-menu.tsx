import FilterAltOutlined from '@mui/icons-material/FilterAltOutlined'
import { Button, Divider, Menu, MenuItem } from '@mui/material'
import { type ReactNode, useState } from 'react'
import { useTranslate } from 'react-admin'
import { useNavigate } from 'react-router-dom'
import { type EventFilter, noFilter, writeFilter } from '../filter/event-filter.ts'
import { actionName, kindName, sourceName } from '../filter/in-words.ts'
import { useFilter } from '../filter/use-filter.ts'
import { logPath } from '../shell/place.ts'
import { periodAround } from '../filter/period.ts'
import { useText } from '../text/use-text.ts'
import { actOf, type WholeEvent } from './event.ts'

const fiveMinutes = 300_000

/** As many characters as a filter takes of each; see `longest` in `server/event-filter.ts`. */
const longest = { identifier: 500, object: 2_704 }

/** What can be asked for, of something that is recorded as long as it is. */
const asked = (value: string | null, most = longest.identifier): string | null =>
  value === null || value.trim() === '' || [...value].length > most ? null : value

/** From one entry to others like it, or to all but those. */
export const NarrowMenu = ({ event }: { event: WholeEvent }): ReactNode => {
  const text = useText()
  const translate = useTranslate()
  const navigate = useNavigate()
  const [filter] = useFilter()
  const [anchor, setAnchor] = useState<HTMLElement | null>(null)
  const { action, source } = event
  const [actorId, objectKind, requestId] = [asked(event.actorId), asked(event.objectKind), asked(event.requestId)]
  const objectId = asked(event.objectId, longest.object)
  const item = (label: string, next: EventFilter) => (
    <MenuItem
      key={label}
      onClick={() => {
        setAnchor(null)
        void navigate(`${logPath}?${writeFilter(next, new URLSearchParams(window.location.search)).toString()}`)
      }}
    >
      {label}
    </MenuItem>
  )
  const actionLabel = actionName(action, translate)
  const sourceLabel = sourceName(source, translate)
  return (
    <>
      <Button
        color="inherit"
        startIcon={<FilterAltOutlined />}
        aria-haspopup="menu"
        aria-expanded={anchor !== null}
        onClick={({ currentTarget }) => setAnchor(currentTarget)}
        sx={{ color: 'text.secondary', fontSize: '0.8125rem', paddingInline: 1, minHeight: 28 }}
      >
        {text('detail.narrow')}
      </Button>
      <Menu open={anchor !== null} anchorEl={anchor} onClose={() => setAnchor(null)}>
        {actorId !== null && item(text('detail.only_person'), { ...noFilter, actor: actorId })}
        {actorId !== null &&
          item(text('detail.week_of_person'), { ...noFilter, actor: actorId, period: { preset: '7d' } })}
        {objectKind !== null &&
          objectId !== null &&
          item(text('detail.only_object'), { ...noFilter, object: { kind: objectKind, id: objectId } })}
        {item(text('detail.five_minutes'), { ...noFilter, period: periodAround(event.occurredAt, fiveMinutes) })}
        {item(text('detail.only_act'), { ...noFilter, act: actOf(event) })}
        {requestId !== null && item(text('detail.only_request'), { ...noFilter, request: requestId })}
        <Divider />
        {objectKind !== null &&
          item(text('detail.only_value', { value: kindName(objectKind, translate) }), {
            ...filter,
            kind: objectKind,
            object: null,
          })}
        {item(text('detail.only_value', { value: actionLabel }), { ...filter, actions: [action], notActions: [] })}
        {item(text('detail.only_value', { value: sourceLabel }), { ...filter, sources: [source], notSources: [] })}
        {item(text('detail.not_value', { value: actionLabel }), {
          ...filter,
          actions: filter.actions.filter((each) => each !== action),
          notActions: [...new Set([...filter.notActions, action])],
        })}
        {item(text('detail.not_value', { value: sourceLabel }), {
          ...filter,
          sources: filter.sources.filter((each) => each !== source),
          notSources: [...new Set([...filter.notSources, source])],
        })}
      </Menu>
    </>
  )
}
