import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { asTable, asText } from '../../admin-ui/src/event/copy-as.ts'
import { actionGroups } from '../../admin-ui/src/event/event.ts'
import { plainFacts } from '../../admin-ui/src/event/plain-facts.ts'
import { nameIn, sentenceWithin } from '../../admin-ui/src/event/sentence-within.ts'
import { foldExportEnds, outcomeAfter, withoutExportEnds } from '../../admin-ui/src/event/fold-export-ends.ts'
import { facetCount } from '../../admin-ui/src/filter/facet-count.ts'
import { entry, exportEnd } from './scenario.ts'

const it = suite('What is said of an entry')

const role = [
  { part: 'actor', text: 'Åsa Öberg' }, { part: 'text', text: ': deleted role ' }, { part: 'object', text: 'Tester' },
  { part: 'text', text: ' (' }, { part: 'owner', text: 'Intranet' }, { part: 'text', text: ')' },
]
const within = (actor: string | undefined, object: string | undefined) => sentenceWithin(role, { actor, object }).map(({ text }) => text).join('')

it('leaves out the person and the owner only where both stand above it', () => {
  assert.is(within('Åsa Öberg', 'Intranet'), 'deleted role Tester')
  assert.is(within('Åsa Öberg', 'Datalager'), 'deleted role Tester (Intranet)')
  assert.is(within('Fredrik Isaksson', 'Intranet'), 'Åsa Öberg: deleted role Tester')
  assert.is(within(undefined, undefined), 'Åsa Öberg: deleted role Tester (Intranet)')
  assert.is(nameIn(role, 'object'), 'Tester')
  assert.equal(sentenceWithin([], { actor: undefined, object: undefined }), [])
})

it('is the deleted row as lines for a spreadsheet, in which nothing runs as a formula', () => {
  assert.is(
    asTable({ id: 2, name: '=SUM(A1:A9)', note: null, text: 'a\tb\n"c"', many: [1, 2], '+column': -5 }),
    `id\t2\nname\t'=SUM(A1:A9)\nnote\t\ntext\t"a\tb\n""c"""\nmany\t[1,2]\n'+column\t-5`,
  )
})

it('is text to take along in which no name makes a line of its own', () => {
  const forged = { ...entry(0), sentence: 'Anna\n2026-01-01\u202e: deleted CV x' }
  assert.is(asText(forged, 'now', 'App', 'https://log'), 'now\nAnna⟨U+000A⟩2026-01-01⟨U+202E⟩: deleted CV x [App]\nhttps://log')
})

it('is counted as a line of its own, but for the end of an export', () => {
  assert.equal(withoutExportEnds({ sources: ['app'], rootsOnly: true }), {
    sources: ['app'], rootsOnly: true, notActions: ['audit.export_ended', 'projects.export_ended', 'customers.export_ended', 'contacts.export_ended'],
  })
  const ends = withoutExportEnds({}).notActions ?? []
  for (const begun of actionGroups.exports) assert.ok(ends.includes(begun.replace('.exported', '.export_ended')), begun)
})

it('is the facts of an export that are plain, and its filter in words rather than as data', () => {
  assert.equal(plainFacts({ row_count: 2450, filter: { city: 'Malmö' } }, 'en'), { row_count: '2,450', filter: { city: 'Malmö' } })
  assert.equal(plainFacts({ filter: { q: 'x' }, filterInWords: 'Name: x', person: { id: '7' }, locale: null }, 'en'), { filterInWords: 'Name: x', locale: null })
  assert.equal(plainFacts([1], 'en'), [1])
})

it('tells in the line of an export how it ended, where both are loaded', () => {
  const [begun, other] = [entry(3), entry(4)]
  const end = exportEnd(3)
  const { events, ends } = foldExportEnds([end, other, begun])
  assert.equal(events.map(({ id }) => id), [other.id, begun.id])
  const told = ends.get(begun.id)
  const said = (of: typeof begun) => told && outcomeAfter(of, told).map(({ text }) => text).join('')
  assert.is(said(begun), 'was completed', 'the rows stand in the line already')
  assert.is(said({ ...begun, sentenceParts: begun.sentenceParts.slice(0, 2) }), 'was completed (2450 rows)')
  assert.equal(foldExportEnds([end, other]).events, [end, other], 'an end alone has a line of its own')
})

it('says "120+" where only the newest were counted', () => {
  assert.is(facetCount({ count: 1_200, isExact: true }, 'en'), '1,200')
  assert.is(facetCount({ count: 1_200, isExact: false }, 'en'), '1,200+')
})

it.run()
