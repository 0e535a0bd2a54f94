import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import type { TestDatabase } from '../harness/database.ts'
import { startServer, type Person, type RunningServer } from '../server/running-server.ts'
import { companies, makeHardLog, viewer } from './hard-log.ts'

const it = suite<{ database: TestDatabase; running: RunningServer }>('Paging through ten thousand entries of the same microsecond', { database: Object.create(null), running: Object.create(null) })
const administrator: Person = { id: viewer.id, companyId: companies.dense, name: viewer.name }
const most = 200

it.before(async (context) => {
  context.database = await makeHardLog()
  context.running = await startServer(context.database, { graphqlDocuments: 'any' })
})
it.after(async ({ running, database }) => {
  await running.close()
  await database.drop()
})

const answer = z.object({ events: z.object({ nodes: z.array(z.object({ id: z.string() })), pageInfo: z.object({ hasNextPage: z.boolean(), hasPreviousPage: z.boolean(), startCursor: z.string().nullable(), endCursor: z.string().nullable() }) }) })
const document = (args: string): string => `query ($cursor: Cursor, $filter: EventFilter) { events(${args}, filter: $filter) { nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`

async function page(running: RunningServer, args: string, variables: Record<string, unknown>) {
  const { data, errors } = await running.graphql(administrator, document(args), variables)
  assert.is(errors, undefined, JSON.stringify(errors))
  return answer.parse(data).events
}

/** Every page from the first to the last; `between` is called after each. */
async function readOn(running: RunningServer, filter: unknown, order: string, between: (pages: number) => Promise<void> = async () => undefined): Promise<string[]> {
  const ids: string[] = []
  let cursor: string | null = null
  for (let pages = 1; ; pages += 1) {
    const { nodes, pageInfo } = await page(running, `first: ${most}, after: $cursor, orderBy: ${order}`, { cursor, filter })
    ids.push(...nodes.map(({ id }) => id))
    if (!pageInfo.hasNextPage) return ids
    cursor = pageInfo.endCursor
    await between(pages)
  }
}

const expected = async (database: TestDatabase, condition: string, direction: string): Promise<string[]> =>
  (await database.superuser.query<{ id: string }>(`select e.id::text from audit.event e where company_id = '${companies.dense}' and ${condition} order by e.occurred_at ${direction}, e.id ${direction}`)).rows.map(({ id }) => id)

it('shows each once and in order, newest and oldest first', async ({ running, database }) => {
  assert.equal(await readOn(running, null, 'OCCURRED_AT_DESC'), await expected(database, 'true', 'desc'))
  assert.equal(await readOn(running, { sources: ['sql'] }, 'OCCURRED_AT_ASC'), await expected(database, `source = 'sql'`, 'asc'))
})

it('shows each once and in order under a search, before and after the keeper has run', async ({ running, database }) => {
  const filter = { query: 'person 7' }
  const wanted = await expected(database, `(actor_name ilike '%7%' or object_label ilike '%7%') and actor_name ilike '%person%'`, 'desc')
  assert.equal(await readOn(running, filter, 'OCCURRED_AT_DESC'), wanted)
  await database.superuser.query('select audit.keep(4000)')
  assert.equal(await readOn(running, filter, 'OCCURRED_AT_DESC'), wanted)
})

it('goes back the way that it came', async ({ running, database }) => {
  const all = await expected(database, 'true', 'desc')
  const ids: string[] = []
  let cursor: string | null = null
  for (;;) {
    const { nodes, pageInfo } = await page(running, `last: ${most}, before: $cursor`, { cursor, filter: null })
    ids.unshift(...nodes.map(({ id }) => id))
    if (!pageInfo.hasPreviousPage || ids.length >= 2000) break
    cursor = pageInfo.startCursor
  }
  assert.equal(ids, all.slice(-ids.length))
})

it('has no gap and nothing twice while new entries of that very microsecond arrive [case 198]', async ({ running, database }) => {
  const before = await expected(database, `action = 'cv.deleted'`, 'desc')
  const found = await readOn(running, { actions: ['cv.deleted'] }, 'OCCURRED_AT_DESC', async (pages) => {
    if (pages % 5 > 0) return
    await database.superuser.query(`set role audit_owner;
      insert into audit.event (occurred_at, company_id, actor_status, action, object_kind, object_label, source, db_user)
      select occurred_at, company_id, 'asserted', 'cv.deleted', 'cv', 'late', 'app', 'test' from audit.event where company_id = '${companies.dense}' limit 3;
      reset role`)
  })
  assert.equal(found, before)
})

it.run()
