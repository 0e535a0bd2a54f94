import { isZoneName } from '../time/zone.ts'

/** The names of the address that say what the list is narrowed by; those of lists may stand there several times. */
export const listNames = { actions: 'action', notActions: 'notAction', sources: 'source', notSources: 'notSource' } as const
export const textNames = { actor: 'actor', kind: 'kind', request: 'request', act: 'act' } as const
export const thingNames = { object: 'object', owner: 'owner' } as const
export const queryName = 'q'
export const periodNames = ['period', 'from', 'to'] as const

/** Every name that narrows, in the order of the filters on the page. */
export const filterNames: readonly string[] = [
  ...Object.values(listNames),
  ...periodNames,
  queryName,
  ...Object.values(textNames),
  ...Object.values(thingNames),
]

/**
 * The zones a reader can choose. In the address stands `utc`, or the name of a zone, so that a link means the same to
 * whoever opens it; nothing, or `company`, is the company's. `browser` in an older link is that of whoever opens it.
 */
export const zoneChoices = ['company', 'browser', 'utc'] as const
export type ZoneChoice = (typeof zoneChoices)[number]

const isZone = (value: string): boolean => zoneChoices.some((each) => each === value) || isZoneName(value)

/** What says how the list is shown, and whether it can say that. */
export const showNames: Readonly<Record<string, (value: string) => boolean>> = {
  zone: isZone,
  entries: (value) => value === 'each',
}

/** What mailers, search engines and measuring add to any link: it is not meant for the log. */
export const isAddedByOthers = (name: string): boolean =>
  /^(utm_\w+|mtm_\w+|gclid|dclid|fbclid|msclkid|mc_cid|mc_eid|mkt_tok|_ga|_gl|_hsenc|_hsmi)$/i.test(name)

/** Whether a part of the address stays when the filter changes: how the list is shown, and what others have added. */
export const isBesides = (name: string, values: readonly string[]): boolean =>
  isAddedByOthers(name) ||
  (values.length === 1 && values.every((value) => Object.hasOwn(showNames, name) && (showNames[name]?.(value) ?? false)))
