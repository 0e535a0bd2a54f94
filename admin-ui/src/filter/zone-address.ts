import { isZoneName } from '../time/zone.ts'
import { type ZoneChoice, zoneChoices } from './address-names.ts'

type Zones = Readonly<Record<ZoneChoice, string>>

/** The zone that an address means to this reader; the company's where it names none that there is. */
export const readZone = (address: URLSearchParams, zones: Zones): string => {
  const said = address.get('zone') ?? 'company'
  const choice = zoneChoices.find((each) => each === said)
  return choice ? zones[choice] : isZoneName(said) ? said : zones.company
}

/** The address with a choice of zone in it: by its name, which means the same to everybody. */
export const writeZone = (choice: ZoneChoice, zones: Zones, address: URLSearchParams): URLSearchParams => {
  const next = new URLSearchParams(address)
  const zone = zones[choice]
  if (zone === zones.company) next.delete('zone')
  else next.set('zone', zone === 'UTC' ? 'utc' : zone)
  return next
}
