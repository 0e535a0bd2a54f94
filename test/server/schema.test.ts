import { readFile, writeFile } from 'node:fs/promises'
import { buildSchema } from 'graphql'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { startServer, type RunningServer } from './running-server.ts'

type Context = { database: TestDatabase; running: RunningServer }
const it = suite<Context>('The GraphQL schema', Object.create(null))
const file = new URL('../../server/schema.graphql', import.meta.url)

it.before(async (context) => {
  context.database = await makeTestDatabase()
  context.running = await startServer(context.database)
})
it.after(async ({ running, database }) => {
  await running.close()
  await database.drop()
})

it('is the one in server/schema.graphql', async ({ running }) => {
  const schema = await running.server.printSchema()
  if (process.env['UPDATE_SCHEMA'] === 'true') await writeFile(file, schema)
  const committed = await readFile(file, 'utf8')
  assert.ok(committed === schema, 'server/schema.graphql is stale. Run: UPDATE_SCHEMA=true npm test -- test/server/schema')
})

it('has nothing to change and nothing to subscribe to [case 173]', async ({ running }) => {
  const schema = buildSchema(await running.server.printSchema())
  assert.is(schema.getMutationType() ?? null, null)
  assert.is(schema.getSubscriptionType() ?? null, null)
})

it('asks for exactly these things, and no type names a node by a global id', async ({ running }) => {
  const schema = buildSchema(await running.server.printSchema())
  assert.equal(Object.keys(schema.getQueryType()?.getFields() ?? {}).sort(), ['event', 'eventCount', 'eventFacets', 'eventHistogram', 'events', 'viewer'])
  assert.not.match(await running.server.printSchema(), /nodeId|interface Node/)
})

it('stays as it is when a table and a function are added to schema audit', async ({ running, database }) => {
  await database.superuser.query(`
    create table audit.secret_of_tomorrow (id int primary key); grant select on audit.secret_of_tomorrow to audit_admin;
    create function audit.event_secret(event audit.event) returns text stable language sql as 'select 1::text';
    create function audit.everything() returns setof audit.event stable language sql as 'select * from audit.event';`)
  const second = await startServer(database)
  try {
    assert.is(await second.server.printSchema(), await running.server.printSchema())
  } finally {
    await second.close()
  }
})

it.run()
