import { addressOf, mount } from '../request/address.ts'
import { entryPath } from '../shell/place.ts'
import type { WholeEvent } from './event.ts'

/** The address of an entry, for somebody else. */
export const linkTo = (origin: string, id: string, search: string): string =>
  `${origin}${mount.replace(/\/$/, '')}${entryPath(id, search)}`

/** An entry as a line of text: when, what, from where, and its address. */
export const asText = (event: WholeEvent, when: string, source: string, link: string): string =>
  `${when}\n${event.sentence} [${source}]\n${link}`

/** An entry as the server gave it. */
export const asJson = (event: WholeEvent): string => JSON.stringify(event, null, 2)

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
