import { sql, type SQL } from 'postgraphile/pg-sql2'

/** A word or phrase of a query, and whether it must be found or must not. */
export interface SearchTerm {
  readonly text: string
  readonly wanted: boolean
}

const term = /(-?)"([^"]*)(?:"|$)|(\S+)/gu

/**
 * Splits a query as a person types it: `isaksson "project manager" -draft`.
 * Every word and every quoted phrase is a term; a minus before it means that it must not occur. A minus alone is a word.
 */
export function parseSearch(query: string): SearchTerm[] {
  const terms: SearchTerm[] = []
  for (const [, minus = '', phrase, word = ''] of query.normalize('NFC').matchAll(term)) {
    if (phrase !== undefined) terms.push({ text: phrase.trim(), wanted: minus === '' })
    else if (word.length > 1 && word.startsWith('-')) terms.push({ text: word.slice(1), wanted: false })
    else terms.push({ text: word, wanted: true })
  }
  return terms.filter(({ text }) => text !== '')
}

/**
 * The conditions of a text search over the names of object, owner and actor, in any case.
 * `%`, `_` and `\` stand for themselves.
 * @param event alias of audit.event in the surrounding query
 */
export function searchConditions(query: string, event: SQL): SQL[] {
  // A line break between the names keeps a phrase from matching across two of them.
  const names = sql`concat_ws(E'\\n', ${event}.object_label, ${event}.owner_label, ${event}.actor_name)`
  return parseSearch(query).map(({ text, wanted }) => {
    const pattern = sql.value(`%${text.replace(/[\\%_]/g, '\\$&')}%`)
    return wanted ? sql`${names} ilike ${pattern}` : sql`${names} not ilike ${pattern}`
  })
}
