const markup = Symbol('markup')

/** Text that is safe to send as HTML. Only the template `html` makes it. */
export type Html = { readonly [markup]: string }

type Piece = Html | string | number | false | null | undefined | readonly Piece[]

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? character)

function markupOf(piece: Piece): string {
  if (piece === null || piece === undefined || piece === false) return ''
  if (typeof piece === 'string') return escape(piece)
  if (typeof piece === 'number') return String(piece)
  if (markup in piece) return piece[markup]
  return piece.map(markupOf).join('')
}

/**
 * A template for HTML: whatever is put into it is escaped, unless it is HTML itself. Lists are joined
 * null, undefined and false leave nothing. Attributes must stand in quotes.
 */
export const html = (strings: TemplateStringsArray, ...pieces: readonly Piece[]): Html => ({
  [markup]: strings.reduce((text, string, index) => text + markupOf(pieces[index - 1]) + string),
})

/** The text of a page that is to be sent. */
export const toText = (page: Html): string => page[markup]
