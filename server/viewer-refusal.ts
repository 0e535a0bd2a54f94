import { Refusal } from './refusal.ts'
import type { Viewer } from './viewer.ts'

/** Why somebody may not read the log, as a refusal. */
export function refusedAccess(access: Exclude<Viewer['access'], 'granted'>, contact: string | null): Refusal {
  const refusals = {
    not_signed_in: { status: 401, message: 'Nobody is signed in.', hint: 'Open the audit log from the host application.' },
    company_unknown: { status: 403, message: 'The company of this session is not known.', hint: 'Sign in again from the host application.' },
    not_administrator: { status: 403, message: 'Only administrators of the company may read its audit log.', hint: 'Ask an administrator of your company.' },
    add_on_missing: { status: 403, message: 'The company has not bought the audit log.', hint: contact ? `Ask ${contact}.` : 'Ask your sales contact.' },
  }
  return new Refusal({ code: access.toUpperCase(), ...refusals[access] })
}
