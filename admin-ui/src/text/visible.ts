const allowed = new Set(['\u200c', '\u200d'])

/**
 * Text with its control and invisible characters made visible: a right-to-left override shows as ⟨U+202E⟩ and
 * turns nothing around. The joiners that emoji and Persian words need stay.
 */
export const visible = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    allowed.has(character)
      ? character
      : `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`,
  )
