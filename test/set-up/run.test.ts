import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { markOf } from '../../db/embedded/process.ts'

const it = suite<{ folder: string }>('What every npm script comes through', { folder: '' })
const run = fileURLToPath(new URL('../../set-up/run.mjs', import.meta.url))

it.before((context) => { context.folder = mkdtempSync(join(tmpdir(), 'audit-log-set-up-')) })
it.after(({ folder }) => rmSync(folder, { recursive: true }))

it('runs the entry on Node 24, passes on its arguments and its exit code', ({ folder }) => {
  const entry = join(folder, 'exit.ts')
  writeFileSync(entry, 'const code: number = Number(process.argv[2])\nconsole.log(process.versions.node)\nprocess.exit(code)\n')
  const { status, stdout } = spawnSync(process.execPath, [run, entry, '7'], { encoding: 'utf8' })
  assert.is(status, 7)
  assert.match(stdout, /^24\./)
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  it(`passes on ${signal} once, also when a terminal and npm both send it`, async ({ folder }) => {
    const { wrapper, log } = await start(folder)
    wrapper.kill(signal)
    wrapper.kill(signal)
    await once(wrapper, 'exit')
    assert.is(readFileSync(log, 'utf8'), `${signal}\n`)
    assert.is(wrapper.exitCode, 0)
  })
}

it('ends the entry in order when it is killed itself', async ({ folder }) => {
  const { wrapper, log, entry } = await start(folder)
  wrapper.kill('SIGKILL')
  for (let tries = 0; isAlive(entry) && tries < 50; tries += 1) await sleep(100)
  assert.not.ok(isAlive(entry))
  assert.is(readFileSync(log, 'utf8'), 'SIGTERM\n')
})

it.run()

/** Starts an entry that writes each signal it gets into a file, and ends half a second after the first. */
async function start(folder: string): Promise<{ wrapper: ChildProcess; log: string; entry: number }> {
  const name = `entry-${Math.random().toString(36).slice(2)}`
  const log = join(folder, `${name}.log`)
  const path = join(folder, `${name}.ts`)
  writeFileSync(path, `
import { appendFileSync } from 'node:fs'
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => { appendFileSync(${JSON.stringify(log)}, signal + '\\n'); setTimeout(() => process.exit(0), 500) })
setInterval(() => {}, 1000)
console.log(process.pid)
`)
  const wrapper = spawn(process.execPath, [run, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [text] = await once(wrapper.stdout, 'data')
  return { wrapper, log, entry: Number(String(text)) }
}

function isAlive(pid: number): boolean {
  return markOf(pid) !== null
}
