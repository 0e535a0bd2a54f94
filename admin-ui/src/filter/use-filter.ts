import { useCallback, useMemo } from 'react'
import { useSearchParams } from 'react-router-dom'
import { useViewer } from '../access/use-viewer.ts'
import { dayOf } from '../time/day.ts'
import { useNow } from '../time/use-now.ts'
import { type ZoneChoice, zoneChoices } from './address-names.ts'
import {
  type EventFilter,
  type EventFilterInput,
  letsActsThrough,
  readFilter,
  toInput,
  writeFilter,
} from './event-filter.ts'
import { type FilterFault, filterFaults } from './filter-faults.ts'

type Change = EventFilter | ((current: EventFilter) => EventFilter)

/** The address as it is this moment; what was drawn last may be older. */
const currentAddress = () => new URLSearchParams(window.location.search)

/** The filter in the address, and how to change it. A change is a step that "back" undoes, unless it replaces. */
export const useFilter = (): [EventFilter, (change: Change, replace?: boolean) => void] => {
  const [address, setAddress] = useSearchParams()
  const filter = useMemo(() => readFilter(address), [address])
  const setFilter = useCallback(
    (change: Change, replace = false) => {
      const address = currentAddress()
      const next = typeof change === 'function' ? change(readFilter(address)) : change
      setAddress(writeFilter(next, address), { replace, preventScrollReset: true })
    },
    [setAddress],
  )
  return [filter, setFilter]
}

/** What stands in the address and cannot be followed. */
export const useFilterFaults = (): readonly FilterFault[] => {
  const [address] = useSearchParams()
  return useMemo(() => filterFaults(address), [address])
}

/** What each choice of zone is for this reader. */
export const useZones = (): Record<ZoneChoice, string> => {
  const { timeZone } = useViewer()
  return useMemo(
    () => ({ company: timeZone ?? 'UTC', browser: new Intl.DateTimeFormat().resolvedOptions().timeZone, utc: 'UTC' }),
    [timeZone],
  )
}

/** The zone in which times are shown and days begin: the company's, unless the address says another. */
export const useZone = (): { choice: ZoneChoice; zone: string; choose: (choice: ZoneChoice) => void } => {
  const [address, setAddress] = useSearchParams()
  const zones = useZones()
  const choice = zoneChoices.find((each) => each === address.get('zone')) ?? 'company'
  const choose = useCallback(
    (next: ZoneChoice) =>
      setAddress(() => {
        const changed = currentAddress()
        if (next === 'company') changed.delete('zone')
        else changed.set('zone', next)
        return changed
      }),
    [setAddress],
  )
  return { choice, zone: zones[choice], choose }
}

/** Whether the reader wants a line for each entry, even where an act could be one line. */
export const useEachEntry = (): [boolean, (each: boolean) => void] => {
  const [address, setAddress] = useSearchParams()
  const choose = useCallback(
    (each: boolean) =>
      setAddress(() => {
        const changed = currentAddress()
        if (each) changed.set('entries', 'each')
        else changed.delete('entries')
        return changed
      }),
    [setAddress],
  )
  return [address.get('entries') === 'each', choose]
}

export type Question = {
  /** The filter as the server takes it: what is counted and exported. */
  readonly input: EventFilterInput
  /** The same as the list asks for it: with one line per act, roots only. */
  readonly listInput: EventFilterInput
  /** Whether the list shows one line per act. */
  readonly asActs: boolean
}

/** What the server is asked for. It changes with the address and at midnight, not with each tick of the clock. */
export const useQuestion = (filter: EventFilter): Question => {
  const { zone } = useZone()
  const today = dayOf(useNow(), zone)
  const [each] = useEachEntry()
  return useMemo(() => {
    const input = toInput(filter, zone, today)
    const asActs = !each && letsActsThrough(filter)
    return { input, listInput: asActs ? { ...input, rootsOnly: true } : input, asActs }
  }, [filter, zone, today, each])
}
