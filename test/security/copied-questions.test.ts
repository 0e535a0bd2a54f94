import { spawnSync } from 'node:child_process'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { writeQuestion } from '../../server/question.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

/*
 * A list can be taken along as a command for a shell and as a query for psql, and what is in it somebody else has named:
 * whoever pastes it runs nothing but the list.
 */
const it = suite<{ database: TestDatabase }>('A list as something to paste')

const hostile = [
  `'; touch /tmp/pasted; '`, '$(touch /tmp/pasted)', '`touch /tmp/pasted`', '"; touch /tmp/pasted; "', '!!', '\\', `\\'; drop table x; --`, `' || pg_sleep(9) || '`,
  `:'HOST' :"USER" :PORT`, 'a\n\\! touch /tmp/pasted', 'a\r\\q', '$$; select 1; $$', `E'\\x27`, '@/etc/passwd', '%s %n {} [1-9]', '\u001b[201~touch /tmp/pasted', '\u009b201~touch', 'a\u202eb\u2066c', '\u2028x', '\u007f\u007f',
]

it.before(async (context) => { context.database = await makeTestDatabase() })
it.after(({ database }) => database.drop())

const asked = (text: string) => writeQuestion({ filter: { query: text, actorId: text }, order: 'desc', first: 5 }, { company: '1', mount: 'https://log.example.com/', timeZone: 'UTC', period: { from: null, to: null } })
const unseen = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/

for (const text of hostile) {
  it(`gives a shell the words of curl and nothing else: ${JSON.stringify(text)} [case 188]`, () => {
    const { curl, graphql } = asked(text)
    assert.not.match(curl, unseen)
    const { status, stdout } = spawnSync('/bin/sh', ['-c', `curl() { for word; do printf '%s\\0' "$word"; done; }\n${curl}`], { encoding: 'utf8', env: { TOKEN: 'a token' } })
    assert.is(status, 0)
    const words = stdout.split('\0')
    assert.equal(words.slice(0, 7), ['-sS', 'https://log.example.com/graphql', '-H', 'content-type: application/json', '-H', 'authorization: Bearer a token', '--data-raw'])
    assert.equal(JSON.parse(words[7] ?? ''), graphql)
    assert.is(words.length, 9)
  })
}

for (const standard of ['on', 'off']) {
  it(`gives psql one query whatever stands in it, with standard_conforming_strings ${standard} [case 188]`, async ({ database }) => {
    const reader = await database.as('audit_reader')
    await reader.query(`set standard_conforming_strings = ${standard}`)
    for (const text of hostile) {
      const { sql } = asked(text)
      assert.not.match(sql, unseen)
      // What psql itself would look at stands within one literal: neither a variable nor a command of its own is found there.
      assert.not.match(sql.replace(/E?'(?:[^'\\]|\\.|'')*'/g, ''), /[:\\]/, sql)
      if (standard === 'on') assert.is((await reader.query(sql)).rowCount, 0)
      const [literal] = /E?'(?:[^'\\]|\\.|'')*'/.exec(sql) ?? []
      assert.equal((await reader.query(`select ${literal}::jsonb as filter`)).rows, [{ filter: { companyId: '1', query: text, actorId: text } }])
    }
  })
}

it.run()
