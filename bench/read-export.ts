import { createWriteStream, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Client } from 'pg'
import { to as copyTo } from 'pg-copy-streams'

/** What sending a file took. */
export type Sent = { readonly bytes: number; readonly firstByte: number; readonly milliseconds: number; readonly growth: number | null }

/**
 * What psql's `\copy (query) to file` does, without psql: COPY into a file.
 * @param workers how many processes PostgreSQL may take besides the one of the connection; by default its own default
 */
export async function copyToFile(client: Client, query: string, workers = 2): Promise<Omit<Sent, 'growth' | 'firstByte'>> {
  await client.query(`set max_parallel_workers_per_gather = ${workers}`)
  return withFile(async (path) => {
    const start = performance.now()
    await pipeline(client.query(copyTo(`copy (${query}) to stdout with (format csv, header)`)), createWriteStream(path))
    return { bytes: statSync(path).size, milliseconds: performance.now() - start }
  })
}

/** Fetches an export into a file, and looks how much memory the server takes meanwhile. */
export async function exportToFile(url: string, token: string, pid: number): Promise<Sent> {
  return withFile(async (path) => {
    const before = residentMemory(pid)
    let most = before ?? 0
    const look = setInterval(() => { most = Math.max(most, residentMemory(pid) ?? 0) }, 50)
    const start = performance.now()
    let firstByte = 0
    try {
      await new Promise<void>((resolve, reject) => {
        get(url, { headers: { authorization: `Bearer ${token}` } }, (response) => {
          if (response.statusCode !== 200) return reject(new Error(`The export was answered with ${response.statusCode}.`))
          response.once('data', () => { firstByte = performance.now() - start })
          pipeline(response, createWriteStream(path)).then(resolve, reject)
        }).once('error', reject)
      })
      return { bytes: statSync(path).size, firstByte, milliseconds: performance.now() - start, growth: before === null ? null : most - before }
    } finally {
      clearInterval(look)
    }
  })
}

async function withFile<Result>(use: (path: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'audit-log-bench-'))
  try {
    return await use(join(folder, 'export'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Bytes of memory that a process has in use; null where the system does not say so in /proc. */
function residentMemory(pid: number): number | null {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return kilobytes === undefined ? null : Number(kilobytes) * 1024
  } catch {
    return null
  }
}
