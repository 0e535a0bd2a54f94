import { getOperationAST, Kind, parse, valueFromASTUntyped, type DocumentNode, type FieldNode, type FragmentDefinitionNode, type OperationDefinitionNode, type SelectionSetNode } from 'postgraphile/graphql'
import { Refusal } from '../refusal.ts'

/** How much a document may ask for. Each limit is several times what a screen needs. */
const documentLimits = {
  /** Words and signs. Some rules of validation take time that grows with its square. */
  tokens: 2_000,
  /** Fields of Query, under whatever alias: each is a query of its own. */
  rootFields: 6,
  /** Fields in all, each fragment counted where it is used. */
  fields: 250,
  /** Fields with a name of the caller's own. */
  aliases: 50,
  /** Fields inside of fields. */
  depth: 15,
  /** See `weights`. */
  cost: 20_000,
} as const

/** What a field costs in comparison with a column of an entry; a list costs what is in it as often as it has entries. */
const weights: Readonly<Record<string, number>> = {
  events: 20, event: 20, root: 20, eventCount: 200, totalCount: 200, eventFacets: 1_000, eventHistogram: 1_000,
  wentAlong: 5, causedBy: 3, rootId: 3, sentence: 3, sentenceParts: 3,
}
const usualPage = 25

/** One GraphQL request, before anything is checked against the schema. */
export interface Asked {
  readonly query: string
  readonly document: DocumentNode
  readonly operationName: string | null
  /** As they will hold: what is not given has the default that the document names. */
  readonly variables: Readonly<Record<string, unknown>>
}

/** `perEntry` is the cost of what is asked of each entry of the list around it. */
type Size = { fields: number; aliases: number; depth: number; cost: number; perEntry: number }

/**
 * Reads the body of a request and refuses a document that is larger than any screen needs, before validation walks through it.
 * @returns null for what is no document: PostGraphile says why
 * @throws Refusal DOCUMENT_TOO_LARGE
 */
export function readAsked(body: unknown): Asked | null {
  const of = (name: string): unknown => typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined
  const query = of('query')
  if (typeof query !== 'string') return null
  const document = parseWithin(query)
  if (document === null) return null
  const variables = of('variables')
  const given = of('operationName')
  const operationName = typeof given === 'string' ? given : null
  const asked = { query, document, operationName, variables: { ...defaultsOf(document, operationName), ...(isRecord(variables) ? variables : {}) } }
  refuseLarge(asked)
  return asked
}

/** What of the log a request reads: an entry, or entries with a filter; nothing if it only asks who may. */
export function readsOf({ document, operationName, variables }: Asked): { subject: 'entries' | 'entry'; filter: unknown }[] {
  const reads = new Map<string, { subject: 'entries' | 'entry'; filter: unknown }>()
  for (const field of rootFields(document, operationName)) {
    const name = field.name.value
    if (name === 'viewer' || name.startsWith('__')) continue
    const wanted = name === 'event' ? 'id' : 'filter'
    const argument = field.arguments?.find((given) => given.name.value === wanted)
    const value = argument === undefined ? null : valueFromASTUntyped(argument.value, { ...variables }) ?? null
    const read = name === 'event' ? { subject: 'entry' as const, filter: { id: value } } : { subject: 'entries' as const, filter: value }
    reads.set(JSON.stringify(read), read)
  }
  return [...reads.values()]
}

/** Whether any filter searches for words. */
export function isSearch(reads: ReturnType<typeof readsOf>): boolean {
  return reads.some(({ filter }) => isRecord(filter) && typeof filter['query'] === 'string')
}

function parseWithin(query: string): DocumentNode | null {
  try {
    return parse(query, { maxTokens: documentLimits.tokens, noLocation: true })
  } catch (error) {
    if (error instanceof Error && error.message.includes(`${documentLimits.tokens} tokens`)) throw tooLarge(`It has more than ${documentLimits.tokens} words and signs.`)
    return null
  }
}

function refuseLarge({ document, operationName, variables }: Asked): void {
  const fragments = fragmentsOf(document)
  const sizes = new Map<string, Size>()
  const sizeOf = (set: SelectionSetNode | undefined): Size => {
    const size: Size = { fields: 0, aliases: 0, depth: 0, cost: 0, perEntry: 0 }
    for (const selection of set?.selections ?? []) {
      if (selection.kind === Kind.FIELD) {
        const inner = sizeOf(selection.selectionSet)
        size.fields += 1 + inner.fields
        size.aliases += (selection.alias === undefined ? 0 : 1) + inner.aliases
        size.depth = Math.max(size.depth, 1 + inner.depth)
        if (selection.name.value === 'nodes' || selection.name.value === 'edges') size.perEntry += 1 + inner.cost + inner.perEntry
        else size.cost += (weights[selection.name.value] ?? 1) + inner.cost + pageOf(selection, variables) * inner.perEntry
      } else {
        const inner = selection.kind === Kind.INLINE_FRAGMENT ? sizeOf(selection.selectionSet) : sizeOfFragment(selection.name.value)
        for (const key of ['fields', 'aliases', 'cost', 'perEntry'] as const) size[key] += inner[key]
        size.depth = Math.max(size.depth, inner.depth)
      }
    }
    return size
  }
  const sizeOfFragment = (name: string): Size => {
    const known = sizes.get(name)
    if (known !== undefined) return known
    // A fragment that uses itself is endless; validation would say so later.
    sizes.set(name, { fields: Infinity, aliases: 0, depth: 0, cost: 0, perEntry: 0 })
    const size = sizeOf(fragments.get(name)?.selectionSet)
    sizes.set(name, size)
    return size
  }

  const roots = rootFields(document, operationName).length
  if (roots > documentLimits.rootFields) throw tooLarge(`It has ${roots} fields of Query; ${documentLimits.rootFields} are allowed.`)
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION && definition.kind !== Kind.FRAGMENT_DEFINITION) continue
    const size = definition.kind === Kind.FRAGMENT_DEFINITION ? sizeOfFragment(definition.name.value) : sizeOf(definition.selectionSet)
    for (const key of ['fields', 'aliases', 'depth', 'cost'] as const) {
      if (size[key] > documentLimits[key]) throw tooLarge(`Its ${key} ${key === 'depth' || key === 'cost' ? 'is' : 'are'} ${size[key]}; ${documentLimits[key]} ${key === 'depth' || key === 'cost' ? 'is' : 'are'} allowed.`)
    }
  }
}

/** How many entries a field lists at most; 1 for what is no list. */
function pageOf(field: FieldNode, variables: Readonly<Record<string, unknown>>): number {
  const sizes = (field.arguments ?? []).filter(({ name }) => name.value === 'first' || name.value === 'last')
    .map(({ value }) => Number(valueFromASTUntyped(value, { ...variables }))).filter((size) => size > 0)
  if (sizes.length > 0) return Math.max(...sizes)
  return field.name.value === 'events' ? usualPage : 1
}

/** What the variables of an operation are where the request gives none; of all operations, if it is not said which. */
function defaultsOf(document: DocumentNode, operationName: string | null): Record<string, unknown> {
  return Object.fromEntries(operationsOf(document, operationName).flatMap(({ variableDefinitions = [] }) => variableDefinitions.flatMap(({ variable, defaultValue }) =>
    defaultValue === undefined ? [] : [[variable.name.value, valueFromASTUntyped(defaultValue)]])))
}

function operationsOf(document: DocumentNode, operationName: string | null): OperationDefinitionNode[] {
  const named = operationName === null ? null : getOperationAST(document, operationName)
  return named ? [named] : document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
}

/** The fields of Query of the operation, through fragments; of all operations, if it is not said which. */
function rootFields(document: DocumentNode, operationName: string | null): FieldNode[] {
  const fragments = fragmentsOf(document)
  const found: FieldNode[] = []
  const seen = new Set<string>()
  const walk = (set: SelectionSetNode): void => {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) found.push(selection)
      else if (selection.kind === Kind.INLINE_FRAGMENT) walk(selection.selectionSet)
      else if (!seen.has(selection.name.value)) {
        seen.add(selection.name.value)
        const fragment = fragments.get(selection.name.value)
        if (fragment) walk(fragment.selectionSet)
      }
    }
  }
  for (const operation of operationsOf(document, operationName)) walk(operation.selectionSet)
  return found
}

function fragmentsOf(document: DocumentNode): Map<string, FragmentDefinitionNode> {
  return new Map(document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION).map((fragment) => [fragment.name.value, fragment]))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function tooLarge(detail: string): Refusal {
  return new Refusal({ status: 400, code: 'DOCUMENT_TOO_LARGE', message: 'The document asks for too much.', detail, hint: 'Ask for less at once.' })
}
