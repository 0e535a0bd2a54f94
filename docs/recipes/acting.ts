import { AsyncLocalStorage } from 'node:async_hooks'

/** Who acts in this request. All of it is text, because it is read years later. */
export type ActingPerson = { readonly id: string, readonly name: string, readonly requestId: string }

/** Remembers the person for everything that a request calls and awaits. */
export const acting = new AsyncLocalStorage<ActingPerson>()
