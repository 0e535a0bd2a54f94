import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { audit, json } from './audit.ts'

const it = suite('npm run audit -- grant-administrator, revoke-administrator, companies')
let db: TestDatabase

it.before(async () => {
  db = await makeTestDatabase('migrated')
})
it.after(() => db.drop())

it('grants, lists and revokes', () => {
  assert.is(run('companies').stdout, 'There is no company yet: npm run audit -- grant-administrator.\n')
  const granted = run('grant-administrator', '--company', '1', '--company-name', 'Nordkonsult', '--user', '7', '--name', 'Åsa Öberg', '--locale', 'sv', '--time-zone', 'Europe/Stockholm', '--contact', 'sales@example.com')
  assert.is(granted.stdout, 'User 7 may now read the log of company 1.\n')
  assert.is(granted.status, 0)
  assert.is(run('companies').stdout, '1  Nordkonsult, Europe/Stockholm, contact sales@example.com\n    7  Åsa Öberg (sv)\n')
  assert.is(run('revoke-administrator', '--company', '1', '--user', '7').status, 0)
  assert.equal(json(run('companies', '--json')), {
    companies: [{ company_id: '1', name: 'Nordkonsult', has_audit_log: true, time_zone: 'Europe/Stockholm', contact: 'sales@example.com', administrators: [] }],
  })
})

it('shows what a name would have a terminal do', () => {
  run('grant-administrator', '--company', '3', '--company-name', 'Nord\u001b[8m', '--user', '8', '--name', 'Å\u202egnissor')
  assert.match(run('companies').stdout, '3  Nord⟨U+001B⟩[8m, UTC\n    8  Å⟨U+202E⟩gnissor (en)\n')
  const { stdout } = run('companies', '--json')
  assert.not.match(stdout, /[^\P{C}\n]/u)
  assert.match(JSON.stringify(json({ stdout })), JSON.stringify('Nord\u001b[8m'))
})

it('says what the database refused, with the values and what to do, and ends with 1', () => {
  const { status, stdout } = run('grant-administrator', '--company', '2', '--user', '7', '--name', 'Åsa')
  assert.is(status, 1)
  assert.is(stdout, `audit.grant_administrator: the company is new and has no name\ncompany_id is '2'.\nGive company_name too.\n`)
  const { stdout: document } = run('revoke-administrator', '--company', '1', '--user', '9', '--json')
  assert.match(document, '"code": "AU005"')
})

it.run()

function run(...args: string[]) {
  return audit(args, db.url('postgres'))
}
