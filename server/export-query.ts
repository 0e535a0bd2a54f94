import pg from 'pg'
import { sql, type SQL } from 'postgraphile/pg-sql2'
import { eventConditions, type EventFilter } from './event-filter.ts'

export interface ExportQuery {
  readonly filter: EventFilter
  /** Time zone of occurred_at_local, as PostgreSQL names it. */
  readonly timeZone: string
  /** Language of the sentences. */
  readonly locale: string
}

const event = sql.identifier('event')

/** The columns of an export, in their order; names and order are stable. `isFree` marks text that people or programs wrote. */
const columns = ({ timeZone, locale }: ExportQuery) => [
  { name: 'id', value: sql`${event}.id::text` },
  { name: 'occurred_at', value: sql`to_char(${event}.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')` },
  { name: 'occurred_at_local', value: sql`to_char(${event}.occurred_at at time zone ${sql.value(timeZone)}, 'YYYY-MM-DD HH24:MI:SS')` },
  { name: 'sentence', value: sql`audit.sentence(${event}, ${sql.value(locale)})`, isFree: true },
  { name: 'action', value: sql`${event}.action` },
  ...['object_kind', 'object_id', 'object_label', 'owner_kind', 'owner_id', 'owner_label', 'actor_id', 'actor_name'].map(free),
  { name: 'actor_status', value: sql`${event}.actor_status` },
  free('on_behalf_of'),
  { name: 'source', value: sql`${event}.source` },
  { name: 'caused_by', value: sql`audit.cause_of(${event})::text` },
  { name: 'root_id', value: sql`audit.root_of(${event})::text` },
  { name: 'transaction_id', value: sql`${event}.transaction_id::text` },
  ...['request_id', 'reason'].map(free),
  { name: 'client_addr', value: sql`host(${event}.client_addr)` },
  ...['db_user', 'application_name', 'company_id'].map(free),
  { name: 'details', value: sql`${event}.details`, isJson: true },
]

/** How many columns the CSV form has. */
export const columnCount = columns({ filter: {}, timeZone: 'UTC', locale: 'en' }).length

/**
 * The rows as CSV with a header. Every value is quoted, so that a program which expects another separator sees no formula
 * inside one, and text that a spreadsheet would run as a formula gets an apostrophe in front.
 */
export function csvCopy(query: ExportQuery, separator: ',' | ';'): string {
  const list = columns(query).map(({ name, value, ...kind }) => sql`${'isFree' in kind ? formulaSafe(value) : value} as ${sql.identifier(name)}`)
  return inlined(sql`copy (${rows(list, query.filter)}) to stdout with (format csv, header, delimiter ${sql.value(separator)}, force_quote *, encoding 'UTF8')`)
}

/** The rows as one JSON object a line, with the same keys and the snapshot. */
export function jsonLinesCopy(query: ExportQuery): string {
  const list = columns(query).map(({ name, value }) => sql`${value} as ${sql.identifier(name)}`)
  const objects = sql`select row_to_json(line) from (${rows([...list, sql`${event}.snapshot`], query.filter)}) as line`
  // JSON text never holds these two characters, so that CSV leaves it as it is.
  return inlined(sql`copy (${objects}) to stdout with (format csv, quote E'\\x01', delimiter E'\\x02', encoding 'UTF8')`)
}

function rows(list: SQL[], filter: EventFilter): SQL {
  const conditions = [sql`true`, ...eventConditions(filter, event)]
  return sql`select ${sql.join(list, ', ')} from audit.event as ${event} where ${sql.join(conditions, ' and ')} order by ${event}.occurred_at desc, ${event}.id desc`
}

function free(name: string) {
  return { name, value: sql`${event}.${sql.identifier(name)}`, isFree: true }
}

/** = + - @ tab, line feed, carriage return, and the full-width forms of the first four. */
const dangerous = ['=', '+', '-', '@', '\t', '\n', '\r', '＝', '＋', '－', '＠']
  .map((character) => sql.literal(character.codePointAt(0) ?? 0))

function formulaSafe(value: SQL): SQL {
  return sql`case when ascii(${value}) in (${sql.join(dangerous, ', ')}) then '''' || ${value} else ${value} end`
}

/** COPY takes no parameters: they are written into it as literals, quoted by the driver. */
function inlined(query: SQL): string {
  const { text, values } = sql.compile(query)
  return text.replace(/\$(\d+)/g, (_match, number) => literal(values[Number(number) - 1]))
}

function literal(value: unknown): string {
  if (typeof value === 'string') return pg.escapeLiteral(value)
  if (Array.isArray(value)) return `array[${value.map(literal).join(', ')}]`
  throw new TypeError(`A filter value of type ${typeof value} cannot be written into COPY: make it text in server/event-filter.ts.`)
}
