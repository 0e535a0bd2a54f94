import { users } from './kinds.ts'
import type { Kind } from './kinds.ts'
import { Refusal } from './refusal.ts'
import type { Person } from './session.ts'

/** Whether a person may delete things of this kind: profiles are for administrators, the rest is for everybody. */
export const mayDelete = (person: Person, kind: Kind): boolean => kind !== users || person.isAdministrator

/** Refuses a person who may not delete things of this kind. */
export function refuseToDelete(person: Person, kind: Kind): void {
  if (!mayDelete(person, kind)) throw new Refusal(403, 'Only administrators of the company delete user profiles.')
}

/** The refusal for a row that is not there, or is another company's. */
export const gone = (kind: Kind): Refusal =>
  new Refusal(404, `There is no such ${kind.one} any more. Somebody may have deleted it.`)
