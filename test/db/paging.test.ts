import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

const test = suite('Paging a filtered list by key')
let db: TestDatabase

/** Entries of company 1 in the same microsecond, half of them with a name to search for. */
async function write(count: number): Promise<void> {
  await db.superuser.query('set role audit_owner')
  await db.superuser.query(`
    insert into audit.event (occurred_at, company_id, actor_name, actor_status, action, object_kind, object_label, source, db_user)
    select '2026-01-01 12:00:00.000001+00', '1', 'Actor', 'asserted', case when n % 3 = 0 then 'cv.deleted' else 'role.deleted' end, 'cv', case when n % 2 = 0 then 'Quartz ' else 'Other ' end || n, 'api', 'x'
      from generate_series(1, $1::int) n`, [count])
  await db.superuser.query('reset role')
}

test.before(async () => {
  db = await makeTestDatabase()
  await write(6_000)
  for (;;) if ((await db.superuser.query('select audit.keep(5000)::int as n')).rows[0].n === 0) break
  await write(4_000)
})
test.after(() => db.drop())

async function expected(condition: string, order: string): Promise<string[]> {
  const { rows } = await db.superuser.query(`select e.id::text from audit.event e where e.company_id = '1' and ${condition} order by e.occurred_at ${order}, e.id ${order}`)
  return rows.map(({ id }) => id)
}

for (const [filter, condition] of [
  [{ actions: ['cv.deleted'], sources: ['api'] }, `action = 'cv.deleted' and source = 'api'`],
  [{ query: 'quartz' }, `object_label like 'Quartz%'`],
  [{ query: 'r' , notSources: ['sql'] }, `source <> 'sql' and concat_ws(' ', object_label, owner_label, actor_name) ilike '%r%'`],
  [{ fromDay: '2026-01-01', toDay: '2026-01-01', timeZone: 'UTC' }, `occurred_at >= '2026-01-01 00:00+00' and occurred_at < '2026-01-02 00:00+00'`],
] as const) {
  for (const isAscending of [false, true]) {
    test(`${JSON.stringify(filter)} gives each of ten thousand entries of the same microsecond once, ${isAscending ? 'oldest' : 'newest'} first, kept or not, while new ones arrive [case 198]`, async () => {
      const before = await expected(condition, isAscending ? 'asc' : 'desc')
      const seen: string[] = []
      const behind: { id: string | null; at: string | null } = { id: null, at: null }
      for (;;) {
        const { rows }: { rows: { id: string; at: string }[] } = await db.superuser.query(
          `select id::text, to_json(occurred_at) #>> '{}' as at from audit.find_events($1, $2, $3, $4, 1500)`, [JSON.stringify({ companyId: '1', ...filter }), isAscending, behind.at, behind.id])
        seen.push(...rows.map(({ id }) => id))
        if (rows.length < 1500) break
        Object.assign(behind, rows.at(-1))
        // A newer entry that the filter lets through too.
        if (!isAscending) await db.superuser.query(`delete from app.cv where id = (select min(id) from app.cv)`)
      }
      assert.equal(seen, isAscending ? await expected(condition, 'asc') : before)
    })
  }
}

test.run()
