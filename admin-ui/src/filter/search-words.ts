/**
 * Whether there is anything in a search that can be looked for. Quotes alone hold no word; the server refuses them, and
 * who has typed the first one of a phrase is not done yet. It follows `audit_private.search_terms`.
 */
export const hasWord = (query: string): boolean => !/^(?:\s|-?"\s*(?:"|$))*$/.test(query)

/** The search as it is asked for: without blanks around it, and nothing where there is no word in it. */
export const searchFor = (typed: string): string => (hasWord(typed) ? typed.trim() : '')
