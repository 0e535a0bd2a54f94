import { operatorTool } from '../db/installation.ts'
import { refuseMissingRoles } from './login-roles.ts'
import { Refusal } from './refusal.ts'

const gone = /^(08...|28000|28P01|3D000|25P03|53300|57P0[1-5]|ECONNREFUSED|ECONNRESET|ENOTFOUND|EHOSTUNREACH|ETIMEDOUT|EPIPE|EAI_AGAIN|ENOENT)$/
const goneMessage = /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Cannot use a pool after|Query read timeout)/
/** serialization_failure and deadlock_detected: the transaction is undone, and nothing is wrong with what was asked. */
const collided = new Set(['40001', '40P01'])
/** character_not_in_repertoire and untranslatable_character: of what is well-formed, only a NUL character is refused so. */
const unstorable = new Set(['22021', '22P05'])
const notInstalled = new Set(['3F000', '42P01', '42883', '42704'])

/** Whether an error says that the connection to the database is lost, not to be had, or dead. */
export function isGone(error: unknown): boolean {
  const { code, message } = propertiesOf(error)
  return gone.test(code) || goneMessage.test(message)
}

/**
 * What an error of PostgreSQL or of the connection to it means for whoever asked.
 * @returns null if it must not be shown: it goes to the log under an id
 */
export function refusalOf(error: unknown): Refusal | null {
  if (error instanceof Refusal) return error
  const { code, message, detail, hint } = propertiesOf(error)
  if (isGone(error)) {
    return new Refusal({
      status: 503, code: 'DATABASE_UNAVAILABLE', message: 'The database cannot be reached at the moment.',
      hint: 'Try again in a few seconds.', headers: { 'retry-after': '5' }, cause: error,
    })
  }
  if (collided.has(code)) {
    return new Refusal({
      status: 503, code: 'BUSY', message: 'Others changed the same at the same moment, so nothing of this was done.',
      hint: 'Send the same again.', headers: { 'retry-after': '1' }, cause: error,
    })
  }
  if (code === '57014') {
    return new Refusal({
      status: 503, code: 'TOO_SLOW', message: 'This took too long and was stopped.',
      hint: 'Narrow the filter, for example to a shorter period.', headers: { 'retry-after': '5' }, cause: error,
    })
  }
  if (code === '25006') {
    return new Refusal({
      status: 503, code: 'DATABASE_READ_ONLY', message: 'The database takes nothing new at the moment, so that this cannot be recorded.',
      hint: 'Try again later. What need not be recorded can be read.', headers: { 'retry-after': '30' }, cause: error,
    })
  }
  if (/^53/.test(code)) {
    return new Refusal({
      status: 503, code: 'DATABASE_FULL', message: 'The database has no room or no memory left.',
      hint: 'Try again later. An operator finds the reason in the log.', headers: { 'retry-after': '30' }, cause: error,
    })
  }
  if (notInstalled.has(code)) {
    return new Refusal({
      status: 503, code: 'NOT_INSTALLED', message: 'The audit log is not installed in this database, or is not complete.',
      hint: `An operator runs: ${operatorTool} migrate`, headers: { 'retry-after': '30' }, cause: error,
    })
  }
  const role = code === '42501' ? /^permission denied to set role "(audit_\w+)"$/.exec(message)?.[1] : undefined
  if (role !== undefined) return refuseMissingRoles([role], error)
  if (unstorable.has(code)) {
    return new Refusal({
      status: 400, code: 'BAD_TEXT', message: 'A text of the request cannot be used.', detail: 'It holds a NUL character, which no text of the database can hold.',
      hint: 'Send it without.', cause: error,
    })
  }
  // Class AU is our own: its texts are written for the caller.
  if (/^AU\d{3}$/.test(code)) {
    return new Refusal({ status: code === 'AU005' ? 403 : code === 'AU010' ? 409 : 400, code: code === 'AU006' ? 'BAD_FILTER' : code, message, detail, hint, cause: error })
  }
  return null
}

function propertiesOf(error: unknown) {
  const of = (name: string) => {
    const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined
    return typeof value === 'string' ? value : undefined
  }
  return { code: of('code') ?? '', message: of('message') ?? '', detail: of('detail'), hint: of('hint') }
}
