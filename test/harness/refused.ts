import pg from 'pg'
import * as assert from 'uvu/assert'

/**
 * Expects a query to be refused with that SQLSTATE and a message that matches.
 * @returns the error of the database, to look at its detail and hint.
 */
export async function refused(query: Promise<unknown>, sqlstate: string, message?: RegExp): Promise<pg.DatabaseError> {
  const error = await query.then(() => null, (reason: unknown) => reason)
  if (error === null) assert.unreachable(`It was allowed; expected it to be refused with ${sqlstate}.`)
  if (!(error instanceof pg.DatabaseError)) throw error
  assert.is(error.code, sqlstate, `Refused with ${error.code} (${error.message}), expected ${sqlstate}.`)
  if (message !== undefined) assert.match(error.message, message)
  return error
}
