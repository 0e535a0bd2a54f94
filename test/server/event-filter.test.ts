import { sql } from 'postgraphile/pg-sql2'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventConditions, parseEventFilter, parseEventFilterParameters, parseQueryString } from '../../server/event-filter.ts'
import { parseSearch } from '../../server/event-search.ts'
import { Refusal } from '../../server/refusal.ts'

const it = suite('The filter of entries')

function refusal(action: () => unknown): Refusal {
  try {
    action()
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
  throw new Error('It was accepted.')
}

it('refuses what it does not know, with the value and the reason [case 199]', () => {
  const wrong: Array<[unknown, RegExp]> = [
    [{ action: ['cv.deleted'] }, /Unrecognized key: "action"/],
    [{ actions: ['cv.delete'] }, /"cv.delete" is not one of projects.exported/],
    [{ sources: ['App'] }, /"App" is not one of app, api/],
    [{ actions: [] }, /actions is an empty list/],
    [{ actions: 'cv.deleted' }, /actions/],
    [{ act: 'x' }, /act is not the number of an entry/],
    [{ act: '9223372036854775808' }, /act is not the number/],
    [{ query: '  ' }, /query is empty/],
    [{ query: 'x'.repeat(201) }, /longer than 200/],
    [{ query: 'a b c d e f g h i j k' }, /more than 10 words/],
    [{ rootsOnly: 'yes' }, /rootsOnly/],
    [5, /expected object/],
  ]
  for (const [input, reason] of wrong) {
    const { code, status, detail } = refusal(() => parseEventFilter(input))
    assert.is(code, 'BAD_FILTER')
    assert.is(status, 400)
    assert.match(detail ?? '', reason)
  }
})

it('refuses NUL and half of a surrogate pair instead of changing them [case 189]', () => {
  assert.match(refusal(() => parseEventFilter({ query: 'a\0b' })).detail ?? '', /NUL/)
  assert.match(refusal(() => parseEventFilter({ objectId: '\ud800' })).detail ?? '', /surrogate/)
  assert.match(refusal(() => parseQueryString('/x?q=%ED%A0%80')).detail ?? '', /not percent-encoded UTF-8/)
})

it('refuses a period that ends before it begins, and times that do not exist [case 194, 195]', () => {
  const time = '2026-03-01T00:00:00Z'
  for (const filter of [
    { from: time, to: time },
    { from: '2026-03-01T00:00:00.000001Z', to: time },
    { from: '2026-03-01T00:00:00Z', to: '2026-03-01T00:30:00+01:00' },
    { from: '2026-02-30T00:00:00Z' }, { from: '2026-03-01' }, { from: '2026-03-01T00:00:00' }, { to: 'infinity' },
    { to: '0000-01-01T00:00:00Z' }, { to: '2026-03-01T00:00:00.1234567Z' }, { to: '2026-03-01T00:00:00+16:00' },
  ]) assert.is(refusal(() => parseEventFilter(filter)).code, 'BAD_FILTER', JSON.stringify(filter))
  for (const filter of [
    { from: '0001-01-01T00:00:00Z' }, { to: '9999-12-31T23:59:59.999999Z' }, { from: time, to: '2026-03-01T00:00:00.000001Z' }, { from: null, to: null },
  ]) assert.equal(parseEventFilter(filter), filter)
})

it('reads the same filter from an address', () => {
  const filter = parseEventFilterParameters(parseQueryString('/x?action=cv.deleted&action=role.deleted&notSource=sql&q=a+%22b%20c%22&from=2026-01-01T00:00:00%2B01:00&rootsOnly=true&act=7'))
  assert.equal(filter, { actions: ['cv.deleted', 'role.deleted'], notSources: ['sql'], query: 'a "b c"', from: '2026-01-01T00:00:00+01:00', rootsOnly: true, act: '7' })
  for (const url of ['/x?page=1', '/x?constructor=1', '/x?q=a&q=b', '/x?rootsOnly=1', '/x?q=', '/x?q=%']) {
    assert.is(refusal(() => parseEventFilterParameters(parseQueryString(url))).code, 'BAD_FILTER', url)
  }
})

it('puts every value into a parameter, none into the text', () => {
  const hostile = `'; drop table audit.event; --`
  const filter = parseEventFilter({ query: hostile.replaceAll(' ', '_'), actorId: hostile, objectKind: '$1', ownerId: '${x}' })
  const { text, values } = sql.compile(sql.join(eventConditions(filter, sql.identifier('event')), ' and '))
  assert.not.match(text, /drop|\$\{/)
  assert.is(values.length, 4)
})

it('takes words, "phrases" and -exclusions from a query', () => {
  assert.equal(parseSearch('isaksson "project manager" -draft -"old cv" - 100%'), [
    { text: 'isaksson', wanted: true }, { text: 'project manager', wanted: true }, { text: 'draft', wanted: false },
    { text: 'old cv', wanted: false }, { text: '-', wanted: true }, { text: '100%', wanted: true },
  ])
  assert.equal(parseSearch('"not closed'), [{ text: 'not closed', wanted: true }])
  assert.equal(parseSearch('A\u030A'), [{ text: 'Å', wanted: true }])
})

it.run()
