/** What a terminal obeys, or shows in another order than it stands there: control characters, directions of writing, other ends of lines, what is not seen. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** The joiners that emoji and Persian words need. */
const joiners = new Set(['\u200c', '\u200d'])

function shown(text: string, kept: (character: string) => boolean, write: (character: string) => string): string {
  return text.replace(unseen, (character) => (joiners.has(character) || kept(character) ? character : write(character)))
}

const byNumber = (character: string) => `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`

/**
 * Text that somebody else wrote, such as a name, on one line: a line feed shows as ⟨U+000A⟩ and begins no line, ESC as ⟨U+001B⟩
 * and clears no screen. The screens show it so too (admin-ui/src/text/visible.ts).
 */
export function visible(text: string): string {
  return shown(text, () => false, byNumber)
}

/** The same for an output of several lines: their ends and tabs stay. */
export function visibleLines(text: string): string {
  return shown(text, (character) => character === '\n' || character === '\t', byNumber)
}

/** JSON text that means the same, and in which every character that is not seen is written by its number. */
export function visibleJson(value: unknown): string {
  const escaped = (character: string) => character.split('').map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
  return shown(JSON.stringify(value, null, 2), (character) => character === '\n', escaped)
}
