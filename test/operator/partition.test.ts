import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { audit, json } from './audit.ts'

const it = suite<{ database: TestDatabase }>('npm run audit -- partition', { database: Object.create(null) })
const year = new Date().getUTCFullYear()

it.before(async (context) => {
  context.database = await makeTestDatabase()
})
it.after(({ database }) => database.drop())

it('changes nothing and says how to, until it is told --by-year', ({ database }) => {
  const { status, stdout } = audit(['partition'], database.url('postgres'))
  assert.is(status, 0, stdout)
  assert.match(stdout, /audit\.event is one table\. To divide it by year: --by-year/)
})

it('refuses a login that may not, with what to do', ({ database }) => {
  const { status, stdout } = audit(['partition', '--by-year'], database.url('audit_reader'))
  assert.is(status, 1)
  assert.match(stdout, /permission denied for procedure partition_by_year/)
})

it('divides the entries by year, also when it is done again, and doctor adds the partitions up', ({ database }) => {
  for (let round = 1; round <= 2; round += 1) {
    const { status, stdout } = audit(['partition', '--by-year'], database.url('postgres'))
    assert.is(status, 0, stdout)
    assert.match(stdout, new RegExp(`audit_private\\.event_until_${year} +numbers 1 to below ${year + 1}000000000000, about [\\d,]+ entries`))
    assert.match(stdout, new RegExp(`audit_private\\.event_${year + 1} +numbers ${year + 1}000000000000 to below ${year + 2}000000000000, about 0 entries`))
  }
  const document = JSON.stringify(json(audit(['partition', '--json'], database.url('postgres'))))
  assert.match(document, `"is_partitioned":true`)
  assert.match(audit(['doctor'], database.url('postgres')).stdout, /partitions +2\n/)
})

it.run()
