import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

const it = suite('The start command of the unit and of the container')
const checkout = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): Promise<string> => readFile(join(checkout, path), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'audit-log-unit-'))

let database: TestDatabase
it.before(async () => { database = await makeTestDatabase() })
it.after(async () => {
  await database.drop()
  rmSync(folder, { recursive: true })
})

type Started = { url: string; end: () => Promise<{ code: number | null; seconds: number }> }

/** Runs a command as a supervisor would: in a folder, with an environment, and nothing else. */
async function start([program = '', ...args]: readonly string[], environment: Readonly<Record<string, string>>): Promise<Started> {
  const child = spawn(program, args, {
    cwd: checkout, stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], ...environment, DATA_DIR: folder, DATABASE_URL: database.url('audit_server'), TOKEN_SECRET: 'a secret of 32 bytes for this test', PORT: '0' },
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => { printed += String(text) })
  const ended = once(child, 'exit')
  const ready = new Promise<string>((resolve) => child.stdout.on('data', () => {
    const url = /The audit log +(http:\S+?)\/company[^]*Ctrl-C/.exec(printed)?.[1]
    if (url !== undefined) resolve(url)
  }))
  const url = await Promise.race([ready, ended.then(() => { throw new Error(`It ended before it was ready:\n${printed}`) })])
  return {
    url,
    end: async () => {
      const began = performance.now()
      child.kill('SIGTERM')
      await ended
      return { code: child.exitCode, seconds: (performance.now() - began) / 1_000 }
    },
  }
}

function assignments(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(/(\w+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value]))
}

it('is that of a server, which systemd can end in order in the time that it allows', async () => {
  const unit = await read('ops/audit-log.service')
  const value = (key: string): string => new RegExp(`^${key}=(.+)$`, 'm').exec(unit)?.[1] ?? ''
  const place = value('WorkingDirectory')
  // The same checkout, where it lies here.
  const [program = '', ...args] = value('ExecStart').split(' ')
  assert.ok(program.startsWith(`${place}/`), 'systemd wants a whole path')
  const server = await start([program.replace(`${place}/`, `${checkout}/`), ...args], assignments(value('Environment')))
  assert.is((await fetch(`${server.url}/readyz`)).status, 200)
  assert.is((await fetch(`${server.url}/company/audit-log`)).status, 200)
  const { code, seconds } = await server.end()
  assert.is(code, 0)
  assert.ok(seconds < Number(value('TimeoutStopSec')), String(seconds))
})

it('is the same in the container, whose own check of health finds it alive, and notices when it is gone', async () => {
  const file = await read('ops/Containerfile')
  const list = (text: string | undefined): string[] => z.array(z.string()).parse(JSON.parse(text ?? ''))
  const [node, ...args] = list(/^CMD (\[.+\])$/m.exec(file)?.[1])
  assert.is(node, 'node')
  const environment = assignments(/^ENV (.+)$/m.exec(file)?.[1] ?? '')
  assert.is(environment['LISTEN_ADDRESS'], '0.0.0.0')
  const server = await start([process.execPath, ...args], environment)
  const [, ...check] = list(/^HEALTHCHECK .* CMD (\[.+\])$/m.exec(file)?.[1])
  assert.match(check.join(' '), 'http://127.0.0.1:5050/livez')
  assert.match(file, /^EXPOSE 5050$/m)
  const looks = async (): Promise<number | null> => {
    const child = spawn(process.execPath, check.map((part) => part.replace('127.0.0.1:5050', new URL(server.url).host.replace('localhost', '127.0.0.1'))), { stdio: 'ignore' })
    await once(child, 'exit')
    return child.exitCode
  }
  assert.is(await looks(), 0)
  assert.is((await server.end()).code, 0)
  assert.is(await looks(), 1)
})

it('leaves secrets, data and what is built anew out of the container', async () => {
  const left = (await read('.containerignore')).trim().split('\n')
  for (const name of ['.git', '.data', 'node_modules', 'dist', 'admin-ui/dist', '*.env']) assert.ok(left.includes(name), name)
})

it.run()
