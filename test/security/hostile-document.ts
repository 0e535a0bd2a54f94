import { makeRandom } from './hostile-text.ts'

export interface HostileDocument {
  readonly name: string
  readonly query: string
  readonly variables?: Readonly<Record<string, unknown>>
}

const times = (count: number, make: (n: number) => string, between = ' '): string => Array.from({ length: count }, (_, n) => make(n)).join(between)
const eventFields = 'id occurredAt companyId actorId actorName actorStatus onBehalfOf action objectKind objectId objectLabel ownerKind ownerId ownerLabel source requestId reason clientAddr dbUser applicationName snapshot details sentence sentenceParts wentAlong causedBy rootId'

/** More than 200 documents that ask for too much, in the ways that are known of GraphQL servers. The same each time. */
export function hostileDocuments(): HostileDocument[] {
  const documents: HostileDocument[] = []
  const add = (name: string, query: string, variables?: Record<string, unknown>) => documents.push({ name, query, ...(variables && { variables }) })

  for (const count of [5, 6, 7, 30, 60, 100, 200, 300, 400]) {
    add(`${count} aliases of events`, `{ ${times(count, (n) => `a${n}: events(first: 200) { totalCount nodes { ${eventFields} } }`)} }`)
    add(`${count} aliases of counts`, `{ ${times(count, (n) => `a${n}: eventCount { count }`)} }`)
    add(`${count} aliases of a field`, `{ events(first: 200) { nodes { ${times(count, (n) => `a${n}: wentAlong`)} } } }`)
    add(`${count} times the same field`, `{ events { nodes { ${times(count, () => 'id')} } } }`)
    add(`${count} fields that are not there`, `{ ${times(count, (n) => `nothing${n}`)} }`)
    add(`${count} fields that conflict`, `{ events { nodes { ${times(count, (n) => `same: ${n % 2 ? 'id' : 'sentence'}`)} } } }`)
    add(`${count} fragments that are spread once`, `{ events { nodes { ${times(count, (n) => `...F${n}`)} } } } ${times(count, (n) => `fragment F${n} on Event { id }`)}`)
    add(`${count} directives`, `{ viewer { access ${times(count, () => '@include(if: true)')} } }`)
    add(`${count} unknown directives`, `{ viewer { access ${times(count, (n) => `@x${n}`)} } }`)
    add(`${count} variables`, `query (${times(count, (n) => `$v${n}: String`)}) { viewer { access } }`)
    add(`${count} operations`, times(count, (n) => `query Q${n} { viewer { access } }`))
    add(`${count} arguments that are not there`, `{ events(${times(count, (n) => `x${n}: 1`)}) { totalCount } }`)
    add(`${count} actions in a filter`, `{ events(filter: { actions: [${times(count, () => '"cv.deleted"')}] }) { totalCount } }`)
    add(`${count} words in a search`, `{ events(filter: { query: "${times(count, (n) => `w${n}`)}" }) { totalCount } }`)
  }
  for (const depth of [10, 50, 200, 500, 900]) {
    add(`inline fragments ${depth} deep`, `{ ${'... { '.repeat(depth)} viewer { access } ${'} '.repeat(depth)} }`)
    add(`a list ${depth} deep in a filter`, `{ events(filter: { actions: ${'['.repeat(depth)}"cv.deleted"${']'.repeat(depth)} }) { totalCount } }`)
    add(`an object ${depth} deep in a filter`, `{ events(filter: ${'{ query: '.repeat(depth)}"x"${' }'.repeat(depth)}) { totalCount } }`)
    add(`an object ${depth} deep in a variable`, 'query ($f: EventFilter) { events(filter: $f) { totalCount } }', { f: JSON.parse(`${'{"query":'.repeat(depth)}"x"${'}'.repeat(depth)}`) })
    add(`a type ${depth} deep in lists`, `query ($v: ${'['.repeat(depth)}String${']'.repeat(depth)}) { viewer { access } }`)
    add(`fields ${depth} deep that are not there`, `{ ${'events { '.repeat(depth)} id ${'} '.repeat(depth)} }`)
    add(`braces ${depth} deep that never close`, '{ events '.repeat(depth))
    add(`introspection ${depth} deep`, `{ __schema { types { ${'fields { type { '.repeat(Math.min(depth, 150))} name ${'} } '.repeat(Math.min(depth, 150))} } } }`)
  }
  for (const count of [2, 10, 20, 60]) {
    add(`fragments that double ${count} times`, `{ ...F0 } ${times(count, (n) => `fragment F${n} on Query { ...F${n + 1} ...F${n + 1} }`)} fragment F${count} on Query { viewer { access } }`)
    add(`fragments that go round, ${count} of them`, `{ ...F0 } ${times(count, (n) => `fragment F${n} on Query { ...F${(n + 1) % count} }`)}`)
    add(`fragments of nodes that double ${count} times`, `{ events(first: 200) { ...F0 } } ${times(count, (n) => `fragment F${n} on EventConnection { ...F${n + 1} nodes { a${n}: wentAlong } }`)} fragment F${count} on EventConnection { totalCount }`)
  }
  for (const first of [-1, 0, 201, 1_000_000, 2_147_483_647, 99_999_999_999]) {
    add(`first: ${first}`, `{ events(first: ${first}) { nodes { id } } }`)
    add(`first as a variable: ${first}`, 'query ($n: Int) { events(first: $n) { nodes { id } } }', { n: first })
    add(`first by the default of a variable: ${first}`, `query ($n: Int = ${first}) { events(first: $n) { nodes { ${eventFields} } } }`)
    add(`last: ${first}`, `{ events(last: ${first}) { nodes { id } } }`)
  }
  for (const text of ['x'.repeat(60_000), '%'.repeat(200), '_'.repeat(200), '\\\\'.repeat(90), '-'.repeat(200), '\\"'.repeat(90), '(((('.repeat(50), 'a '.repeat(100), 'ﷺ'.repeat(200)]) add(`a search for ${text.slice(0, 8)}…`, `{ events(filter: { query: "${text}" }) { totalCount nodes { id } } }`)
  for (const cursor of ['', 'x', 'W10=', 'x'.repeat(50_000), 'WyJhIl0=', 'bnVsbA==', 'eyJfX3Byb3RvX18iOnt9fQ==']) add(`after: ${cursor.slice(0, 8)}`, `{ events(after: "${cursor}") { nodes { id } } }`)
  for (const junk of ['', ' ', '#', '{', '}', '{}', '"', '"""', '\u0000', '\ufeff', '{ viewer(', 'query', 'query (', 'fragment', 'mutation { deleteEvent(id: 1) { id } }', 'subscription { events { id } }', 'type Query { x: Int }', 'extend type Query { x: Int }', '{ __proto__ }', '{ constructor { prototype } }', '{ toString }', `#${'x'.repeat(60_000)}`, ','.repeat(60_000), `{ viewer ${'{'.repeat(1_000)}`, `"${'\\u0041'.repeat(9_000)}"`, '{ viewer { access(__proto__: 1) } }', '{ events(filter: { __proto__: { query: "x" } }) { totalCount } }', '{ event(id: "9223372036854775808") { id } }', '{ event(id: "-1") { id } }', '{ event(id: "1e9") { id } }', '{ event(id: 1.5) { id } }']) add(`junk ${JSON.stringify(junk.slice(0, 30))}`, junk)
  const random = makeRandom(7)
  const words = ['{', '}', '(', ')', '...', 'on', 'events', 'nodes', 'viewer', 'id', ':', '$x', '!', '[', ']', '@include', '"x"', '1', 'query', 'fragment F', 'true', 'null', '|', '&', '=']
  for (let n = 0; n < 20; n += 1) add(`random words ${n}`, times(1_500, () => words[Math.floor(random() * words.length)] ?? ''))
  return documents
}
