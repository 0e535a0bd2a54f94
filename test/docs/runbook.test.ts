import { readFile } from 'node:fs/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

const it = suite('The runbook')
const read = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), 'utf8')
const runbook = await read('docs/runbook.md')

/** The text below a heading, up to the next. */
function section(heading: string): string | undefined {
  return new RegExp(`^### ${heading}\\n([\\s\\S]*?)(?=^#|(?![\\s\\S]))`, 'm').exec(runbook)?.[1]?.trim()
}

let database: TestDatabase
it.before(async () => { database = await makeTestDatabase() })
it.after(() => database.drop())

it('has a section for each alarm, to which the alarm points', async () => {
  const alerts = await read('ops/alerts.yml')
  const names = [...alerts.matchAll(/- alert: (\w+)/g)].map(([, name]) => name ?? '')
  assert.ok(names.length >= 10)
  for (const name of names) {
    assert.ok((section(name) ?? '').length > 60, name)
    assert.ok(alerts.includes(`runbook: docs/runbook.md#${name.toLowerCase()}\n`), name)
  }
  assert.equal([...runbook.matchAll(/^### (AuditLog\w+)$/gm)].map(([, name]) => name), names)
})

it('has a section for each check of audit.health, and for no other', async () => {
  const { rows } = await database.superuser.query<{ check_name: string }>('select check_name from audit.health')
  const names = rows.map(({ check_name }) => check_name)
  assert.ok(names.length >= 11)
  for (const name of names) assert.ok((section(name) ?? '').length > 20, `${name} has no section`)
  const between = runbook.slice(runbook.indexOf('## Checks of audit.health'), runbook.indexOf('## Drills'))
  assert.equal([...between.matchAll(/^### (.+)$/gm)].map(([, name]) => name ?? '').filter((name) => !names.includes(name)), [])
})

it('asks questions that a DBA may ask', async () => {
  const dba = await database.as('audit_reader')
  const blocks = [...runbook.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, block]) => block ?? '')
  assert.ok(blocks.length >= 6)
  for (const block of blocks) await dba.query(block)
})

it('names settings that exist', async () => {
  const configuration = await read('docs/configuration.md')
  for (const [, name] of runbook.matchAll(/`([A-Z][A-Z_]+_[A-Z_]+)`/g)) {
    if (!/^(DATABASE_(UNAVAILABLE|READ_ONLY|FULL)|NOT_|SCHEMA_|TOO_|BAD_|FOREIGN_|COMPANY_|NEW_)/.test(name ?? '')) assert.match(configuration, `| \`${name}\` |`)
  }
})

it.run()
