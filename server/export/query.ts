import pg from 'pg'
import type { CauseCode } from './cause-code.ts'
import type { TimeCode } from './time-code.ts'

/** What the rows of an export are made of; all of it SQL for the alias `event`. */
export interface ExportQuery {
  /** The sentence of an entry, as `sentenceCode` makes it. */
  readonly sentence: string
  /** Its cause and its root, as `causeCode` makes them. */
  readonly causes: Pick<CauseCode, 'cause' | 'root'>
  /** Its time, as `timeCode` makes it. */
  readonly times: TimeCode
}

/** Whether a column holds text that people or programs wrote, which a spreadsheet could take for a formula. */
interface Column {
  readonly name: string
  readonly value: string
  readonly isFree: boolean
  /** In CSV, where that differs. */
  readonly csv?: string
}

const plain = (name: string, value = `event.${name}`): Column => ({ name, value, isFree: false })
const free = (name: string): Column => ({ name, value: `event.${name}`, isFree: true })

/** The columns of an export, in their order; names and order are stable. Kinds and actions are plain words: audit.track takes no others. */
const columns = ({ sentence, causes, times }: ExportQuery): readonly Column[] => [
  plain('id'),
  { ...plain('occurred_at', times.utc), csv: times.csv.utc },
  { ...plain('occurred_at_local', times.local), csv: times.csv.local },
  { name: 'sentence', value: sentence, isFree: true },
  plain('action'),
  plain('object_kind'),
  ...['object_id', 'object_label'].map(free),
  // A table that is not tracked lends its name, which can be anything.
  ...['owner_kind', 'owner_id', 'owner_label', 'actor_id', 'actor_name'].map(free),
  plain('actor_status'),
  free('on_behalf_of'),
  plain('source'),
  plain('caused_by', causes.cause),
  plain('root_id', causes.root),
  plain('transaction_id'),
  ...['request_id', 'reason'].map(free),
  plain('client_addr', 'host(event.client_addr)'),
  ...['db_user', 'application_name', 'company_id'].map(free),
  plain('details'),
  plain('snapshot'),
]

const jsonColumns = ['details', 'snapshot']
/** Numbers that a reader of JSON would round. */
const numberColumns = ['id', 'caused_by', 'root_id', 'transaction_id']

/** The keys of an entry in every format, in their order. */
export const columnNames: readonly string[] = columns({ sentence: '', causes: { cause: '', root: '' }, times: { utc: '', local: '', csv: { utc: '', local: '' } } }).map(({ name }) => name)

/**
 * A part of the rows as CSV. Every value is quoted, so that a program which expects another separator sees no formula
 * inside one, and text that a spreadsheet would run as a formula gets an apostrophe in front.
 * @param conditions over audit.event, as `partsOf` gives them
 */
export function csvCopy(query: ExportQuery, conditions: string, { separator, hasHeader }: { separator: string; hasHeader: boolean }): string {
  const list = columns(query).map(({ name, value, isFree, csv = value }) => `${isFree ? formulaSafe(name, value) : csv} as ${name}`)
  return `copy (${rows(list, conditions)}) to stdout with (format csv, header ${hasHeader}, delimiter ${pg.escapeLiteral(separator)}, force_quote *, encoding 'UTF8')`
}

/**
 * A part of the rows as one JSON object a line, with the same keys.
 * @param isJsonText whether the two columns that are JSON come as text, so that reading a line does not change their numbers
 */
export function jsonLinesCopy(query: ExportQuery, conditions: string, isJsonText = false): string {
  const texts = isJsonText ? [...numberColumns, ...jsonColumns] : numberColumns
  const list = columns(query).map(({ name, value }) => `${texts.includes(name) ? `(${value})::text` : value} as ${name}`)
  const objects = `select row_to_json(line) from (${rows(list, conditions)}) as line`
  // JSON text never holds these two characters, so that CSV leaves it as it is.
  return `copy (${objects}) to stdout with (format csv, quote E'\\x01', delimiter E'\\x02', encoding 'UTF8')`
}

function rows(list: readonly string[], conditions: string): string {
  return `select ${list.join(', ')} from audit.event as event where ${conditions} order by event.occurred_at desc, event.id desc`
}

/** = + - @ tab, line feed, carriage return, and the full-width forms of the first four. */
const dangerous = '-=+@\\t\\n\\r＝＋－＠'

/** An apostrophe before what is dangerous, and one more before what had apostrophes already: so it can be taken away again. */
function formulaSafe(name: string, value: string): string {
  // A sentence begins with its actor; looking at that one spares making the sentence twice.
  const first = name === 'sentence' ? 'coalesce(event.actor_name, event.actor_id)' : value
  const dangerousFirst = `${first} ~ E'^\\'*[${dangerous}]'`
  if (name === 'sentence') return `case when (${isOrdinary(first)}) is not true and ${dangerousFirst} then '''' else '' end || ${value}`
  // What is null is often null; asking for that first spares the looks at it.
  return `case when ${value} is null then null when ${isOrdinary(value)} then ${value} when ${dangerousFirst} then '''' || ${value} else ${value} end`
}

/** Nearly every value begins with a letter or a digit: comparing a number takes a tenth of matching a pattern, which looks from ＋ (65291) on. */
function isOrdinary(value: string): string {
  return `ascii(${value}) > 64 and ascii(${value}) < 65291 or ascii(${value}) between 48 and 57`
}
