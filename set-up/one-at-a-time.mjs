import { createHash } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { checkout } from './checkout.mjs'

/** Does some work in this checkout while no other process does the same; `npm start` and `npm test` may begin together. */
export async function oneAtATime(work, action) {
  const key = createHash('sha256').update(`${userInfo().uid} ${checkout}`).digest('hex').slice(0, 12)
  const lock = join(tmpdir(), `audit-log-${work}-${key}.lock`)
  while (!take(lock)) await sleep(200)
  try {
    return await action()
  } finally {
    rmSync(lock, { force: true })
  }
}

function take(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    if (!isHeld(lock)) rmSync(lock, { force: true })
    return false
  }
}

function isHeld(lock) {
  try {
    const holder = Number(readFileSync(lock, 'utf8'))
    // An empty file is one that another process is about to fill.
    if (holder !== 0) process.kill(holder, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
