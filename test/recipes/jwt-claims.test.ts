import { readFile } from 'node:fs/promises'
import { grafast } from 'grafast'
import { makeSchema } from 'postgraphile'
import { makePgService } from 'postgraphile/adaptors/pg'
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber'
import pg from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { acting } from '../../docs/recipes/acting.ts'
import { ActingPreset } from '../../docs/recipes/postgraphile.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { as, asNobody, companyOf, entriesOf, makeCv, person, type Person } from './prove-recipe.ts'

const recipe = (name: string): Promise<string> => readFile(new URL(`../../docs/recipes/${name}`, import.meta.url), 'utf8')
const claimsOf = ({ id, name }: Person): string => JSON.stringify({ role: 'consultant_app', sub: id, name })
const headersOf = ({ requestId }: Person): string => JSON.stringify({ host: 'api.example', 'x-request-id': requestId })

const postgrest = suite('Recipe for PostgREST')
let db: TestDatabase

postgrest.before(async () => {
  db = await makeTestDatabase()
  await db.superuser.query(await recipe('jwt-claims.sql'))
})

/** What PostgREST sends for DELETE /cv?id=eq.… with db-pre-request set; `claims` is the token, which it has checked. */
async function deleteAsPostgrest(client: pg.Client, cv: number, claims: string, headers: string): Promise<void> {
  await client.query('begin isolation level read committed read write')
  await client.query(`select set_config('search_path', 'app', true), set_config('role', 'consultant_app', true), set_config('request.jwt.claims', $1, true),
    set_config('request.method', 'DELETE', true), set_config('request.path', '/cv', true), set_config('request.headers', $2, true)`, [claims, headers])
  await client.query('select public.say_who_acts()')
  await client.query('with pgrst_source as (delete from app.cv where id = $1 returning 1) select count(*) from pgrst_source', [cv])
  await client.query('commit')
}

postgrest('a request is recorded with the person of its token, and the next one on the connection with its own', async () => {
  const client = await db.as('consultant_app')
  for (const who of [person(1), person(2)]) {
    const cv = await makeCv(db)
    await deleteAsPostgrest(client, cv, claimsOf(who), headersOf(who))
    assert.equal(await entriesOf(db, cv), [as(who, 'api')])
  }
})

postgrest('a request without a token is nobody\'s, never the person\'s before', async () => {
  const client = await db.as('consultant_app')
  const [before, anonymous, plain] = [await makeCv(db), await makeCv(db), await makeCv(db)]
  await deleteAsPostgrest(client, before, claimsOf(person(1)), headersOf(person(1)))
  await deleteAsPostgrest(client, anonymous, '{"role": "consultant_app"}', '{}')
  await client.query('delete from app.cv where id = $1', [plain])
  assert.equal(await entriesOf(db, anonymous), [{ ...asNobody, source: 'api' }])
  assert.equal(await entriesOf(db, plain), [asNobody])
})

postgrest('the company of the token is said, for rows that lead to none', async () => {
  const client = await db.as('consultant_app')
  const cv = await makeCv(db)
  await db.superuser.query(`select audit.track('app.cv', 'cv', '{title}')`)
  await deleteAsPostgrest(client, cv, JSON.stringify({ ...JSON.parse(claimsOf(person(1))), company: 4711 }), headersOf(person(1)))
  await db.superuser.query(`select audit.track('app.cv', 'cv', '{title}', company => 'user_id.company_id', owner => 'user_id')`)
  assert.is(await companyOf(db, cv), '4711')
})

postgrest('a request that only reads is not disturbed', async () => {
  const client = await db.as('consultant_app')
  await client.query('begin isolation level read committed read only')
  await client.query(`select set_config('request.jwt.claims', $1, true)`, [claimsOf(person(1))])
  await client.query('select public.say_who_acts()')
  await client.query('commit')
})

postgrest.run()

const postgraphile = suite('Recipe for PostGraphile')
let deleteCv: (cv: number) => Promise<unknown>
let release: () => Promise<unknown>

postgraphile.before(async () => {
  await db.superuser.query(await recipe('jwt-claims-trigger.sql'))
  await db.superuser.query(`create trigger say_who_acts before delete on app."user"
    for each statement when (pg_trigger_depth() = 0) execute function public.say_who_acts_first()`)
  const pool = new pg.Pool({ connectionString: db.url('consultant_app'), max: 3 })
  const { schema, resolvedPreset } = await makeSchema({ extends: [PostGraphileAmberPreset, ActingPreset], pgServices: [makePgService({ pool, schemas: ['app'] })] })
  deleteCv = async (cv) => {
    const result = await grafast({ schema, resolvedPreset, requestContext: {}, variableValues: { cv: String(cv) }, source: 'mutation ($cv: BigInt!) { deleteCvByRowId(input: { rowId: $cv }) { clientMutationId } }' })
    if (!('data' in result) || result.errors !== undefined) throw new Error('The mutation failed.', { cause: result })
  }
  release = () => pool.end()
})
postgraphile.after(async () => {
  await release()
  await db.drop()
})

postgraphile('each of many mutations at once is recorded with its own person', async () => {
  const requests = await Promise.all(Array.from({ length: 24 }, async (_, index) => ({ cv: await makeCv(db), who: index % 4 === 3 ? null : person(index) })))
  await Promise.all(requests.map(({ cv, who }) => who === null ? deleteCv(cv) : acting.run(who, () => deleteCv(cv))))
  for (const { cv, who } of requests) assert.equal(await entriesOf(db, cv), [who === null ? asNobody : as(who, 'api')])
})

postgraphile('the company that is said stands in the entry of a row that leads to none', async () => {
  const cv = await makeCv(db)
  await db.superuser.query(`select audit.track('app.cv', 'cv', '{title}')`)
  await acting.run({ ...person(1), companyId: '4711' }, () => deleteCv(cv))
  await db.superuser.query(`select audit.track('app.cv', 'cv', '{title}', company => 'user_id.company_id', owner => 'user_id')`)
  assert.is(await companyOf(db, cv), '4711')
})

postgraphile('what a cascade takes along has the same person', async () => {
  const client = await db.as('consultant_app')
  const { rows: [row] } = await db.superuser.query<{ user: string, cv: number }>(`
    with person as (insert into app."user" (company_id, first_name, last_name, email, password_hash) values (1, 'Kim', 'Ek', 'kim.ek@nordljus.example', '') returning id)
    insert into app.cv (user_id, title) select id, 'Architect' from person returning user_id as "user", id::integer as cv`)
  assert.ok(row)
  await client.query('begin')
  await client.query(`select set_config('request.jwt.claims', $1, true), set_config('request.headers', $2, true)`, [claimsOf(person(1)), headersOf(person(1))])
  await client.query('delete from app."user" where id = $1', [row.user])
  await client.query('commit')
  assert.equal(await entriesOf(db, row.cv), [as(person(1), 'api')])
})

postgraphile('a login without the right to say who acts can delete as before', async () => {
  const cv = await makeCv(db)
  await db.superuser.query('set role consultant_owner')
  await db.superuser.query('delete from app.cv where id = $1', [cv])
  await db.superuser.query('reset role')
  assert.equal(await entriesOf(db, cv), [{ ...asNobody, db_user: 'postgres' }])
})

postgraphile.run()
