import { AsyncLocalStorage } from 'node:async_hooks'

/** Who acts in this request. All of it is text, because it is read years later; what is not known is left out. */
export type ActingPerson = {
  readonly id?: string | null | undefined
  readonly name?: string | null | undefined
  readonly requestId?: string | null | undefined
  /** Where one database holds several companies: theirs, for exports, and for rows that lead to no company by themselves. */
  readonly companyId?: string | null | undefined
}

/** Remembers the person for everything that a request calls and awaits. */
export const acting = new AsyncLocalStorage<ActingPerson>()

/** The person of this request as audit.act_as takes it: null for what is not known. Many drivers refuse undefined, and the delete would fail. */
export function whoActs() {
  const person = acting.getStore()
  if (person === undefined) return null
  const { id = null, name = null, requestId = null, companyId = null } = person
  return { id, name, requestId, companyId }
}
