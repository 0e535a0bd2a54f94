import { Box, Button, TextField, Typography } from '@mui/material'
import { type FormEvent, type ReactNode, useRef, useState } from 'react'
import { isDay } from '../time/day.ts'
import { useReadersLocale, useText } from '../text/use-text.ts'
import { Choice } from './choice.tsx'
import { isNoDay } from './day-field.ts'
import { periodName } from './in-words.ts'
import { daysOf, type Period, presets } from './period.ts'

type PeriodPanelProps = {
  readonly period: Period | null
  readonly zone: string
  readonly today: string
  readonly onChange: (period: Period | null) => void
}

/** Periods with a name and what they mean, and any two days. */
export const PeriodPanel = ({ period, zone, today, onChange }: PeriodPanelProps): ReactNode => {
  const text = useText()
  const locale = useReadersLocale()
  const [first, setFirst] = useState(period?.preset === null ? (period.firstDay ?? '') : '')
  const [last, setLast] = useState(period?.preset === null ? (period.lastDay ?? '') : '')
  // A date in a field is written as the browser likes; here it is in the words of the page.
  const isOwn = period !== null && (period.preset === null || period.preset === 'instants')
  const fields = { first: useRef<HTMLInputElement>(null), last: useRef<HTMLInputElement>(null) }
  const findNoDays = () => (['first', 'last'] as const).filter((name) => fields[name].current !== null && isNoDay(fields[name].current))
  // Said when it is to be applied: while somebody is typing, every day is incomplete.
  const [noDays, setNoDays] = useState<ReturnType<typeof findNoDays>>([])
  const lookAgain = () => noDays.length > 0 && setNoDays(findNoDays())
  const wrongOrder = isDay(first) && isDay(last) && first > last
  const apply = (event: FormEvent) => {
    event.preventDefault()
    if (wrongOrder) return
    const wrong = findNoDays()
    setNoDays(wrong)
    if (wrong[0] !== undefined) return fields[wrong[0]].current?.focus()
    const firstDay = isDay(first) ? first : null
    const lastDay = isDay(last) ? last : null
    onChange(firstDay === null && lastDay === null ? null : { preset: null, firstDay, lastDay })
  }
  const choice = (key: string, label: string, hint: string, chosen: boolean, next: Period | null) => (
    <Choice key={key} label={label} hint={hint} chosen={chosen} choose={() => onChange(next)} />
  )
  return (
    <Box sx={{ width: 300, maxWidth: '100%' }}>
      {choice('any', text('filter.any_time'), '', period === null, null)}
      {presets.map((preset) => {
        const { firstDay, lastDay } = daysOf(preset, today)
        const days = lastDay === null && preset !== 'today' ? { firstDay, lastDay } : { firstDay, lastDay: lastDay ?? firstDay }
        return choice(preset, text(`filter.preset.${preset}`), periodName({ preset: null, ...days }, text, locale, zone), period?.preset === preset, { preset })
      })}
      <Box component="form" noValidate onSubmit={apply} onKeyUp={lookAgain} onInput={lookAgain} onBlur={lookAgain} sx={{ mt: 1.5, pt: 2, borderTop: 1, borderColor: 'divider' }}>
        {isOwn && (
          <Typography variant="body2" sx={{ mb: 2, fontWeight: 600 }}>
            {periodName(period, text, locale, zone)}
          </Typography>
        )}
        <Box sx={{ display: 'grid', gridTemplateColumns: '1fr 1fr', gap: 1 }}>
          <TextField
            type="date"
            label={text('filter.first_day')}
            value={first}
            inputRef={fields.first}
            error={wrongOrder || noDays.includes('first')}
            helperText={noDays.includes('first') && text('filter.no_day')}
            onChange={(event) => setFirst(event.target.value)}
            slotProps={{ inputLabel: { shrink: true }, htmlInput: { max: '9999-12-30' } }}
          />
          <TextField
            type="date"
            label={text('filter.last_day')}
            value={last}
            inputRef={fields.last}
            error={wrongOrder || noDays.includes('last')}
            helperText={noDays.includes('last') && text('filter.no_day')}
            onChange={(event) => setLast(event.target.value)}
            slotProps={{ inputLabel: { shrink: true }, htmlInput: { max: '9999-12-30' } }}
          />
        </Box>
        <Typography
          role={wrongOrder ? 'alert' : undefined}
          variant="caption"
          component="p"
          color={wrongOrder ? 'error' : 'textSecondary'}
          sx={{ my: 1 }}
        >
          {wrongOrder ? text('filter.wrong_order') : text('filter.both_included', { zone })}
        </Typography>
        <Button type="submit" variant="contained" fullWidth disabled={wrongOrder}>
          {text('filter.apply')}
        </Button>
      </Box>
    </Box>
  )
}
