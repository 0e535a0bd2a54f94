import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseEventFilter, parseEventFilterParameters, parseQueryString } from '../../server/event-filter.ts'
import { Refusal } from '../../server/refusal.ts'

const it = suite('The form of a filter')

function refusal(action: () => unknown): Refusal {
  try {
    action()
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
  throw new Error('It was accepted.')
}

it('refuses keys that it does not know and values that no filter can have [case 199]', () => {
  const wrong: Array<[unknown, RegExp]> = [
    [{ action: ['cv.deleted'] }, /Unrecognized key: "action"/],
    [{ actions: [] }, /actions is an empty list/],
    [{ actions: 'cv.deleted' }, /actions/],
    [{ act: 'x' }, /^act is "x", which is not the number of an entry$/],
    [{ act: '9223372036854775808' }, /^act is "9223372036854775808", which is not the number of an entry$/],
    [{ query: '  ' }, /query is empty/],
    [{ query: 'x'.repeat(10_000) }, /longer than 200/],
    [{ rootsOnly: 'yes' }, /rootsOnly/],
    [{ companyId: '2' }, /Unrecognized key: "companyId"/],
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
  assert.match(refusal(() => parseEventFilter({ actions: ['cv\0deleted'] })).detail ?? '', /NUL/)
  assert.match(refusal(() => parseEventFilter({ objectId: '\ud800' })).detail ?? '', /surrogate/)
  assert.match(refusal(() => parseQueryString('/x?q=%ED%A0%80')).detail ?? '', /not percent-encoded UTF-8/)
})

it('counts characters as the database does, an emoji as one, and takes an object by as long a key as a table can have', () => {
  for (const [key, most] of [['query', 200], ['objectId', 2_704], ['ownerId', 2_704], ['actorId', 500], ['objectKind', 500]] as const) {
    for (const character of ['x', 'å', '🦊']) {
      assert.equal(parseEventFilter({ [key]: character.repeat(most) }), { [key]: character.repeat(most) })
      assert.is(refusal(() => parseEventFilter({ [key]: character.repeat(most + 1) })).detail, `${key} is longer than ${most} characters`)
    }
  }
})

it('reads the same filter from an address', () => {
  const filter = parseEventFilterParameters(parseQueryString('/x?action=cv.deleted&action=role.deleted&notSource=sql&q=a+%22b%20c%22&from=2026-01-01T00:00:00%2B01:00&toDay=2026-03-31&timeZone=Europe%2FStockholm&rootsOnly=true&act=7'))
  assert.equal(filter, {
    actions: ['cv.deleted', 'role.deleted'], notSources: ['sql'], query: 'a "b c"', from: '2026-01-01T00:00:00+01:00', toDay: '2026-03-31', timeZone: 'Europe/Stockholm', rootsOnly: true, act: '7',
  })
  for (const url of ['/x?page=1', '/x?constructor=1', '/x?companyId=2', '/x?q=a&q=b', '/x?rootsOnly=1', '/x?q=', '/x?q=%']) {
    assert.is(refusal(() => parseEventFilterParameters(parseQueryString(url))).code, 'BAD_FILTER', url)
  }
})

it.run()
