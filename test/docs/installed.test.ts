import { readFile } from 'node:fs/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { auditRoles } from '../../db/migration-rights.ts'
import { makeTestDatabase } from '../harness/database.ts'

const it = suite('What the documents say that the migration makes')

it('is what it makes: as many roles and event triggers', async () => {
  const database = await makeTestDatabase()
  try {
    const { rows } = await database.superuser.query('select evtname from pg_event_trigger')
    const [readme, forDevelopers] = await Promise.all(['README.md', 'docs/app-developer.md'].map((page) => readFile(new URL(`../../${page}`, import.meta.url), 'utf8')))
    const inWords = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine']
    assert.match(readme ?? '', `${inWords[auditRoles.length]} roles and, with a superuser, ${inWords[rows.length]} event triggers`)
    assert.match(forDevelopers ?? '', `superuser ${inWords[rows.length]} event triggers`)
    for (const role of auditRoles) assert.match(forDevelopers ?? '', `\`${role}\``)
  } finally {
    await database.drop()
  }
})

it.run()
