import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { actions, sources } from '../../admin-ui/src/event/event.ts'
import { splitByHits, visibleByHits } from '../../admin-ui/src/event/split-by-hits.ts'
import { bucketInWords } from '../../admin-ui/src/histogram/bucket-in-words.ts'
import { localeOf, locales, messages, tagOf } from '../../admin-ui/src/text/locale.ts'
import { makeTranslate, pluralForms, textsOf } from '../../admin-ui/src/text/translate.ts'
import { visible } from '../../admin-ui/src/text/visible.ts'
import { formatBetween, formatDay, formatExact, formatExactMinute, formatRelative, formatTick, formatTime } from '../../admin-ui/src/time/format.ts'
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

it('mark no letter that only stands for what cannot be seen', () => {
  assert.equal(visibleByHits('bo\u00ADa', 'a'), ['bo⟨U+00AD⟩', 'a', ''])
  assert.equal(visibleByHits('a\u200Bb', 'a\u200Bb u'), ['', 'a⟨U+200B⟩b', ''], 'what is looked for with its mark is found with it')
})

it('write times in the zone, to the millisecond', () => {
  const instant = new Date('2026-07-01T22:30:05.123Z')
  assert.is(formatExact(instant, 'en', 'Europe/Stockholm'), '2 July 2026 at 00:30:05.123 CEST')
  assert.match(formatExact(instant, 'sv', 'UTC'), /^1 juli 2026 .*22:30:05,123 UTC$/)
  assert.is(formatDay('2026-11-23', 'sv'), 'måndag 23 november 2026')
})

const ago = (time: string, now: string, locale: 'en' | 'sv' = 'en', zone = 'UTC') => formatRelative(new Date(time), new Date(now), locale, zone)

it('say how long ago something was', () => {
  const now = '2026-11-23T12:00:00Z'
  assert.is(ago('2026-11-23T11:59:20Z', now), 'now')
  assert.is(ago('2026-11-23T11:59:20Z', now, 'sv'), 'nu')
  assert.is(ago('2026-11-23T11:48:10Z', now), '11 min ago')
  assert.is(ago('2026-11-20T12:00:00Z', now), '3 days ago')
  assert.is(ago('2026-11-23T09:00:00Z', now, 'sv'), 'för 3 tim sedan')
  assert.is(ago('2026-11-23T12:05:00Z', now), 'in 5 min', 'a clock may be behind')
  assert.is(ago('2026-12-25T12:00:00Z', now), 'in 1 month')
})

it('say "yesterday" of the day before today in the zone, and of no other', () => {
  const now = '2026-11-23T12:00:00Z'
  assert.is(ago('2026-11-22T13:00:00Z', now), '23 hr ago')
  assert.is(ago('2026-11-22T11:00:00Z', now), 'yesterday')
  assert.is(ago('2026-11-22T11:00:00Z', now, 'sv'), 'i går')
  assert.is(ago('2026-11-21T23:30:00Z', now), '2 days ago', '36 hours and a half')
  assert.is(ago('2026-11-21T23:30:00Z', now, 'en', 'Europe/Stockholm'), 'yesterday', 'where it was 00:30')
  assert.is(ago('2026-10-24T22:10:00Z', '2026-10-25T22:50:00Z', 'en', 'Europe/Stockholm'), '24 hr ago', 'on a day of 25 hours')
})

it('count whole months and years by the calendar, in words that are not cut', () => {
  const now = '2026-11-30T12:00:00Z'
  assert.is(ago('2026-10-31T12:00:00Z', now), '30 days ago')
  assert.is(ago('2026-10-30T13:00:00Z', now), '1 month ago')
  assert.is(ago('2026-10-30T13:00:00Z', now, 'sv'), 'för 1 månad sedan')
  assert.is(ago('2025-12-01T12:00:00Z', now), '11 months ago')
  assert.is(ago('2025-11-30T12:00:00Z', now), '1 year ago')
  assert.is(ago('2024-12-01T12:00:00Z', now), '1 year ago')
})

const stockholm = 'Europe/Stockholm'

it('name the zone of a time that the clock shows twice, and of no other', () => {
  const time = (at: string, zone = stockholm) => formatTime(new Date(at), 'en', zone)
  assert.equal(['2026-10-24T23:59:59Z', '2026-10-25T00:00:00Z', '2026-10-25T00:45:00Z', '2026-10-25T01:15:00Z', '2026-10-25T01:59:59Z', '2026-10-25T02:00:00Z'].map((at) => time(at)), [
    '01:59', '02:00 CEST', '02:45 CEST', '02:15 CET', '02:59 CET', '03:00',
  ])
  assert.equal(['2026-03-29T00:59:00Z', '2026-03-29T01:00:00Z', '2026-07-01T00:30:00Z'].map((at) => time(at)), ['01:59', '03:00', '02:30'])
  assert.equal(['2026-11-01T05:30:00Z', '2026-11-01T06:30:00Z'].map((at) => time(at, 'America/New_York')), ['01:30 GMT-4', '01:30 GMT-5'])
  assert.equal(['2026-04-04T14:29:00Z', '2026-04-04T14:31:00Z', '2026-04-04T15:01:00Z'].map((at) => time(at, 'Australia/Lord_Howe')), ['01:29', '01:31 GMT+11', '01:31 GMT+10:30'], 'half an hour is repeated there')
  assert.is(time('2026-10-25T00:45:00Z', 'UTC'), '00:45')
})

it('say of a period in that hour which of the two it means, so that it is never empty or backwards', () => {
  const between = (from: string, to: string, locale: 'en' | 'sv' = 'en') => formatBetween(new Date(from), new Date(to), locale, stockholm)
  assert.is(between('2026-10-25T00:30:00Z', '2026-10-25T01:15:00Z'), '25 Oct 2026, 02:30 CEST – 02:15 CET')
  assert.is(between('2026-10-25T00:30:00Z', '2026-10-25T01:15:00Z', 'sv'), '25 okt. 2026 02:30 CEST – 02:15 CET')
  assert.is(between('2026-10-25T00:15:00Z', '2026-10-25T01:15:00Z'), '25 Oct 2026, 02:15 CEST – 02:15 CET')
  assert.is(between('2026-10-24T10:00:00Z', '2026-10-25T00:15:00Z'), '24 Oct 2026, 12:00 CEST – 25 Oct 2026, 02:15 CEST')
  assert.is(between('2026-11-23T13:25:00Z', '2026-11-23T13:35:00Z').replaceAll(/\s/g, ' '), '23 Nov 2026, 14:25–14:35')
  const hour = (from: string, to: string) => bucketInWords({ from, to }, 'hour', 'en', stockholm)
  assert.is(hour('2026-10-25T00:00:00Z', '2026-10-25T01:00:00Z'), '25 Oct 2026, 02:00 CEST – 02:00 CET')
  assert.is(hour('2026-10-25T01:00:00Z', '2026-10-25T02:00:00Z'), '25 Oct 2026, 02:00 CET – 03:00 CET')
  assert.is(formatTick(new Date('2026-10-25T01:00:00Z'), null, 'hour', 'en', stockholm), '25 Oct, 02:00 CET')
  assert.is(formatExactMinute(new Date('2026-10-25T01:00:00Z'), 'en', stockholm), '25 October 2026 at 02:00 CET')
  assert.is(formatExactMinute(new Date('2026-02-03T08:12:00Z'), 'en', stockholm), '3 February 2026 at 09:12')
})

it.run()
