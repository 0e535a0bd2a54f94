/** Deeper than this nobody reads it line by line. */
const mostLevels = 20

const isDeep = (value: unknown, levels = mostLevels): boolean =>
  typeof value === 'object' && value !== null && (levels === 0 || Object.values(value).some((part) => isDeep(part, levels - 1)))

/** As `JSON.stringify` does it, which calls itself for each level until there is no room for another call. */
const onOneLine = (value: unknown): string => {
  const left: { readonly text?: string; readonly value?: unknown }[] = [{ value }]
  let json = ''
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { text, value } = next
    if (text !== undefined) json += text
    else if (typeof value !== 'object' || value === null) json += JSON.stringify(value)
    else {
      const isArray = Array.isArray(value)
      left.push({ text: isArray ? ']' : '}' })
      const parts = Object.entries(value)
      for (const [at, [key, part]] of [...parts.entries()].reverse()) {
        left.push({ value: part }, { text: `${at === 0 ? '' : ','}${isArray ? '' : `${JSON.stringify(key)}:`}` })
      }
      json += isArray ? '[' : '{'
    }
  }
  return json
}

/** A value as JSON, indented unless it is nested so deep that this would be no help: then on one line. */
export const jsonText = (value: unknown, indent = 0): string => (isDeep(value) ? onOneLine(value) : JSON.stringify(value, null, indent))
