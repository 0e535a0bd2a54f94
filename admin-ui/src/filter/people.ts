import type { EventFacet, EventFacets } from '../event/event-numbers.ts'
import { visible } from '../text/visible.ts'
import type { Locale } from '../text/locale.ts'

/** So many people the server gives, the most active first. */
export const mostPeople = 100

/** Somebody who can be chosen, by a name that nobody else on the list has. */
export type Person = { readonly actor: EventFacet; readonly name: string }

/** Whether there may be people whom the choices leave out, and why. */
export const leftOutOf = ({ actors, isExact }: EventFacets): 'less_active' | 'older' | null =>
  actors.length >= mostPeople ? 'less_active' : isExact ? null : 'older'

/** The name that shows who is meant: with the id where somebody else has the same name. */
export const nameApart = (name: string, id: string, others: Iterable<{ readonly id: string | null; readonly name: string | null }>): string => {
  for (const other of others) if (other.name === name && other.id !== null && other.id !== id) return `${name} (${id})`
  return name
}

/** The people whose names have what somebody typed, as they were given. */
export const peopleNamed = (actors: readonly EventFacet[], typed: string, locale: Locale): readonly Person[] => {
  const lower = (text: string) => text.toLocaleLowerCase(locale)
  const all = actors.filter(({ value }) => value !== '').map((actor) => ({ actor, id: actor.value, name: actor.label ?? actor.value }))
  return all
    .map(({ actor, id, name }) => ({ actor, name: visible(nameApart(name, id, all)) }))
    .filter(({ name }) => lower(name).includes(lower(typed.trim())))
}
