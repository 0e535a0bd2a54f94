import * as assert from 'uvu/assert'
import { startServer } from '../server/running-server.ts'
import { serverSuite } from '../server/server-suite.ts'

const it = serverSuite('Attacks over HTTP')

it('refuses a document that is long rather than large, with a short answer', async ({ running, fredrik }) => {
  for (const query of [`query(${'$a: Int '.repeat(7_000)}) { __typename }`, `{ ${'viewer { locale } '.repeat(3_000)} }`]) {
    const response = await running.fetch(fredrik, '/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query }) })
    const text = await response.text()
    assert.is(response.status, 400)
    assert.match(text, /DOCUMENT_TOO_LARGE/)
    assert.ok(text.length < 1_000, `${text.length} characters`)
  }
})

it('asks the database once for all who ask at the same moment whether it is ready: nobody counts them', async ({ running }) => {
  const before = running.connections()
  const statuses = await Promise.all(Array.from({ length: 100 }, async () => (await running.fetch(null, '/readyz')).status))
  assert.equal([...new Set(statuses)], [200])
  const asked = running.connections() - before
  assert.ok(asked <= 50, `${asked} connections were taken for 100 questions`)
})

it('writes no formula into a file by the name of a table that is not tracked [case 188]', async ({ running, database, fredrik }) => {
  await database.superuser.query(`
    create table app."=1+1" (id int primary key, name text); insert into app."=1+1" values (1, 'x');
    create table app.note (id int primary key, company_id int, about int references app."=1+1", name text); insert into app.note values (1, 1, 1, 'n');
    select audit.track('app.note', 'note', '{name}', company => 'company_id', owner => 'about'); delete from app.note`)
  const lines = (await (await running.fetch(fredrik, '/export/events.csv?objectKind=note')).text()).split('\r\n')
  assert.match(lines[1] ?? '', /,"'=1\+1",/)
  assert.not.match(lines[1] ?? '', /,"=/)
})

it('writes no value of a database error into the log [case 235]', async ({ running, database, fredrik }) => {
  const { rows: [viewer] } = await database.superuser.query<{ code: string }>(`select pg_get_functiondef('audit.viewer()'::regprocedure) as code`)
  await database.superuser.query(`create or replace function audit.viewer() returns audit.viewer language plpgsql stable security definer as $$ begin perform 'canary-5b1e "more of it"'::bigint; return null; end $$`)
  try {
    await running.graphql(fredrik, '{ viewer { access } }')
  } finally {
    await database.superuser.query(viewer?.code ?? '')
  }
  assert.match(running.log(), /22P02/)
  assert.not.match(running.log(), /canary-5b1e|more of it/)
})

for (const term of [`\\' or true --`, `a\\`, `' or 1=1 --`, '$1', `E'\\x27'`]) {
  it(`takes ${term} in a filter for text where backslashes have a meaning in SQL [case 188]`, async ({ database, fredrik }) => {
    await database.superuser.query(`alter database ${database.name} set standard_conforming_strings = off`)
    const own = await startServer(database)
    try {
      const response = await own.fetch(fredrik, `/export/events.csv?q=${encodeURIComponent(term)}`)
      assert.is(response.status, 200)
      assert.match(await response.text(), /# end of export: rows=0 /)
    } finally {
      await own.close()
      await database.superuser.query(`alter database ${database.name} reset standard_conforming_strings`)
    }
  })
}

it.run()
