import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { actions, sources } from '../../admin-ui/src/event/event.ts'
import { splitByHits } from '../../admin-ui/src/event/split-by-hits.ts'
import { localeOf, locales, messages, tagOf } from '../../admin-ui/src/text/locale.ts'
import { makeTranslate, pluralForms, textsOf } from '../../admin-ui/src/text/translate.ts'
import { visible } from '../../admin-ui/src/text/visible.ts'
import { formatDay, formatExact, formatRelative } from '../../admin-ui/src/time/format.ts'
import { actions as serverActions, sources as serverSources } from '../../server/event-filter.ts'

const it = suite('The texts of the screens')
const holes = (text: string) => [...new Set(text.match(/%\{\w+\}/g) ?? [])].sort()

it('are complete in every language: no text is missing, empty or left over', () => {
  const wanted = [...textsOf(messages.en).keys()].sort()
  for (const locale of locales) {
    const texts = textsOf(messages[locale])
    assert.equal([...texts.keys()].sort(), wanted, locale)
    for (const [key, text] of texts) assert.is.not(text.trim(), '', `${locale} ${key}`)
  }
})

it('have the same places for values in every language', () => {
  for (const [key, text] of textsOf(messages.en)) {
    for (const locale of locales)
      assert.equal(holes(textsOf(messages[locale]).get(key) ?? ''), holes(text), `${locale} ${key}`)
  }
})

it('have as many forms of a number as the language', () => {
  for (const locale of locales) {
    for (const [key, text] of textsOf(messages[locale])) {
      const forms = text.split(' |||| ').length
      assert.ok(forms === 1 || forms === pluralForms(tagOf(locale)).length, `${locale} ${key} has ${forms} forms`)
    }
  }
})

it('name every action and source that the server knows', () => {
  assert.equal([...actions].sort(), [...serverActions].sort())
  assert.equal([...sources], [...serverSources])
  for (const locale of locales) {
    const texts = textsOf(messages[locale])
    for (const action of serverActions) assert.ok(texts.has(`action.${action}`), `${locale} ${action}`)
    for (const source of serverSources)
      assert.ok(texts.has(`source.${source}`) && texts.has(`source_means.${source}`), `${locale} ${source}`)
  }
})

it('choose the form by the number and write the number as the language does', () => {
  const en = makeTranslate(messages.en, 'en-GB')
  const sv = makeTranslate(messages.sv, 'sv-SE')
  assert.equal(
    [0, 1, 2, 12345].map((count) => en('list.entries', { count })),
    ['0 entries', '1 entry', '2 entries', '12,345 entries'],
  )
  assert.equal(
    [0, 1, 2].map((count) => sv('kind.contact', { count })),
    ['0 kundkontakter', '1 kundkontakt', '2 kundkontakter'],
  )
  assert.is(sv('list.entries', { count: 12345 }).replace(/\s/g, ' '), '12 345 poster')
})

it('put a value in as it is: nothing in it is a place for another', () => {
  const en = makeTranslate(messages.en, 'en-GB')
  assert.is(en('filter.chip.query', { value: '%{value} |||| $& <b>' }), 'Name contains “%{value} |||| $& <b>”')
  assert.is(en('there.is.none'), 'there.is.none')
})

it('know the language of a tag', () => {
  assert.equal(['sv', 'sv-SE', 'SV_fi', 'en-US', 'de', '', null].map(localeOf), [
    'sv',
    'sv',
    'sv',
    'en',
    null,
    null,
    null,
  ])
})

it('show control and invisible characters, and leave letters, emoji and right-to-left script alone [case 190]', () => {
  assert.is(visible('a\u202Eb\u0000\n\u200B\u2028\uFEFF'), 'a⟨U+202E⟩b⟨U+0000⟩⟨U+000A⟩⟨U+200B⟩⟨U+2028⟩⟨U+FEFF⟩')
  for (const name of ['Åsa Öberg-Ström', 'مريم الحسيني', '👩‍💻', 'می‌خواهم', '<img src=x onerror=alert(1)>', 'e\u0301']) {
    assert.is(visible(name), name)
  }
})

it('mark the words of a search whatever their case, and take them literally', () => {
  assert.equal(splitByHits('Jessica Kowalski', 'kow'), ['Jessica ', 'Kow', 'alski'])
  assert.equal(splitByHits('a.b (c) $1', '(c) .'), ['a', '.', 'b ', '(c)', ' $1'])
  assert.equal(splitByHits('ÅSA åsa', '"åsa" -x'), ['', 'ÅSA', ' ', 'åsa', ''])
  assert.equal(splitByHits('anything', ' '), ['anything'])
})

it('write times in the zone, to the millisecond', () => {
  const instant = new Date('2026-07-01T22:30:05.123Z')
  assert.is(formatExact(instant, 'en', 'Europe/Stockholm'), '2 July 2026 at 00:30:05.123 CEST')
  assert.match(formatExact(instant, 'sv', 'UTC'), /^1 juli 2026 .*22:30:05,123 UTC$/)
  assert.is(formatDay('2026-11-23', 'sv'), 'måndag 23 november 2026')
})

it('say how long ago something was', () => {
  const now = new Date('2026-11-23T12:00:00Z')
  const ago = (time: string, locale: 'en' | 'sv') => formatRelative(new Date(time), now, locale)
  assert.is(ago('2026-11-23T11:59:20Z', 'en'), 'now')
  assert.is(ago('2026-11-23T11:59:20Z', 'sv'), 'nu')
  assert.is(ago('2026-11-23T11:48:10Z', 'en'), '11 min ago')
  assert.is(ago('2026-11-20T12:00:00Z', 'en'), '3 days ago')
  assert.is(ago('2026-11-23T09:00:00Z', 'sv'), 'för 3 tim sedan')
})

it.run()
