import * as assert from 'uvu/assert'
import { exported, insertEntries, recordsOf } from './exporting.ts'
import { serverSuite } from './server-suite.ts'

const it = serverSuite('The time zone of an export')

it.before(({ database }) => insertEntries(database, [{ label: 'one', action: 'cv.deleted', second: 0 }]))

it('is refused, or taken, as that of a filter is, whatever Node thinks of it, and with and without days', async ({ running, fredrik }) => {
  const none = ['IST', 'AST', 'PST', 'CST', 'JST', 'PDT', 'EST5EDT', 'UCT', 'Zulu', 'GMT+0', 'europe/stockholm', 'Mars/Base', 'Etc/GMT+999', '+02:00', 'Any/Name3']
  const some = ['Europe/Stockholm', 'UTC', 'GMT', 'EST', 'CET', 'Asia/Kolkata', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5', 'Etc/GMT+99', 'Factory']
  for (const zone of [...none, ...some]) {
    const isKnown = some.includes(zone)
    for (const days of ['', '&fromDay=2026-01-01']) {
      const response = await running.fetch(fredrik, `/export/events.csv?timeZone=${encodeURIComponent(zone)}${days}`)
      const text = await response.text()
      assert.is(response.status, isKnown ? 200 : 400, `${zone}${days}: ${text}`)
      if (isKnown) continue
      const { error } = JSON.parse(text)
      assert.equal([error.code, error.detail.startsWith(`timeZone is "${zone}"`)], ['BAD_FILTER', true], error.detail)
    }
    const { errors } = await running.graphql(fredrik, 'query ($filter: EventFilter) { events(first: 1, filter: $filter) { nodes { id } } }', { filter: { timeZone: zone } })
    assert.is(errors?.[0]?.extensions?.['code'], isKnown ? undefined : 'BAD_FILTER', zone)
  }
})

it('has a zone that only the database knows in its local times and in its name', async ({ running, fredrik }) => {
  const { response, bytes } = await exported(running, fredrik, '/export/events.csv?timeZone=Etc/GMT%2B99&action=cv.deleted')
  assert.is(recordsOf(bytes)[1]?.[2], '2026-06-26 19:00:00')
  assert.match(response.headers.get('content-disposition') ?? '', /filename="audit-log-\d{4}-\d\d-\d\d-\d{4}-e\d+\.csv"$/)
})

it('names the file by the minute there and by the entry, in ASCII, so that no two of a day have one name', async ({ running, database, fredrik }) => {
  const names: string[] = []
  for (const format of ['csv', 'csv', 'xlsx']) {
    const { response } = await exported(running, fredrik, `/export/events.${format}?timeZone=Asia/Kolkata`)
    const name = /^attachment; filename="([^"]+)"$/.exec(response.headers.get('content-disposition') ?? '')?.[1] ?? ''
    const entry = response.headers.get('x-audit-export-id')
    const { rows: [{ minute }] } = await database.superuser.query(`select to_char(occurred_at at time zone 'Asia/Kolkata', 'YYYY-MM-DD-HH24MI') as minute from audit.event where id = $1`, [entry])
    assert.is(name, `audit-log-${minute}-e${entry}.${format}`)
    names.push(name)
  }
  assert.is(new Set(names).size, 3)
})

it.run()
