import { once } from 'node:events'
import express from 'express'
import pg from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { rememberWhoActs } from '../../docs/recipes/express.ts'
import { inTransaction } from '../../docs/recipes/node-postgres.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { as, asNobody, companyOf, entriesOf, makeCv, person } from './prove-recipe.ts'

const test = suite('Recipe for Express')
let db: TestDatabase
let pool: pg.Pool
let address: string
let close: () => Promise<unknown>

/** Stands for the application's own sign-in. */
const authenticate: express.RequestHandler = (request, response, next) => {
  const number = request.get('authorization')
  if (number === 'unknown') response.locals['user'] = { name: undefined }
  else if (number === 'nobody') response.locals['user'] = null
  else if (number !== undefined) response.locals['user'] = { id: Number(number), name: person(Number(number)).name, companyId: 4711 }
  next()
}

test.before(async () => {
  db = await makeTestDatabase()
  pool = new pg.Pool({ connectionString: db.url('consultant_app'), max: 2 })
  const app = express()
  app.use(express.json())
  app.use(authenticate)
  app.use(rememberWhoActs)
  app.delete('/cv/:id', async (request, response) => {
    await inTransaction(pool, (client) => client.query('delete from app.cv where id = $1', [request.params.id]))
    response.sendStatus(204)
  })
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error(`The server has no port: ${bound}.`)
  address = `http://127.0.0.1:${bound.port}`
  close = async () => {
    server.close()
    await pool.end()
  }
})
test.after(async () => {
  await close()
  await db.drop()
})

async function deleteCv(cv: number, headers: Record<string, string>): Promise<void> {
  const { status } = await fetch(`${address}/cv/${cv}`, { method: 'DELETE', headers: { ...headers, 'content-type': 'application/json' }, body: '{}' })
  assert.is(status, 204)
}

test('each of many requests at once is recorded with its own person and id', async () => {
  const requests = await Promise.all(Array.from({ length: 24 }, async (_, index) => ({ cv: await makeCv(db), who: index % 4 === 3 ? null : person(index) })))
  await Promise.all(requests.map(({ cv, who }) => deleteCv(cv, who === null ? {} : { authorization: who.id, 'x-request-id': who.requestId })))
  for (const { cv, who } of requests) assert.equal(await entriesOf(db, cv), [who === null ? asNobody : as(who)])
})

test('a user without an id is nobody, and not somebody called undefined', async () => {
  const [unknown, nobody] = [await makeCv(db), await makeCv(db)]
  await deleteCv(unknown, { authorization: 'unknown', 'x-request-id': 'request-1' })
  await deleteCv(nobody, { authorization: 'nobody' })
  assert.equal(await entriesOf(db, unknown), [{ ...asNobody, source: 'app', request_id: 'request-1' }])
  assert.equal(await entriesOf(db, nobody), [asNobody])
})

test('the company of the user is said, for rows that lead to none', async () => {
  const cv = await makeCv(db)
  await db.superuser.query(`select audit.track('app.cv', 'cv', '{title}')`)
  await deleteCv(cv, { authorization: '7' })
  assert.is(await companyOf(db, cv), '4711')
})

test('a request without an id gets one', async () => {
  const cv = await makeCv(db)
  await deleteCv(cv, { authorization: '7' })
  const [entry] = await entriesOf(db, cv)
  assert.match(entry?.request_id ?? '', /^[0-9a-f-]{36}$/)
})

test.run()
