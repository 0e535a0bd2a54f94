import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A running process, named so that a later process with the same number is not taken for it. */
export type ProcessMark = { pid: number; started: string }

/** The mark of a running process, or null if there is none (a zombie counts as none). */
export function markOf(pid: number): ProcessMark | null {
  if (process.platform === 'linux') {
    try {
      // proc(5): the fields after the name in brackets; [0] is the state, [19] the start in clock ticks since boot.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
      return fields[0] === 'Z' ? null : { pid, started: fields[19] ?? '' }
    } catch {
      return null
    }
  }
  const { status, stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' })
  return status === 0 ? { pid, started: stdout.trim() } : null
}

/** Whether the very process that was marked still runs. */
export function isRunning(mark: ProcessMark): boolean {
  return markOf(mark.pid)?.started === mark.started
}

/** The command line of a running process, or an empty text. */
export function commandOf(pid: number): string {
  if (process.platform !== 'linux') return spawnSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

/** Waits until a process has ended; false if it still runs after that many milliseconds. */
export async function hasEnded(mark: ProcessMark, milliseconds: number): Promise<boolean> {
  const limit = Date.now() + milliseconds
  while (isRunning(mark)) {
    if (Date.now() > limit) return false
    await sleep(20)
  }
  return true
}
