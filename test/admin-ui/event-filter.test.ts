import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { exportAddress } from '../../admin-ui/src/export/export-address.ts'
import {
  type EventFilter,
  isEmpty,
  letsActsThrough,
  noFilter,
  readFilter,
  toInput,
  writeFilter,
} from '../../admin-ui/src/filter/event-filter.ts'
import { filterParts } from '../../admin-ui/src/filter/in-words.ts'
import { readThingInWords } from '../../admin-ui/src/filter/thing-in-words.ts'
import { badFilterInWords } from '../../admin-ui/src/problem/bad-filter.ts'
import { messages } from '../../admin-ui/src/text/locale.ts'
import { makeTranslate } from '../../admin-ui/src/text/translate.ts'
import { parseEventFilter, parseEventFilterParameters, parseQueryString } from '../../server/event-filter.ts'
import { Refusal } from '../../server/refusal.ts'

const it = suite('The filter of the list')

const full: EventFilter = {
  actions: ['cv.deleted', 'role.deleted'],
  notActions: ['audit.exported'],
  sources: ['app', 'sql'],
  notSources: ['api'],
  period: { preset: null, firstDay: '2026-01-10', lastDay: '2026-01-12' },
  query: `"Jessica & Co" +å=100% ;--`,
  actor: 'user/7',
  kind: null,
  object: { kind: 'customer', id: 'a/b c' },
  owner: { kind: 'user', id: '12' },
  request: 'req-1',
  act: '99',
}

it('is read from the address as it was written there', () => {
  assert.equal(readFilter(writeFilter(full, new URLSearchParams())), full)
  assert.equal(readFilter(new URLSearchParams()), noFilter)
})

it('leaves alone what else is in the address, and takes the place of the one before it', () => {
  const besides = 'zone=utc&entries=each&utm_source=mail&utm_source=news'
  const address = writeFilter(noFilter, writeFilter(full, new URLSearchParams(besides)))
  assert.is(address.toString(), besides)
})

it('takes each value once', () => {
  assert.equal(readFilter(new URLSearchParams('source=app&source=app&actor=')), { ...noFilter, sources: ['app'] })
})

it('becomes what the server is asked for', () => {
  assert.equal(toInput(full, 'UTC', '2026-11-23'), {
    actions: ['cv.deleted', 'role.deleted'],
    notActions: ['audit.exported'],
    sources: ['app', 'sql'],
    notSources: ['api'],
    from: '2026-01-10T00:00:00.000Z',
    to: '2026-01-13T00:00:00.000Z',
    query: `"Jessica & Co" +å=100% ;--`,
    actorId: 'user/7',
    objectKind: 'customer',
    objectId: 'a/b c',
    ownerKind: 'user',
    ownerId: '12',
    requestId: 'req-1',
    act: '99',
  })
  assert.equal(toInput(noFilter, 'UTC', '2026-11-23'), {})
  assert.equal(toInput({ ...noFilter, query: '  ' }, 'UTC', '2026-11-23'), {}, 'blanks are no search')
})

it('has no search where there is no word in it', () => {
  for (const query of ['"', '""', ' " " ', '-""', '" "-"']) {
    assert.equal(readFilter(new URLSearchParams({ q: query })), noFilter, query)
    assert.ok(letsActsThrough({ ...noFilter, query }), query)
  }
  for (const query of ['-', 'x', '"x', '"" x', '-x', 'a"']) assert.is(readFilter(new URLSearchParams({ q: query })).query, query)
})

it('that is refused is explained in the reader\u2019s words', () => {
  const sv = makeTranslate(messages.sv, 'sv-SE')
  assert.is(badFilterInWords('query has no word', sv), 'Sökningen innehåller inget ord.')
  assert.is(badFilterInWords('query has more than 10 words', sv), 'Sökningen har fler än 10 ord. Ta bort några av dem.')
  assert.is(badFilterInWords('query is longer than 200 characters', sv), 'Filtret är längre än 200 tecken.')
  assert.is(badFilterInWords('"moved" is not one of api, app', sv), 'Här finns inget med det namnet: "moved".')
  assert.is(badFilterInWords(String.raw`"a\"b", "c\\" is not one of contact, cv`, sv), String.raw`Här finns inget med det namnet: "a\"b", "c\\".`)
  assert.is(badFilterInWords('something new \u202e', sv), 'something new ⟨U+202E⟩')
  assert.is(badFilterInWords('query has no word; something new', sv), 'query has no word; something new')
})

it('that the server refuses by its form is explained in the reader\u2019s words: it is the server\u2019s own text that is understood', () => {
  const sv = makeTranslate(messages.sv, 'sv-SE')
  const refused = (filter: object) => {
    try {
      parseEventFilter(filter)
    } catch (error) {
      if (error instanceof Refusal) return badFilterInWords(error.detail ?? '', sv)
      throw error
    }
    throw new Error('It was not refused.')
  }
  assert.is(refused({ act: 'x' }), '"x" är inte numret på en post.')
  assert.is(refused({ act: '9223372036854775808' }), '"9223372036854775808" är inte numret på en post.')
  assert.is(badFilterInWords('act is "x", not the number of an entry', sv), '"x" är inte numret på en post.', 'the database says it so')
  assert.is(refused({ actions: [''] }), 'Ett filter i adressen är tomt. Ta bort det.')
  assert.is(refused({ query: 'a\0' }), 'Filtret innehåller ett tecken som inget namn kan ha.')
  assert.is(refused({ actions: ['x'.repeat(101)] }), 'Filtret är längre än 100 tecken.')
  assert.is(refused({ actions: Array.from({ length: 101 }, () => 'a') }), 'Filtret har fler än 100 värden. Ta bort några av dem.')
  assert.is(refused({ act: 'a b', query: 'a\0' }), 'Filtret innehåller ett tecken som inget namn kan ha. "a b" är inte numret på en post.')
})

it('is the same for the list and for the file: the server reads the address of the file as what the list asked for', () => {
  const input = toInput(full, 'Europe/Stockholm', '2026-11-23')
  const pairs = parseQueryString(exportAddress(input, 'csv_semicolon', 'sv', 'Europe/Stockholm'))
  const own = pairs.filter(([name]) => name === 'separator' || name === 'locale' || name === 'timeZone')
  assert.equal(own, [
    ['separator', ';'],
    ['locale', 'sv'],
    ['timeZone', 'Europe/Stockholm'],
  ])
  assert.equal(parseEventFilterParameters(pairs.filter((pair) => !own.includes(pair))), input)
})

it('has the file at the address that belongs to its format', () => {
  assert.is(exportAddress({}, 'csv_comma', 'en', 'UTC'), '/export/events.csv?locale=en&timeZone=UTC')
  assert.is(exportAddress({}, 'xlsx', 'en', 'UTC'), '/export/events.xlsx?locale=en&timeZone=UTC')
  assert.is(
    exportAddress({ actions: ['cv.deleted'] }, 'jsonl', 'sv', 'UTC'),
    '/export/events.jsonl?action=cv.deleted&locale=sv&timeZone=UTC',
  )
})

it('lets acts through as a whole only while it does not look for single entries', () => {
  assert.ok(letsActsThrough({ ...noFilter, sources: ['app'], actor: '7', period: { preset: 'today' } }))
  assert.not(letsActsThrough({ ...noFilter, actions: ['role.deleted'] }))
  assert.not(letsActsThrough({ ...noFilter, query: 'x' }))
  assert.not(letsActsThrough({ ...noFilter, act: '9' }))
})

it('takes a kind of thing, unless one thing says it already', () => {
  assert.equal(readFilter(new URLSearchParams('kind=customer')), { ...noFilter, kind: 'customer' })
  assert.equal(toInput({ ...noFilter, kind: 'customer' }, 'UTC', '2026-11-23'), { objectKind: 'customer' })
  const both = { ...noFilter, kind: 'cv', object: { kind: 'customer', id: '7' } }
  assert.equal(toInput(both, 'UTC', '2026-11-23'), { objectKind: 'customer', objectId: '7' })
  assert.not(letsActsThrough({ ...noFilter, kind: 'role' }), 'a kind is looked for one by one')
})

it('takes a thing as a person writes it, by the name or the code of its kind, and refuses a kind that there is not', () => {
  const kinds = [{ code: 'customer', name: 'Kund' }, { code: 'contact', name: 'Kundkontakt' }, { code: 'user', name: 'User profile' }]
  const meant = (typed: string) => readThingInWords(typed, kinds)
  for (const typed of ['customer/42', 'Customer 42', 'kund/42', ' KUND  42 ']) assert.equal(meant(typed), { thing: { kind: 'customer', id: '42' } }, typed)
  assert.equal(meant('User profile 7'), { thing: { kind: 'user', id: '7' } })
  assert.equal(meant('customer/a/b c'), { thing: { kind: 'customer', id: 'a/b c' } })
  assert.equal(meant('invoice/42'), { unknownKind: 'invoice' })
  for (const typed of ['customer', '42', '/42', 'customer/', 'customer/ ']) assert.is(meant(typed), null, typed)
})

it('is said in words, part by part, exclusion included, and each part can be dropped alone', () => {
  const text = makeTranslate(messages.en, 'en-GB')
  const partsOf = (filter: EventFilter) =>
    filterParts(filter, text, text, 'en', 'UTC', 'Åsa Öberg')
  const parts = partsOf(full)
  assert.equal(
    parts.map(({ words }) => words.replaceAll(/\s/g, ' ')),
    [
      'Action type: Delete user CV',
      'Action type: Delete role',
      'Not: Export audit log',
      'Source: App',
      'Source: SQL',
      'Not from: API',
      'Period: 10 – 12 Jan 2026',
      `Name contains “"Jessica & Co" +å=100% ;--”`,
      'Person: Åsa Öberg',
      'Object: Customer a/b c',
      'Belongs to: User profile 12',
      'Request: req-1',
      'Act: 99',
    ],
  )
  assert.equal(parts[0]?.without, { ...full, actions: ['role.deleted'] })
  let rest = full
  for (const { key } of parts) rest = partsOf(rest).find((part) => part.key === key)?.without ?? rest
  assert.ok(isEmpty(rest))
})

it.run()
