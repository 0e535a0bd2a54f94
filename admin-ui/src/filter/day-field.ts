import { isDay } from '../time/day.ts'

/** As much of a field for a day as says what is in it. */
type DayField = { readonly value: string; readonly validity: { readonly badInput: boolean } }

/**
 * Whether somebody typed into a field for a day what is none: 31 February, or a day without its year. The browser gives
 * no value for it then, as if nothing had been typed; only its validity says so.
 */
export const isNoDay = ({ value, validity }: DayField): boolean => validity.badInput || (value !== '' && !isDay(value))
