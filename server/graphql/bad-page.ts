import { Refusal } from '../refusal.ts'

/** Why a page of a list cannot be read. */
export function badPage(detail: string, hint: string): Refusal {
  return new Refusal({ status: 400, code: 'BAD_PAGE', message: 'This page cannot be read.', detail, hint })
}

/** A cursor that is none, or one that was answered for another order. */
export function foreignCursor(): Refusal {
  return badPage('The cursor is not one of this list.', 'Give a cursor that was answered for the same order.')
}
