import type { TextKey, Values } from '../text/translate.ts'
import { visible } from '../text/visible.ts'

/** What the server says of filters that a person can bring about here; see `audit_private.read_filter` and `server/event-filter.ts`. */
const reasons: readonly (readonly [RegExp, TextKey])[] = [
  [/^query has no word$/, 'bad_filter.no_word'],
  [/^query has more than (?<most>\d+) words$/, 'bad_filter.many_words'],
  [/^\w+(?: \d+)? is longer than (?<most>\d+) characters$/, 'bad_filter.too_long'],
  [/^\w+(?: \d+)? is empty: leave it out instead$/, 'bad_filter.empty'],
  [/^\w+(?: \d+)? holds a NUL character$/, 'bad_filter.nul'],
  [/^\w+ has more than (?<most>\d+) values$/, 'bad_filter.many_values'],
  [/^(?<value>"(?:[^"\\]|\\.)*"(?:, "(?:[^"\\]|\\.)*")*) is not one of /, 'bad_filter.unknown'],
  [/^(?:act|id) is (?<value>.+?),(?: which is)? not the number of an entry$/, 'bad_filter.not_a_number'],
  [/ is not before .+; the end itself is not part of the period$/, 'bad_filter.wrong_order'],
]

type Text = (key: TextKey, values?: Values) => string

/** One reason in the reader's words; null where it is not known here. */
const known = (said: string, text: Text): string | null => {
  for (const [pattern, key] of reasons) {
    const found = pattern.exec(said)
    if (found) return text(key, Object.fromEntries(Object.entries(found.groups ?? {}).map(([name, value]) => [name, visible(value)])))
  }
  return null
}

/** Why a filter is refused, in the reader's words; in the server's where they are not known here. Several reasons come as one text. */
export const badFilterInWords = (said: string, text: Text): string => {
  const whole = known(said, text)
  if (whole !== null) return whole
  const parts = said.split('; ').map((part) => known(part, text))
  return parts.includes(null) ? visible(said) : [...new Set(parts)].join(' ')
}
