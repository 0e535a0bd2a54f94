import Search from '@mui/icons-material/Search'
import { Box, Button, Skeleton, TextField, Typography } from '@mui/material'
import { type FormEvent, type ReactNode, useState } from 'react'
import { useTranslate } from 'react-admin'
import { useReadersLocale, useText } from '../text/use-text.ts'
import { visible } from '../text/visible.ts'
import { formatList, formatNumber } from '../time/format.ts'
import { Choice } from './choice.tsx'
import { facetCount } from './facet-count.ts'
import { kindName, thingName } from './in-words.ts'
import { leftOutOf, peopleNamed } from './people.ts'
import { searchFor } from './search-words.ts'
import { readThingInWords } from './thing-in-words.ts'
import { useFacets } from './use-facets.ts'
import { useFilter } from './use-filter.ts'
import { useKinds } from './use-kinds.ts'

/** As many characters as the key of a thing can have; the server says so too. */
const longestKey = 2_704

/** And a search. */
const longestSearch = 200

const mostShown = 6

const Part = ({ title, children }: { title: string; children: ReactNode }): ReactNode => (
  <Box component="fieldset" sx={{ m: 0, p: 0, border: 0, minWidth: 0, '& + &': { mt: 2 } }}>
    <Typography component="legend" variant="h3" color="textSecondary" sx={{ p: 0, mb: 0.5 }}>
      {title}
    </Typography>
    {children}
  </Box>
)

/** The filters that are needed less often: one person, one kind of thing, one thing. */
export const MorePanel = ({ close }: { close: () => void }): ReactNode => {
  const text = useText()
  const translate = useTranslate()
  const locale = useReadersLocale()
  const [filter, setFilter] = useFilter()
  const { data: facets, isError } = useFacets()
  const [sought, setSought] = useState('')
  const all = useKinds()
  const [object, setObject] = useState(filter.object === null ? '' : thingName(filter.object, translate))
  const isNone = object.trim() === ''
  const meant = isNone ? null : readThingInWords(object, all)
  const thing = meant !== null && 'thing' in meant ? meant.thing : null
  const isWrong = !isNone && thing === null
  const example = thingName({ kind: 'customer', id: '42' }, translate)
  const objectHint = () => {
    if (meant !== null && 'unknownKind' in meant) return text('filter.object_unknown', { kinds: formatList(all.map(({ name }) => name), locale) })
    return text(isWrong ? 'filter.object_wrong' : 'filter.object_hint', { example })
  }
  const people = peopleNamed(facets?.actors ?? [], sought, locale)
  const leftOut = facets ? leftOutOf(facets) : null
  const name = searchFor(sought)
  const kinds = (facets?.kinds ?? [])
    .filter(({ value }) => value !== '')
    .map((kind) => ({ ...kind, name: kindName(kind.value, translate) }))
    .sort((one, other) => one.name.localeCompare(other.name, locale))
  const loading = !facets && !isError && [80, 60, 70].map((width) => <Skeleton key={width} width={`${width}%`} height={30} />)
  const apply = (event: FormEvent) => {
    event.preventDefault()
    if (isWrong) return
    setFilter((current) => ({ ...current, object: thing, ...(thing && { kind: null }) }))
    close()
  }
  return (
    <Box sx={{ width: 320, maxWidth: '100%' }}>
      {isError && (
        <Typography variant="body2" role="alert" sx={{ mb: 1 }}>
          {text('filter.choices_failed')}
        </Typography>
      )}
      <Part title={text('filter.person')}>
        {(facets?.actors.length ?? 0) > mostShown && (
          <TextField
            fullWidth
            margin="dense"
            placeholder={text('filter.person_hint')}
            value={sought}
            onChange={({ target }) => setSought(target.value)}
            slotProps={{ htmlInput: { 'aria-label': text('filter.person_hint'), maxLength: longestSearch, autoComplete: 'off' } }}
          />
        )}
        {loading}
        {people.slice(0, mostShown).map(({ actor, name }) => (
          <Choice
            key={actor.value}
            label={<bdi>{name}</bdi>}
            hint={facetCount(actor, locale)}
            chosen={filter.actor === actor.value}
            choose={() => {
              setFilter((current) => ({ ...current, actor: current.actor === actor.value ? null : actor.value }))
              close()
            }}
          />
        ))}
        {facets && people.length === 0 && (
          <Typography variant="body2" color="textSecondary" role="status">
            {leftOut === null ? text('filter.no_person') : text(`filter.no_person_${leftOut}`, { count: facets.actors.length })}
          </Typography>
        )}
        {facets && people.length > mostShown && (
          <Typography variant="caption" component="p" color="textSecondary" sx={{ px: 1.5 }}>
            {leftOut === 'less_active'
              ? text('filter.more_people_less_active', { count: people.length - mostShown, most: formatNumber(facets.actors.length, locale) })
              : text('filter.more_people', { count: people.length - mostShown })}
          </Typography>
        )}
        {leftOut !== null && name !== '' && (
          <Button
            startIcon={<Search />}
            onClick={() => {
              setFilter((current) => ({ ...current, query: name }))
              close()
            }}
            sx={{ mt: 0.5, maxWidth: '100%', textAlign: 'start', overflowWrap: 'anywhere' }}
          >
            {text('filter.search_person', { name: visible(name) })}
          </Button>
        )}
      </Part>
      <Part title={text('filter.kind')}>
        {loading}
        {kinds.map(({ name, ...kind }) => (
          <Choice
            key={kind.value}
            label={name}
            hint={facetCount(kind, locale)}
            chosen={filter.kind === kind.value}
            choose={() => {
              setFilter((current) => ({ ...current, kind: current.kind === kind.value ? null : kind.value, object: null }))
              close()
            }}
          />
        ))}
      </Part>
      <Part title={text('filter.object')}>
        <Box component="form" noValidate onSubmit={apply} sx={{ display: 'flex', gap: 1, alignItems: 'flex-start', mt: 0.5 }}>
          <TextField
            fullWidth
            placeholder={example}
            value={object}
            error={isWrong}
            helperText={objectHint()}
            onChange={({ target }) => setObject(target.value)}
            slotProps={{ htmlInput: { 'aria-label': text('filter.object'), maxLength: longestKey, autoComplete: 'off' } }}
          />
          <Button type="submit" variant="contained" disabled={isWrong} sx={{ flex: 'none' }}>
            {text('filter.apply')}
          </Button>
        </Box>
      </Part>
    </Box>
  )
}
