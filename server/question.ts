import { escapeLiteral } from 'pg'
import type { EventFilter } from './event-filter.ts'
import { listAddress, type ListPlace } from './list-address.ts'

/** A page of the list, as its reader has it before them. */
export interface ListState {
  readonly filter: EventFilter
  readonly order: 'desc' | 'asc'
  /** How many entries. */
  readonly first: number
}

/** The same question, four ways. */
export interface Question {
  /** Address of the list in the screens, where they ask for just that; null for what they cannot show, such as oldest first. */
  readonly address: string | null
  readonly graphql: { readonly query: string; readonly variables: Readonly<Record<string, unknown>> }
  /** For a shell; the token of the host application stands in $TOKEN. */
  readonly curl: string
  /** For psql, by a member of audit_dba. */
  readonly sql: string
}

/** The document of the GraphQL form. */
export const questionDocument = `query ($filter: EventFilter, $orderBy: EventOrderBy!, $first: Int!, $after: Cursor) {
  events(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    nodes { id occurredAt sentence action actorName objectKind objectId objectLabel ownerLabel source }
    pageInfo { hasNextPage endCursor }
  }
}`

/**
 * Writes a list so that it can be had without the screens, and shown to somebody else.
 * @param company whose entries they are
 */
export function writeQuestion({ filter, order, first }: ListState, { company, ...place }: ListPlace & { readonly company: string }): Question {
  const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== null && value !== undefined))
  const graphql = { query: questionDocument, variables: { filter: given, orderBy: order === 'asc' ? 'OCCURRED_AT_ASC' : 'OCCURRED_AT_DESC', first } }
  return {
    address: order === 'asc' ? null : listAddress(filter, place),
    graphql,
    curl: [
      `curl -sS ${inShell(`${place.mount}graphql`)} \\`,
      `  -H 'content-type: application/json' -H "authorization: Bearer $TOKEN" \\`,
      `  --data-raw ${inShell(asJson(graphql))}`,
    ].join('\n'),
    sql: [
      'select id, occurred_at, audit.sentence(event) as sentence, action, actor_name, object_kind, object_id, object_label, owner_label, source',
      `from audit.find_events(${escapeLiteral(asJson({ companyId: company, ...given }))}, is_ascending => ${order === 'asc'}, page_size => ${first}) event;`,
    ].join('\n'),
  }
}

/** What a terminal could take for a command of its own when it is pasted, or what would show the text in another order than it is run. */
const unseen = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** A value as JSON in which every character that is not seen is written by its number. */
function asJson(value: unknown): string {
  return JSON.stringify(value).replace(unseen, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Text as one word of a POSIX shell. */
function inShell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
