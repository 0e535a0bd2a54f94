import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { startServer, type RunningServer } from '../server/running-server.ts'

const it = suite<{ database: TestDatabase; server: RunningServer }>('A server whose log is divided by year while it runs', { database: Object.create(null), server: Object.create(null) })
const year = new Date().getUTCFullYear()

it.before(async (context) => {
  context.database = await makeTestDatabase()
  await context.database.run('delete from app.customer where id in (select id from app.customer order by id limit 20)')
  context.server = await startServer(context.database)
})
it.after(async ({ database, server }) => {
  await server.close()
  await database.drop()
})

it('goes on with the same schema, lists, acts, searches and exports, and shows what comes', async ({ database, server }) => {
  const { rows: [{ email }] } = await database.superuser.query(`select email from app."user" u where is_administrator and exists (select from audit.event e where e.company_id = u.company_id::text and e.action = 'customer.deleted') order by id limit 1`)
  const person = await server.person(email)
  const document = `{
    events(first: 100) { totalCount nodes { id sentence action caused_by: causedBy } }
    found: events(first: 100, filter: { query: "a" }) { totalCount nodes { id } }
  }`
  const ask = async (): Promise<unknown> => {
    const { data, errors } = await server.graphql(person, document)
    assert.is(errors, undefined)
    return data
  }
  const schema = await server.server.printSchema()
  const before = await ask()
  await database.superuser.query('call audit.partition_by_year()')
  assert.equal(await ask(), before)
  assert.is((await server.fetch(person, '/readyz')).status, 200)
  await database.superuser.query('select audit_private.follow_year($1)', [year + 1])
  await database.run(`delete from app.customer where company_id = ${Number(person.companyId)}`)
  const { data } = await server.graphql(person, '{ events(first: 1) { nodes { id } } }')
  assert.ok(data?.['events'].nodes[0].id >= (year + 1) * 1e12, JSON.stringify(data))
  const file = await (await server.fetch(person, '/export/events.csv')).text()
  const { rows: [{ count }] } = await database.superuser.query(`select count(*)::int from audit.event where company_id = $1`, [person.companyId])
  assert.ok(count > 20)
  assert.ok(file.split('\r\n').length > count, `${file.split('\r\n').length} lines for ${count} entries`)
  const again = await startServer(database)
  try {
    assert.is(await again.server.printSchema(), schema)
  } finally {
    await again.close()
  }
})

it.run()
