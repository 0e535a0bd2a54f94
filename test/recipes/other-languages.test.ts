import { readFile } from 'node:fs/promises'
import type pg from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { as, entriesOf, makeCv, person } from './prove-recipe.ts'
import { codeBlocks, type CodeBlock } from './code-blocks.ts'

const test = suite('Recipe for other languages')
let db: TestDatabase
let client: pg.Client
let blocks: CodeBlock[]

test.before(async () => {
  db = await makeTestDatabase()
  client = await db.as('consultant_app')
  blocks = codeBlocks(await readFile(new URL('../../docs/recipes/other-languages.md', import.meta.url), 'utf8'))
})
test.after(() => db.drop())

/** The statement in a block, with the placeholders of its language, such as %s, ? and :name, as the driver sends them: $1 and on. */
function statementOf({ language, code }: CodeBlock): string {
  const [statement] = /select audit\.act_as\([^"]*\)/.exec(code) ?? []
  if (statement === undefined) throw new Error(`The ${language} block has no select audit.act_as(…).`)
  let count = 0
  return statement.replaceAll(/%s|\?|:\w+|\$\d/g, () => `$${count += 1}`)
}

test('each statement is right, with parameters of unknown type and of type varchar', async () => {
  const programs = blocks.filter(({ language }) => language !== 'sql')
  assert.equal(programs.map(({ language }) => language), ['ruby', 'python', 'php', 'python', 'java'])
  for (const statement of programs.map(statementOf)) {
    for (const sent of [statement, statement.replaceAll(/\$\d/g, '$&::varchar')]) {
      const cv = await makeCv(db)
      await client.query('begin')
      await client.query(sent, [person(7).id, person(7).name, person(7).requestId])
      await client.query('delete from app.cv where id = $1', [cv])
      await client.query('commit')
      assert.equal(await entriesOf(db, cv), [as(person(7))], sent)
    }
  }
})

test('what a DBA types in psql is recorded with name and reason', async () => {
  const cv = await makeCv(db)
  await db.superuser.query(`update app.cv set updated_at = '2000-12-31' where id = $1`, [cv])
  await client.query(blocks.find(({ language }) => language === 'sql')?.code ?? '')
  const { rows } = await db.superuser.query('select actor_name, source, reason from audit.event where object_id = $1', [String(cv)])
  assert.equal(rows, [{ actor_name: 'Anna Berg', source: 'sql', reason: 'Ticket 4711' }])
})

test.run()
