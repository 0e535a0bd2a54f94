import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isSearch, readAsked, readsOf } from '../../server/graphql/document.ts'
import { Refusal } from '../../server/refusal.ts'

const it = suite('What a GraphQL document asks for, before it is executed')

const asked = (query: string, variables?: unknown) => {
  const read = readAsked({ query, variables })
  if (read === null) throw new Error(`${query} is no document`)
  return read
}
/** Objects of GraphQL have no prototype, which uvu tells apart. */
const readings = (query: string, variables?: unknown): unknown => JSON.parse(JSON.stringify(readsOf(asked(query, variables))))
const dear = Array.from({ length: 24 }, (_, n) => `a${n}: wentAlong b${n}: causedBy`).join(' ')
const isRefused = (query: string, variables?: unknown): boolean => {
  try {
    asked(query, variables)
    return false
  } catch (error) {
    if (error instanceof Refusal && error.code === 'DOCUMENT_TOO_LARGE') return true
    throw error
  }
}

it('is a search also where the words are the default of a variable', () => {
  for (const [query, variables] of [
    ['{ events(filter: { query: "x" }) { totalCount } }', undefined],
    ['query ($q: String) { events(filter: { query: $q }) { totalCount } }', { q: 'x' }],
    ['query ($q: String = "x") { events(filter: { query: $q }) { totalCount } }', undefined],
    ['query ($f: EventFilter = { query: "x" }) { events(filter: $f) { totalCount } }', {}],
  ] as const) assert.is(isSearch(readsOf(asked(query, variables))), true, query)
  assert.is(isSearch(readsOf(asked('query ($q: String = "x") { events(filter: { query: $q }) { totalCount } }', { q: null }))), false)
})

it('is recorded with the entry and the filter that are defaults of variables', () => {
  assert.equal(readings('query ($i: BigInt! = "42") { event(id: $i) { id } }'), [{ subject: 'entry', filter: { id: '42' } }])
  assert.equal(readings('query ($f: EventFilter = { sources: ["app"] }) { events(filter: $f) { totalCount } }'), [{ subject: 'entries', filter: { sources: ['app'] } }])
  assert.equal(readings('query ($i: BigInt! = "42") { event(id: $i) { id } }', { i: '43' }), [{ subject: 'entry', filter: { id: '43' } }])
})

it('costs by the longest page it can have, however its length is given', () => {
  for (const list of ['events(first: 200)', 'events(last: 200)', 'events(first: $n)', 'events(first: null, last: 200)', 'events(last: $n, first: 1)']) {
    assert.is(isRefused(`query ($n: Int = 200) { ${list} { nodes { ${dear} } } }`), true, list)
  }
  assert.is(isRefused(`query ($n: Int = 1) { events(first: $n) { nodes { ${dear} } } }`), false)
  assert.is(isRefused(`query ($n: Int = 1) { events(first: $n) { nodes { ${dear} } } }`, { n: 200 }), true)
})

it.run()
