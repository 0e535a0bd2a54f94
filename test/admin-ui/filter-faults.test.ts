import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { noFilter, writeFilter } from '../../admin-ui/src/filter/event-filter.ts'
import { faultsInWords, filterFaults } from '../../admin-ui/src/filter/filter-faults.ts'
import { messages } from '../../admin-ui/src/text/locale.ts'
import { makeTranslate } from '../../admin-ui/src/text/translate.ts'

const it = suite('A faulty address of the list')
const en = makeTranslate(messages.en, 'en-GB')
const sv = makeTranslate(messages.sv, 'sv-SE')
const faultsOf = (query: string) => filterFaults(new URLSearchParams(query))
const inWords = (query: string) => faultsOf(query).map((fault) => `${fault.what} ${fault.pair}${fault.what === 'renamed' ? ` ${fault.instead}` : ''}`)

it('says what it cannot read instead of leaving it out in silence [case 195]', () => {
  assert.equal(inWords('object=customer&owner=/1&from=2026-02-30&source=app'), ['unreadable from=2026-02-30', 'unreadable object=customer', 'unreadable owner=/1'])
  assert.equal(inWords('period=never'), ['unreadable period=never'])
  for (const query of ['zone=mars', 'entries=foo', 'zone=', 'entries=', 'action=', 'notSource=', 'actor= ', 'actor=', 'kind=', 'request=', 'act=', 'object=', 'from=', 'period=']) assert.equal(inWords(query), [`unreadable ${query}`])
})

it('says which names it does not know, and how they are written here', () => {
  assert.equal(inWords('actorId=99'), ['renamed actorId=99 actor=99'])
  assert.equal(inWords('objectKind=cv'), ['renamed objectKind=cv kind=cv'])
  assert.equal(inWords('actions=cv.deleted'), ['renamed actions=cv.deleted action=cv.deleted'])
  assert.equal(inWords('fromDay=2030-01-01&toDay=2030-01-02'), ['renamed fromDay=2030-01-01 from=2030-01-01', 'renamed toDay=2030-01-02 to=2030-01-02'])
  assert.equal(inWords('ACTION=cv.deleted&Zone=utc'), ['renamed ACTION=cv.deleted action=cv.deleted', 'renamed Zone=utc zone=utc'])
  for (const query of ['order=asc', 'first=10', 'objectId=3', 'colour=red', '__proto__=1', 'constructor=2']) assert.equal(inWords(query), [`unknown ${query}`])
})

it('says what is there twice, and what cannot be there together', () => {
  assert.equal(inWords('q=a&q=b'), ['twice q=a', 'twice q=b'])
  for (const name of ['from', 'to', 'period', 'actor', 'kind', 'object', 'owner', 'request', 'act', 'zone', 'entries']) {
    assert.ok(faultsOf(`${name}=1&${name}=2`).filter(({ what }) => what === 'twice').length === 2, name)
  }
  assert.equal(inWords('period=7d&from=2026-01-01'), ['together period=7d', 'together from=2026-01-01'])
  assert.equal(inWords('to=2026-01-01&period=7d'), ['together to=2026-01-01', 'together period=7d'])
  assert.equal(inWords('kind=cv&object=customer/81'), ['together kind=cv', 'together object=customer/81'])
  assert.equal(inWords('kind=customer&object=customer/81'), [])
})

it('says what is no text any more: bytes that are not UTF-8', () => {
  assert.equal(inWords('q=%E0%A4%A'), ['unreadable q=\u{FFFD}%A'])
  assert.equal(inWords('action=%FF'), ['unreadable action=\u{FFFD}'])
})

it('has none where lists name several values, and where mailers have added something', () => {
  const query = 'action=a&action=b&notAction=c&notAction=d&source=app&source=api&notSource=sql&notSource=system&zone=browser&entries=each&q=&actor=7&kind=cv&owner=user/3&from=2026-01-01'
  assert.equal(inWords(query), [])
  assert.equal(inWords('zone=company&utm_source=mail&utm_campaign=x&gclid=1&fbclid=2&mc_cid=3&mc_eid=4&_hsenc=5'), [])
})

it('has none after a reset', () => {
  const address = new URLSearchParams('actorId=9&order=asc&q=a&q=b&period=7d&from=x&zone=mars&entries=foo&kind=cv&object=customer/1&utm_source=mail')
  assert.is(writeFilter(noFilter, address).toString(), 'utm_source=mail')
})

it('is explained in the reader\u2019s words, with each part of it and what to do', () => {
  const words = (query: string, text = en, locale: 'en' | 'sv' = 'en') => faultsInWords(faultsOf(query), text, locale).join(' ')
  assert.is(words('source=app'), '')
  assert.is(words('actorId=99'), 'Here actorId=99 is written actor=99. Nothing was looked for. Correct the address, or reset the filters.')
  assert.match(words('order=asc&first=3'), /^There is no filter of that name here: order=asc and first=3\. There are action, notAction, .* and owner\. Nothing/)
  assert.match(words('q=a&q=b&from=2026-02-30'), /from=2026-02-30\. This can be said only once: q=a and q=b\./)
  assert.match(words('kind=cv&object=customer/81', sv, 'sv'), /^Det här går inte att ange tillsammans: kind=cv och object=customer\/81\. Inget söktes\./)
  assert.match(words('x\u202e=1'), /x⟨U\+202E⟩=1/)
  assert.ok(words(`x=${'y'.repeat(5_000)}`).length < 500)
})

it.run()
