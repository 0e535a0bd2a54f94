import readExcelFile from 'read-excel-file/node'
import * as assert from 'uvu/assert'
import { messages } from '../../admin-ui/src/text/locale.ts'
import { columnTitle, workbookColumns } from '../../server/export/column-titles.ts'
import { filterInWords, partsInWords } from '../../server/export/filter-in-words.ts'
import { labels, languageOf } from '../../server/export/labels.ts'
import { notesOf } from '../../server/export/notes.ts'
import { timeInWords, wholeSecond } from '../../server/export/local-time.ts'
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

it('is a time with its offset where the clock shows it twice, and only there', async (context) => {
  const inWords = async (query: string): Promise<string> => openReceipt(recordsOf(await get(context, `/export/events.csv?${query}`)).at(-1)?.[1] ?? '')?.filterInWords ?? ''
  for (const [zone, from, to, words] of [
    ['Europe/Stockholm', '2026-10-25T00:30:00Z', '2026-10-25T01:15:00Z', 'from 25 Oct 2026 02:30 UTC+02 before 25 Oct 2026 02:15 UTC+01'],
    ['Europe/Stockholm', '2026-10-24T23:59:59.5Z', '2026-10-25T02:00:00Z', 'from 25 Oct 2026 01:59:59.5 before 25 Oct 2026 03:00'],
    ['Europe/Stockholm', '2026-10-25T00:00:00Z', '2026-10-25T01:59:59.5Z', 'from 25 Oct 2026 02:00 UTC+02 before 25 Oct 2026 02:59:59.5 UTC+01'],
    ['Europe/Stockholm', '2026-03-29T00:59:59Z', '2026-03-29T01:00:00Z', 'from 29 Mar 2026 01:59:59 before 29 Mar 2026 03:00'],
    // It puts its clocks back by half an hour.
    ['Australia/Lord_Howe', '2026-04-04T14:45:00Z', '2026-04-04T15:15:00Z', 'from 5 Apr 2026 01:45 UTC+11 before 5 Apr 2026 01:45 UTC+10:30'],
    ['Australia/Lord_Howe', '2026-04-04T14:29:59Z', '2026-04-04T15:30:00Z', 'from 5 Apr 2026 01:29:59 before 5 Apr 2026 02:00'],
    // It had a whole day twice.
    ['Pacific/Apia', '1892-07-03T12:00:00Z', '1892-07-04T12:00:00Z', 'from 4 Jul 1892 00:33:04 UTC+12:33:04 before 4 Jul 1892 00:33:04 UTC-11:26:56'],
    ['America/New_York', '0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z', 'from 0001-12-31 19:03:58 BC before 31 Dec 9999 18:59:59'],
  ] as const) assert.is(await inWords(`from=${from}&to=${to}&timeZone=${zone}&locale=en`), `Period: ${words} (${zone})`)
  assert.equal([wholeSecond('2026-10-25 02:30:00.123456 UTC+02'), timeInWords('2026-10-25 02:30:00 UTC+02', 'sv'), wholeSecond('12026-10-25 02:30:07.5')], ['2026-10-25 02:30:00 UTC+02', '25 okt. 2026 02:30 UTC+02', '12026-10-25 02:30:07'])
})

it('is every other part of a filter too, and a code where there is no word', () => {
  assert.is(filterInWords({ objectKind: 'cv', objectId: '3', ownerKind: 'customer', ownerId: '42', requestId: 'r-1', act: '7', query: '$& x', actorId: '9', notActions: ['invoice.deleted'], notSources: ['api'] }, 'en', noPeriod),
    'Not: invoice.deleted; Not from: API; Name contains “$& x”; Person: 9; Object: CV 3; Belongs to: Customer 42; Request: r-1; Act: 7')
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

it('is whom and what it gives, by name and number, as in their newest entries, and as far as the reader may know', async (context) => {
  const { database, running, fredrik } = context
  await insertEntries(database, [{ label: 'Old name', action: 'role.deleted', second: 10 }, { label: 'New $& \u202ename', action: 'role.deleted', second: 11 }])
  await database.superuser.query(`insert into audit.event (company_id, actor_id, actor_name, actor_status, action, object_kind, object_id, object_label, owner_kind, owner_id, owner_label, source, db_user)
    values ('1', '70', 'Asa', 'asserted', 'cv.deleted', 'cv', '61', 'A CV', 'customer', '61', 'Nordljus', 'app', 'x'), ('1', '70', 'Åsa Öberg', 'asserted', 'cv.deleted', 'cv', '62', null, null, null, null, 'app', 'x'),
           ('2', '70', 'Of another company', 'asserted', 'cv.deleted', 'cv', '61', 'Of another company', 'customer', '61', 'Of another company', 'app', 'x'), ('2', '71', 'Of another company', 'asserted', 'cv.deleted', 'cv', '63', 'Of another company', null, null, null, 'app', 'x')`)
  const said = async (query: string) => {
    const { response, bytes } = await exported(running, fredrik, `/export/events.csv?${query}`)
    const { rows: [{ words }] } = await database.superuser.query(`select details ->> 'filterInWords' as words from audit.event where id = $1`, [response.headers.get('x-audit-export-id')])
    assert.is(words, openReceipt(recordsOf(bytes).at(-1)?.[1] ?? '')?.filterInWords, 'the entry says the same')
    return words
  }
  assert.is(await said('actorId=70&locale=sv'), 'Person: Åsa Öberg (70)')
  assert.is(await said('actorId=70&to=2026-01-01T00:00:00Z&locale=en'), 'Period: before 1 Jan 2026 01:00 (Europe/Stockholm); Person: Åsa Öberg (70)')
  assert.is(await said('objectKind=role&objectId=007&locale=en'), 'Object: Role New $& ⟨U+202E⟩name (007)')
  assert.is(await said('ownerKind=customer&ownerId=61&locale=sv'), 'Hör till: Kund Nordljus (61)')
  assert.is(await said('objectKind=cv&objectId=62&locale=en'), 'Object: CV 62', 'it has no name')
  assert.is(await said('objectKind=cv&objectId=63&actorId=71&locale=en'), 'Person: 71; Object: CV 63', 'nobody here has that number')
  assert.is(await said('objectId=61&locale=en'), 'Object: 61', 'of any kind')
})

it.run()
