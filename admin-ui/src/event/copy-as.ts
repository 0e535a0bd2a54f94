import { addressOf, mount } from '../request/address.ts'
import { entryPath } from '../shell/place.ts'
import type { WholeEvent } from './event.ts'
import { visible } from '../text/visible.ts'
import { jsonText } from './json-text.ts'

/** The address of an entry, for somebody else. */
export const linkTo = (origin: string, id: string, search: string): string =>
  `${origin}${mount.replace(/\/$/, '')}${entryPath(id, search)}`

/** An entry as a line of text: when, what, from where, and its address. A line end in a name makes no line of its own. */
export const asText = (event: WholeEvent, when: string, source: string, link: string): string =>
  `${when}\n${visible(event.sentence)} [${source}]\n${link}`

/** An entry as the server gave it. */
export const asJson = (event: WholeEvent): string => jsonText(event, 2)

/** The question that gives the entry in psql. */
export const asSql = ({ id }: Pick<WholeEvent, 'id'>): string =>
  `select e.*, audit.sentence(e) from audit.event e where e.id = ${id};`

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** The question that gives the entry in a shell, word for word that of the screens, for a program with a token of the host application. */
export const asCurl = (origin: string, question: { readonly query: string; readonly variables: object }): string =>
  [
    `curl ${quoted(`${origin}${addressOf('graphql')}`)}`,
    `-H "Authorization: Bearer $TOKEN"`,
    `-H 'Content-Type: application/json'`,
    `--data ${quoted(JSON.stringify(question))}`,
  ].join(' \\\n  ')

/** A value as a cell that can be pasted into a spreadsheet: nothing in it runs as a formula there. */
const cell = (value: unknown): string => {
  const text = value === null ? '' : typeof value === 'object' ? jsonText(value) : String(value)
  const safe = typeof value === 'string' && /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text
  return /[\t\r\n"]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** A row of a table as lines of column and value, to be pasted into a spreadsheet or a message. */
export const asTable = (row: unknown): string =>
  (typeof row === 'object' && row !== null && !Array.isArray(row) ? Object.entries(row) : [['', row] as const])
    .map(([column, value]) => `${cell(column)}\t${cell(value)}`)
    .join('\n')
