import { spawn, spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase } from '../harness/database.ts'
import { startServer, tokenFor } from '../server/running-server.ts'

const it = suite('Reading the log from a program, as docs/app-developer.md shows it')

it('answers the commands as they stand there', async () => {
  if (spawnSync('curl', ['--version']).error !== undefined) return  // a machine without curl
  const database = await makeTestDatabase()
  const running = await startServer(database)
  try {
    const page = await readFile(new URL('../../docs/app-developer.md', import.meta.url), 'utf8')
    const [, code = ''] = /## 8\. Read it from your own program[^]*?```sh\n([^]*?)```/.exec(page) ?? []
    const person = await running.person('fredrik.isaksson@nordljus.example')
    await database.run(`delete from app.cv where id = (select min(c.id) from app.cv c join app."user" u on u.id = c.user_id where u.company_id = 1)`)
    const shell = spawn('bash', ['-ec', code.replaceAll('https://audit.example', running.url).replaceAll('curl ', 'curl --silent --fail-with-body --write-out "\\n" ')], { env: { ...process.env, TOKEN: await tokenFor(person) } })
    const printed = await text(shell.stdout)
    assert.match(printed, /^\{"data":\{"viewer":\{"access":"granted"\},"events":\{"nodes":\[\{"id":"\d+","occurredAt":"[^"]+","sentence":"Database login postgres: deleted CV [^"]+","source":"sql"\}\],"pageInfo":\{"hasNextPage":false,"endCursor":"[^"]+"\}\}\}\}\n/)
    assert.match(printed, /\n\{"id":"\d+".*"action":"cv\.deleted".*\}\n\{"receipt":\{/)
  } finally {
    await running.close()
    await database.drop()
  }
})

it.run()
