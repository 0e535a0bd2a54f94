import { readFile } from 'node:fs/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { dumpSchema } from '../../db/schema-dump.ts'
import { makeTestDatabase } from '../harness/database.ts'

const test = suite('The committed schema')

test('db/schema.sql is what the migrations make; if this fails run: npm run db -- dump', async () => {
  const db = await makeTestDatabase()
  try {
    const committed = await readFile(new URL('../../db/schema.sql', import.meta.url), 'utf8')
    const now = await dumpSchema(db.superuser)
    const stale = now.split('\n').find((line, index) => line !== committed.split('\n')[index])
    assert.is(stale, undefined, `db/schema.sql is stale, first at: ${stale}. Run: npm run db -- dump`)
    assert.is(now.length, committed.length, 'db/schema.sql has more than the migrations make. Run: npm run db -- dump')
  } finally {
    await db.drop()
  }
})

test.run()
