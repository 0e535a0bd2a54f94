import type { Microseconds } from './calendar.ts'

/** What stands in db_user and application_name of every invented entry. */
export const mark = 'audit generate'

/** An invented entry. Numbers count from zero: `id` among the entries, `transaction` among the transactions of the run. */
export type Entry = {
  id: number
  occurredAt: Microseconds
  transaction: number
  causedBy: number | null
  rootId: number | null
  companyId: string
  actorId: string | null
  actorName: string | null
  actorStatus: 'verified' | 'asserted' | 'missing'
  onBehalfOf: string | null
  action: string
  objectKind: string
  /** A number stands for the entry of that number. */
  objectId: string | number | null
  objectLabel: string | null
  ownerKind: string | null
  ownerId: string | null
  ownerLabel: string | null
  source: 'app' | 'api' | 'admin' | 'system' | 'sql'
  requestId: string | null
  reason: string | null
  clientAddress: string | null
  snapshot: string | null
  details: string | null
  hasForerunners: boolean
}

const columns = [
  'id', 'occurred_at', 'transaction_id', 'caused_by', 'root_id', 'company_id', 'actor_id', 'actor_name', 'actor_status', 'on_behalf_of', 'action',
  'object_kind', 'object_id', 'object_label', 'owner_kind', 'owner_id', 'owner_label', 'source', 'request_id', 'reason', 'client_addr',
  'db_user', 'application_name', 'snapshot', 'details', 'has_forerunners',
]

/** The statement that reads the lines of `makeCopyLine`. */
export const copyStatement = `copy audit.event (${columns.join(', ')}) from stdin with (format text, encoding 'UTF8')`

/**
 * Writes entries as lines for `copyStatement`.
 * @param first the numbers that entry 0 and transaction 0 have in the database
 */
export function makeCopyLine(first: { id: number; transaction: number }): (entry: Entry) => string {
  const number = (id: number | null): string => id === null ? '\\N' : String(first.id + id)
  const time = makeTimeText()
  return (entry) => [
    number(entry.id), time(entry.occurredAt), String(first.transaction + entry.transaction), number(entry.causedBy), number(entry.rootId),
    cell(entry.companyId), cell(entry.actorId), cell(entry.actorName), entry.actorStatus, cell(entry.onBehalfOf), entry.action,
    entry.objectKind, typeof entry.objectId === 'number' ? number(entry.objectId) : cell(entry.objectId), cell(entry.objectLabel), cell(entry.ownerKind), cell(entry.ownerId), cell(entry.ownerLabel),
    entry.source, cell(entry.requestId), cell(entry.reason), cell(entry.clientAddress),
    mark, mark, cell(entry.snapshot), cell(entry.details), entry.hasForerunners ? 't\n' : '\\N\n',
  ].join('\t')
}

const special = /[\\\t\n\r]/
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

function cell(text: string | null): string {
  if (text === null) return '\\N'
  return special.test(text) ? text.replace(/[\\\t\n\r]/g, (character) => escapes[character] ?? character) : text
}

function makeTimeText(): (time: Microseconds) => string {
  let second = Number.NaN
  let text = ''
  return (time) => {
    const now = Math.floor(time / 1_000_000)
    if (now !== second) {
      second = now
      text = new Date(now * 1000).toISOString().slice(0, 19)
    }
    return `${text}.${String(time - now * 1_000_000).padStart(6, '0')}Z`
  }
}
