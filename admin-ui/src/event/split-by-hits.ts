import { visible } from '../text/visible.ts'

/**
 * Splits a text at the words of a search, whatever their case: every second piece is a hit. Words that must not occur
 * (`-word`) are none.
 *
 * `splitByHits('Jessica Kowalski', 'kow')` is `['Jessica ', 'Kow', 'alski']`.
 */
export const splitByHits = (text: string, query: string): readonly string[] => {
  const words = query
    .replaceAll('"', ' ')
    .split(/\s+/)
    .filter((word) => word !== '' && !word.startsWith('-'))
    .map((word) => word.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'))
  return words.length === 0 ? [text] : text.split(new RegExp(`(${words.join('|')})`, 'iu'))
}

/** The same with what cannot be seen made visible: the letters that stand for it are no hits. */
export const visibleByHits = (text: string, query: string): readonly string[] => splitByHits(text, query).map(visible)
