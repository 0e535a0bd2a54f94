import readExcelFile from 'read-excel-file/node'
import * as assert from 'uvu/assert'
import { messages } from '../../admin-ui/src/text/locale.ts'
import { columnTitle, workbookColumns } from '../../server/export/column-titles.ts'
import { filterInWords, partsInWords } from '../../server/export/filter-in-words.ts'
import { labels, languageOf } from '../../server/export/labels.ts'
import { notesOf } from '../../server/export/notes.ts'
import { openReceipt } from '../../server/export/receipt.ts'
import { sheetEnd, sheetStart } from '../../server/export/sheet.ts'
import { exported, insertEntries, recordsOf } from './exporting.ts'
import { startServer } from './running-server.ts'
import { serverSuite, type ServerContext } from './server-suite.ts'

const it = serverSuite('What a person reads in an exported file')

it.before(({ database }) => insertEntries(database, [
  { label: 'Project Manager', action: 'cv.deleted', second: 1 }, { label: 'INV-1', action: 'invoice.deleted', second: 0 },
]))

const get = async ({ running, fredrik }: ServerContext, path: string): Promise<Buffer> => (await exported(running, fredrik, path)).bytes
const noPeriod = { from: null, to: null, timeZone: 'UTC' }

it('are the words of the screens, in both languages', () => {
  for (const language of ['en', 'sv'] as const) {
    const { action, source, kind_name: kinds, filter } = messages[language]
    assert.equal(labels[language], { actions: action, sources: source, kinds })
    assert.equal(partsInWords[language], filter.chip)
  }
  assert.equal(['sv', 'en', 'de'].map(languageOf), ['sv', 'en', 'en'])
})

it('is the filter: names of actions and sources, times in the chosen zone, days as days', async (context) => {
  const inWords = async (query: string): Promise<string> => openReceipt(recordsOf(await get(context, `/export/events.csv?${query}`)).at(-1)?.[1] ?? '')?.filterInWords ?? ''
  const instants = 'source=admin&source=sql&action=cv.deleted&action=projects.exported&from=2026-10-31T23:00:00.000Z'
  assert.is(await inWords(`${instants}&locale=sv`), 'Åtgärdstyp: Radera CV eller Exportera projekt; Källa: Admin eller SQL; Period: från 1 nov. 2026 00:00 (Europe/Stockholm)')
  assert.is(await inWords(`${instants}&to=2026-11-30T13:32:05.5Z&locale=en`),
    'Action type: Delete user CV or Export projects; Source: Admin or SQL; Period: from 1 Nov 2026 00:00 before 30 Nov 2026 14:32:05.5 (Europe/Stockholm)')
  assert.is(await inWords('from=2026-10-31T23:00:00Z&timeZone=Asia/Kolkata&locale=en'), 'Period: from 1 Nov 2026 04:30 (Asia/Kolkata)')
  assert.is(await inWords('fromDay=2026-11-01&toDay=2026-11-30&locale=sv'), 'Period: från 1 nov. 2026 till och med 30 nov. 2026 (Europe/Stockholm)')
  assert.is(await inWords('fromDay=2026-11-01&timeZone=UTC&locale=en'), 'Period: from 1 Nov 2026 (UTC)')
  assert.is(await inWords('from=2026-10-31T23:00:00Z&toDay=2026-11-30&locale=en'), 'Period: from 1 Nov 2026 00:00 until 30 Nov 2026 (Europe/Stockholm)')
  assert.is(await inWords('to=9999-12-31T23:59:59-01:00&timeZone=UTC&locale=en'), 'Period: before 10000-01-01 00:59:59 (UTC)')
  assert.is(await inWords('locale=sv'), 'Allt')
})

it('is every other part of a filter too, and a code where there is no word', () => {
  assert.is(filterInWords({ objectKind: 'cv', objectId: '3', ownerKind: 'customer', ownerId: '42', requestId: 'r-1', act: '7', query: '$& x', actorId: '9', notActions: ['invoice.deleted'], notSources: ['api'] }, 'en', noPeriod),
    'Not: invoice.deleted; Not from: API; Name contains “$& x”; Person: 9; Object: cv/3; Belongs to: customer/42; Request: r-1; Act: 7')
  assert.is(filterInWords({ objectKind: 'contact', rootsOnly: true }, 'sv', noPeriod), 'Typ: Kundkontakt; Bara hela händelser')
  assert.is(filterInWords({ objectKind: 'constructor', objectId: null, rootsOnly: false }, 'en', noPeriod), 'Kind: constructor')
  assert.is(filterInWords({ objectId: '3' }, 'en', noPeriod), 'Object: 3')
})

it('is a workbook in the chosen language: titles, the action in words beside its code, posts and a receipt with the times of the zone', async (context) => {
  for (const [locale, sheetNames, titles, action, facts] of [
    ['sv', ['Poster', 'Kvitto'], ['Post', 'Tid (UTC)', 'Tid (Asia/Kolkata)', 'Vad som hände', 'Åtgärdstyp', 'Åtgärdskod'], 'Radera CV', ['Postens nummer i loggen', 'Tid', 'Loggens läge vid']],
    ['en', ['Entries', 'Receipt'], ['Entry', 'Time (UTC)', 'Time (Asia/Kolkata)', 'What happened', 'Action type', 'Action code'], 'Delete user CV', ['Number of the entry in the log', 'At', 'State of the log at']],
  ] as const) {
    const book = await readExcelFile(await get(context, `/export/events.xlsx?objectId=007&locale=${locale}&timeZone=Asia/Kolkata`))
    assert.equal(book.map(({ sheet }) => sheet), [...sheetNames])
    const [entries, receipt] = book.map(({ data }) => data)
    assert.equal(entries?.[0]?.slice(0, 6), [...titles])
    assert.equal(entries?.[1]?.slice(4, 6), [action, 'cv.deleted'])
    assert.equal(entries?.[2]?.slice(4, 6), ['invoice.deleted', 'invoice.deleted'], 'one that has no word')
    assert.equal(entries?.[1]?.slice(1, 3), [new Date('2026-06-30T22:00:01Z'), new Date('2026-07-01T03:30:01Z')])
    const said = new Map(receipt?.map(([what, value]) => [String(what), String(value)]))
    const sealed = openReceipt([...said.values()].at(-1) ?? '')
    const [entry = '', at = '', snapshot = ''] = facts
    assert.is(said.get(entry), sealed?.entry)
    const written = new RegExp(`^\\d{1,2} [a-zé.]+ 20\\d\\d \\d\\d:\\d\\d(:\\d\\d)? \\(Asia/Kolkata\\)$`, 'i')
    for (const [key, exact] of [[at, sealed?.at], [snapshot, sealed?.snapshot.at]] as const) {
      assert.match(said.get(key) ?? '', written, key)
      assert.match(exact ?? '', /^20\d\d-\d\d-\d\dT[\d:.]+Z$/, 'the exact instant is in the part for programs')
    }
  }
})

it('has a title for every column, and none twice; the header stays in view and has a filter', () => {
  for (const language of ['en', 'sv'] as const) {
    const titles = workbookColumns.map((name) => columnTitle(name, language, 'Asia/Kolkata'))
    assert.is(new Set(titles).size, workbookColumns.length)
    for (const [index, name] of workbookColumns.entries()) assert.is.not(titles[index], name)
  }
  assert.match(sheetStart([10], true), '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>')
  assert.match(sheetEnd(7, workbookColumns.length), '<autoFilter ref="A1:AB7"/>')
})

it('is told of one cell that is too long as of one, and of several as of several', () => {
  const said = (longCells: number, sheets: number, locale: string) => notesOf({ rows: 1, longCells, sheets, rowsPerSheet: 100 }, locale)
  assert.equal(said(1, 0, 'en'), ['1 cell is longer than the 32767 characters that Excel takes; export as JSON Lines to have it whole.'])
  assert.equal(said(1, 1, 'en'), ['1 cell is longer than the 32767 characters that Excel takes and is cut; export as JSON Lines to have it whole.'])
  assert.equal(said(2, 1, 'en'), ['2 cells are longer than the 32767 characters that Excel takes and are cut; export as JSON Lines to have them whole.'])
  assert.equal(said(1, 1, 'sv'), ['1 cell är längre än de 32767 tecken som Excel tar och är avkortad; exportera som JSON Lines för att få den hel.'])
  assert.equal(said(2, 1, 'sv'), ['2 celler är längre än de 32767 tecken som Excel tar och är avkortade; exportera som JSON Lines för att få dem hela.'])
})

it('is told when Excel shows only a part of a CSV file, and on how many sheets a workbook has the rest [case 204]', async (context) => {
  const small = await startServer(context.database, { rowsPerSheet: 1 })
  try {
    const notesIn = async (query: string) => openReceipt(recordsOf((await exported(small, context.fredrik, `/export/events.csv?${query}`)).bytes).at(-1)?.[1] ?? '')?.notes
    assert.equal(await notesIn('objectId=007&locale=en'), ['Excel shows only the first 1 rows of a CSV file; the file is whole. Export as XLSX to see all.'])
    assert.equal(await notesIn('action=cv.deleted&locale=en'), [], 'as many as a sheet takes')
    const book = await readExcelFile((await exported(small, context.fredrik, '/export/events.xlsx?objectId=007&locale=sv')).bytes)
    assert.equal(book.map(({ sheet, data }) => [sheet, sheet === 'Kvitto' ? 0 : data.length]), [['Poster', 2], ['Poster 2', 2], ['Kvitto', 0]])
    assert.match(JSON.stringify(book.at(-1)?.data), 'Raderna är fördelade på 2 blad.')
  } finally {
    await small.close()
  }
})

it.run()
