import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { checkout } from './checkout.mjs'

/**
 * Runs an entry with a given Node until it ends, and returns its exit code.
 *
 * The entry has a session of its own: Ctrl-C in a terminal reaches every process of the session, and then once more
 * through npm and us; this way it gets each signal once, from us. If we are killed, the channel to it closes and
 * end-with-parent.mjs ends it; if npm is killed, we see that our parent has changed.
 */
export function runUntilEnd(node, args) {
  const guard = pathToFileURL(join(checkout, 'set-up', 'end-with-parent.mjs')).href
  const child = spawn(node, ['--import', guard, ...args], {
    cwd: checkout,
    detached: true,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    // More arenas keep more of what was freed: docs/operation.md, Memory. What is compiled once is kept: loading the server takes half as long.
    env: { NODE_COMPILE_CACHE: join(checkout, 'node_modules', '.cache', 'compiled'), MALLOC_ARENA_MAX: '2', ...process.env, PATH: [dirname(node), process.env.PATH].join(delimiter) },
  })
  let lastSignal = 0
  const passOn = (signal) => {
    if (Date.now() - lastSignal < 500) return
    lastSignal = Date.now()
    child.kill(signal)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => passOn(signal))
  const parents = ancestors()
  const watch = setInterval(() => {
    if (ancestors() !== parents) passOn('SIGTERM')
  }, 500)
  return new Promise((done, fail) => {
    child.on('error', fail)
    child.on('exit', (code, signal) => {
      clearInterval(watch)
      done(code ?? 128 + (constants.signals[signal] ?? 0))
    })
  })
}

/** Our parent and, where npm put a shell between itself and us, the parent of that one. */
function ancestors() {
  try {
    const status = readFileSync(`/proc/${process.ppid}/stat`, 'utf8')
    const isShell = /\((sh|dash|bash)\)/.test(status)
    return isShell ? `${process.ppid} ${status.split(') ').at(-1).split(' ')[1]}` : String(process.ppid)
  } catch {
    return String(process.ppid)
  }
}
