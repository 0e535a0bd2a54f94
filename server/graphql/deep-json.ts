/** How deep lists and objects may lie in each other. Whoever writes JSON runs out of stack at some thousand. */
const deepest = 1_000

/** What stands in the place of what lies deeper. */
export const tooDeep = `(deeper than ${deepest} levels; an export as JSON Lines has it whole)`

/** Has one entry whose copy lies very deep in itself, which whoever may write a table can make, fail no answer: what lies deeper than 1,000 levels is named instead. */
export const deepJsonPlugin: GraphileConfig.Plugin = {
  name: 'AuditDeepJsonPlugin',
  version: '1.0.0',
  schema: {
    hooks: {
      GraphQLScalarType(config, build) {
        if (config.name !== build.inflection.builtin('JSON')) return config
        return { ...config, serialize: (value: unknown) => shallow(value) }
      },
    },
  },
}

function shallow(value: unknown): unknown {
  return isDeep(value, 0) ? cut(value, 0) : value
}

function isDeep(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return depth >= deepest || Object.values(value).some((inner) => isDeep(inner, depth + 1))
}

function cut(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth >= deepest) return tooDeep
  if (Array.isArray(value)) return value.map((inner) => cut(inner, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, cut(inner, depth + 1)]))
}
