import * as assert from 'uvu/assert'
import { serverSuite } from './server-suite.ts'

const it = serverSuite('A copy of a row that lies deep in itself')

it('fails no answer: what lies deeper than 1,000 levels is named, all else is as it was', async ({ running, database, fredrik }) => {
  await database.superuser.query('alter table audit.event disable trigger user')
  await database.superuser.query(`
    insert into audit.event (company_id, actor_status, action, object_kind, object_id, object_label, source, db_user, snapshot)
    select '1', 'asserted', 'cv.deleted', 'cv', n::text, 'deep', 'app', 'consultant_app',
      (repeat(case n when 3 then '[' else '{"a":' end, depth) || '1' || repeat(case n when 3 then ']' else '}' end, depth))::jsonb
      from (values (1, 999), (2, 1000), (3, 5000), (4, 5000)) as deep (n, depth)`)
  const { data, errors } = await running.graphql(fredrik, '{ events(filter: {query: "deep"}, orderBy: OCCURRED_AT_ASC) { nodes { objectId snapshot } } }')
  assert.is(errors, undefined)
  const depths = new Map<string, unknown>()
  for (const { objectId, snapshot } of data?.['events'].nodes) {
    let [depth, inner] = [0, snapshot]
    for (; typeof inner === 'object'; inner = Object.values(inner)[0]) depth += 1
    depths.set(objectId, [depth, inner])
  }
  const named = '(deeper than 1000 levels; an export as JSON Lines has it whole)'
  assert.equal([...depths].sort(), [['1', [999, 1]], ['2', [1_000, 1]], ['3', [1_000, named]], ['4', [1_000, named]]])
})

it.run()
