import { useCallback, useEffect, useMemo } from 'react'
import { useSearchParams } from 'react-router-dom'
import { useViewer } from '../access/use-viewer.ts'
import { dayOf } from '../time/day.ts'
import { useNow } from '../time/use-now.ts'
import { deviceZone } from '../time/zone.ts'
import type { ZoneChoice } from './address-names.ts'
import {
  type EventFilter,
  type EventFilterInput,
  letsActsThrough,
  readFilter,
  toInput,
  writeFilter,
} from './event-filter.ts'
import { type FilterFault, filterFaults } from './filter-faults.ts'
import { readZone, writeZone } from './zone-address.ts'

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
  return useMemo(() => ({ company: timeZone ?? 'UTC', browser: deviceZone(), utc: 'UTC' }), [timeZone])
}

/** The zone in which times are shown and days begin: the company's, unless the address says another. */
export const useZone = (): { zone: string; choose: (choice: ZoneChoice) => void } => {
  const [address, setAddress] = useSearchParams()
  const zones = useZones()
  const choose = useCallback((next: ZoneChoice) => setAddress(() => writeZone(next, zones, currentAddress())), [setAddress, zones])
  return { zone: readZone(address, zones), choose }
}

/** Writes the zone of this device by its name into an address that leaves it to whoever opens it, so that it is kept and sent as what it shows. */
export const useNamedZone = (): void => {
  const [address, setAddress] = useSearchParams()
  const zones = useZones()
  const isNamed = address.get('zone') !== 'browser'
  useEffect(() => {
    if (!isNamed) setAddress(() => writeZone('browser', zones, currentAddress()), { replace: true, preventScrollReset: true })
  }, [isNamed, zones, setAddress])
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
