import type { TextKey, Values } from '../text/translate.ts'
import { visible } from '../text/visible.ts'

/** What the server says of filters that a person can bring about here; see `audit_private.read_filter` and `server/event-filter.ts`. */
const reasons: readonly (readonly [RegExp, TextKey])[] = [
  [/^query has no word$/, 'bad_filter.no_word'],
  [/^query has more than (?<most>\d+) words$/, 'bad_filter.many_words'],
  [/^\w+ is longer than (?<most>\d+) characters$/, 'bad_filter.too_long'],
  [/^(?<value>"[^"]*"(?:, "[^"]*")*) is not one of /, 'bad_filter.unknown'],
  [/^act is (?<value>.+), not the number of an entry$/, 'bad_filter.not_a_number'],
  [/ is not before .+; the end itself is not part of the period$/, 'bad_filter.wrong_order'],
]

/** Why a filter is refused, in the reader's words; in the server's where they are not known here. */
export const badFilterInWords = (said: string, text: (key: TextKey, values?: Values) => string): string => {
  for (const [pattern, key] of reasons) {
    const found = pattern.exec(said)
    if (found) return text(key, Object.fromEntries(Object.entries(found.groups ?? {}).map(([name, value]) => [name, visible(value)])))
  }
  return visible(said)
}
