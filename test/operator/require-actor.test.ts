import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { refused } from '../harness/refused.ts'
import { audit, json } from './audit.ts'

const it = suite('npm run audit -- require-actor')
let db: TestDatabase

it.before(async () => { db = await makeTestDatabase() })
it.after(() => db.drop())

it('refuses deletions without an actor in a company, lists it, and allows them again', async () => {
  assert.is(run().stdout, 'No company requires an actor.\n')
  assert.is(run('--company', '1').stdout, 'A deletion in company 1 for which nobody was named is refused from now on (AU003).\n')
  await refused(db.superuser.query('delete from app.customer where company_id = 1'), 'AU003')
  await db.superuser.query('delete from app.customer where id = (select min(id) from app.customer where company_id = 2)')
  assert.match(run().stdout, /^company 1, since 20\d\d-/)
  assert.equal(json(run('--company', '1', '--off', '--json')), { company_id: '1', is_required: false })
  await db.superuser.query('delete from app.customer where id = (select min(id) from app.customer where company_id = 1)')
})

it('covers the whole database with --all', async () => {
  assert.is(run('--all').status, 0)
  await refused(db.superuser.query('delete from app.customer'), 'AU003')
  assert.match(run().stdout, /^every company, since/)
  assert.is(run('--all', '--off').stdout, 'A deletion in the whole database may again name nobody.\n')
})

it('says what is wrong with its options', () => {
  for (const options of [['--off'], ['--all', '--company', '1']]) {
    const { status, stderr } = run(...options)
    assert.is(status, 2)
    assert.match(stderr, '--all')
  }
  assert.match(run('--company', ' 1').stdout, 'that is no company')
})

it.run()

function run(...args: string[]) {
  return audit(['require-actor', ...args], db.url('postgres'))
}
