import { Box, Checkbox, FormControlLabel, Typography } from '@mui/material'
import type { ReactNode } from 'react'

type Option = {
  readonly value: string
  readonly label: string
  readonly hint?: string
  /** How many entries it would give, where that is known. */
  readonly count?: string | undefined
}

type CheckListProps = {
  readonly legend: string
  /** The label of a box that checks and unchecks all of them. */
  readonly all?: string
  readonly options: readonly Option[]
  readonly chosen: readonly string[]
  readonly onChange: (chosen: readonly string[]) => void
}

/** Boxes to check, under a heading. */
export const CheckList = ({ legend, all, options, chosen, onChange }: CheckListProps): ReactNode => {
  const mine = options.filter(({ value }) => chosen.includes(value))
  const others = chosen.filter((value) => !options.some((option) => option.value === value))
  return (
    <Box component="fieldset" sx={{ m: 0, p: 0, border: 0, minWidth: 0, maxWidth: 320, '& + &': { mt: 1.5 } }}>
      <Typography component="legend" variant="h3" color="textSecondary" sx={{ p: 0, mb: 0.25 }}>
        {legend}
      </Typography>
      {all !== undefined && (
        <FormControlLabel
          disableTypography
          sx={{ display: 'flex', alignItems: 'flex-start', mr: 0, my: 0.5 }}
          label={<Typography variant="body2">{all}</Typography>}
          control={
            <Checkbox
              size="small"
              sx={{ paddingBlock: 0.25 }}
              checked={mine.length === options.length}
              indeterminate={mine.length > 0 && mine.length < options.length}
              onChange={(_, checked) => onChange(checked ? [...others, ...options.map(({ value }) => value)] : others)}
            />
          }
        />
      )}
      {options.map(({ value, label, hint, count }) => (
        <FormControlLabel
          key={value}
          disableTypography
          sx={{ display: 'flex', alignItems: 'flex-start', mr: 0, my: 0.5, ml: all === undefined ? undefined : 1.5 }}
          label={
            <Box component="span" sx={{ flex: 1, minWidth: 0 }}>
              <Typography variant="body2" component="span" sx={{ display: 'flex', justifyContent: 'space-between', alignItems: 'baseline', gap: 3 }}>
                {label}
                {count !== undefined && (
                  <Typography
                    component="span"
                    variant="caption"
                    color="textSecondary"
                    sx={{ fontVariantNumeric: 'tabular-nums' }}
                  >
                    {count}
                  </Typography>
                )}
              </Typography>
              {hint !== undefined && (
                <Typography variant="caption" color="textSecondary" component="span" sx={{ display: 'block' }}>
                  {hint}
                </Typography>
              )}
            </Box>
          }
          control={
            <Checkbox
              size="small"
              sx={{ paddingBlock: 0.25 }}
              checked={chosen.includes(value)}
              onChange={(_, checked) =>
                onChange(checked ? [...chosen, value] : chosen.filter((each) => each !== value))
              }
            />
          }
        />
      ))}
    </Box>
  )
}
