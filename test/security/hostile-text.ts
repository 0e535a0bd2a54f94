/** A generator of numbers that are the same in every run: mulberry32, https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
export function makeRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const pieces: readonly string[] = [
  // SQL, shells, templates, paths, mark-up, spreadsheets, logs.
  `'`, `''`, `"`, `;--`, `/*`, `*/`, `$1`, `$$`, `$x$`, `\\`, `\\'`, `E'\\x00'`, '%', '_', '%s', '%n', '||', `' or 1=1 --`, `'; drop table audit.event; --`, 'pg_sleep(9)', 'null', 'undefined', 'NaN', 'true', '-', '--', '-word', '"phrase', '( ', ' & ', ' | ', '!', ':*', '<->',
  '`id`', '$(id)', '${7*7}', '{{7*7}}', '#{7*7}', '../../etc/passwd', '%2e%2e%2f', '%00', 'C:\\', '<script>alert(1)</script>', '<img src=x onerror=alert(1)>', ']]>', '<!--', '&lt;', '&#x3c;', 'javascript:alert(1)', '=cmd|calc!A1', '=1+1', '+1', '@SUM(1)', '\t=1', '\r\n', '\n', '\t', '\u001b[31m', '\u001f', '\u0007', '\u007f',
  '__proto__', 'constructor', 'toString', '{"a":1}', '[]', '\\u0000', '\\ud800',
  // Unicode: directions, joiners, combining marks, foldings, normal forms, wide and supplementary characters.
  '\u202e', '\u2066', '\u200d', '\u200b', '\ufeff', '\u2028', '\u2029', '\u0301', 'e\u0301', '\u00e9', 'ß', 'SS', 'İ', 'ı', 'Å', 'Å', 'ﬁ', 'Ａ', '👩‍👩‍👧', '🏳️‍🌈', '𝕏', '\u{10ffff}', '\ufffd', '\uffff', 'ﷺ', 'ไทย', '日本', 'עברית', 'x'.repeat(90),
]
/** What PostgreSQL cannot store as text: it must be refused, not end anything. */
const impossible: readonly string[] = ['\0', 'a\0b', '\ud800', '\udc00\ud800', '\udfff']

/**
 * Hostile texts, the same for the same seed.
 * @param withImpossible whether a twentieth of them holds what PostgreSQL cannot store
 */
export function hostileTexts(seed: number, count: number, withImpossible: boolean): string[] {
  const random = makeRandom(seed)
  const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)] ?? ''
  return Array.from({ length: count }, () => {
    const parts = Array.from({ length: 1 + Math.floor(random() * 4) }, () => {
      const kind = random()
      if (kind < 0.75) return pick(pieces)
      if (kind < 0.95 || !withImpossible) return String.fromCodePoint(...Array.from({ length: 1 + Math.floor(random() * 6) }, () => codePoint(random)))
      return pick(impossible)
    })
    return parts.join(random() < 0.3 ? ' ' : '')
  })
}

/** Any character that is no surrogate and not NUL. */
function codePoint(random: () => number): number {
  const plane = random() < 0.7 ? 0x3000 : 0x10ffff
  const point = 1 + Math.floor(random() * (plane - 1))
  return point >= 0xd800 && point <= 0xdfff ? 0x263a : point
}
