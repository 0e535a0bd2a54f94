/** The text of each number that JavaScript would hold as another one; in its place stands an object that no schema takes for a number. */
const texts = new WeakMap<object, string>()

/** A reviver for JSON.parse that keeps such a number from becoming another one: 9007199254740993 would be 9007199254740992. */
export function keepInexact(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined || decimal(context.source) === decimal(String(value))) return value
  const inexact = Object.freeze({})
  texts.set(inexact, context.source)
  return inexact
}

/** The first number within a value that is not exactly what was sent, or may not be; null if each is. A JSON text that somebody else has read shows no more than that an integer is too large. */
export function inexactIn(value: unknown): string | null {
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) return String(value)
  if (typeof value !== 'object' || value === null) return null
  const text = texts.get(value)
  if (text !== undefined) return text
  for (const inner of Object.values(value)) {
    const found = inexactIn(inner)
    if (found !== null) return found
  }
  return null
}

/** A decimal number in the one form that all texts of it have: its digits without zeros at either end, and a power of ten. */
function decimal(text: string): string {
  const [, sign = '', whole = '', fraction = '', power = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text) ?? []
  const digits = (whole + fraction).replace(/^0+/, '')
  const kept = digits.replace(/0+$/, '')
  return kept === '' ? '0' : `${sign}${kept}e${Number(power) - fraction.length + digits.length - kept.length}`
}
