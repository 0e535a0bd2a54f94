import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, testCluster, type TestDatabase } from '../harness/database.ts'
import { audit, json } from './audit.ts'

const it = suite('npm run audit -- doctor')
let db: TestDatabase

it.before(async () => { db = await makeTestDatabase() })
it.after(() => db.drop())

it('says versions, settings, counts, tables and health, and that all is well', () => {
  const { status, stdout } = audit(['doctor'], db.url('postgres'))
  assert.is(status, 0, stdout)
  for (const line of [/^ {2}postgresql +1\d\.\d+/m, /^ {2}node +24\./m, /^ {2}up to date/m, /^ {2}fsync +off/m, /^ {2}estimated_count +\d+/m, /^ {2}connections +\d+/m, /^ {2}cv +Works\.$/m, /^ {2}ok +triggers/m]) assert.match(stdout, line)
})

it('ends with 1 when a check fails', async () => {
  const broken = await makeTestDatabase()
  try {
    await broken.superuser.query('alter table app.cv disable trigger audit_capture')
    const { status, stdout } = audit(['doctor'], broken.url('postgres'))
    assert.is(status, 1)
    assert.match(stdout, /^ {2}failed +triggers/m)
  } finally {
    await broken.drop()
  }
})

it('holds no secret, no address, and no name of a person, a company or a login [case 235]', async () => {
  const login = `kim_${db.name}`
  await db.superuser.query(`create role ${login} login bypassrls; begin; select audit.act_as('17', 'Fredrik Canary'); delete from app.cv where id = (select min(id) from app.cv); commit`)
  try {
    for (const output of [audit(['doctor'], db.url('postgres')).stdout, JSON.stringify(json(audit(['doctor', '--json'], db.url('postgres'))))]) {
      assert.match(output, /login-\d+ has BYPASSRLS/)
      for (const secret of ['Canary', 'Fredrik', login, 'consultant', '127.0.0.1', (await testCluster()).password('postgres'), 'Nordkonsult']) assert.not.match(output, secret)
    }
  } finally {
    await db.superuser.query(`drop role ${login}`)
  }
})

it.run()
