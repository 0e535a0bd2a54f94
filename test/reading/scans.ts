import { readFileSync } from 'node:fs'
import type { Client } from 'pg'
import { z } from 'zod'

/** What a statement read of the entries and of what the keeper made: indexes by name, and tables that it read from end to end. */
export type Use = { indexes: string[]; readWhole: string[]; rows: number }

const scans = z.array(z.object({ name: z.string(), is_index: z.boolean() }))

/**
 * Asks in a transaction of its own, which is rolled back, and counts the scans of each index and table of the log in it, as PostgreSQL itself counts
 * them: those of statements inside functions too.
 */
export async function useOf(client: Client, statement: string, values: readonly unknown[] = []): Promise<Use> {
  // Else the scans of what the session asked before, which are passed on once a second, would be counted here too.
  await client.query('select pg_stat_force_next_flush()')
  await client.query('begin')
  try {
    return await scansOf(client, statement, values)
  } finally {
    await client.query('rollback')
  }
}

/** The same within a transaction that has asked nothing of the log before. */
export async function scansOf(client: Client, statement: string, values: readonly unknown[] = []): Promise<Use> {
  const { rows } = await client.query(statement, [...values])
  const { rows: counted } = await client.query(`
    select c.relname as name, c.relkind = 'i' as is_index
      from pg_class c
     where c.relnamespace in ('audit'::regnamespace, 'audit_private'::regnamespace) and c.relkind in ('i', 'r', 'p')
       and (c.relname like 'event%' or c.relname like 'kept\\_event%' or c.relname like 'kept\\_total%' or c.relname like 'kept\\_piece%') and pg_stat_get_xact_numscans(c.oid) > 0
     order by 1`)
  const found = scans.parse(counted)
  return { rows: rows.length, indexes: found.filter((one) => one.is_index).map(({ name }) => name), readWhole: found.filter((one) => !one.is_index).map(({ name }) => name) }
}

const kept = z.tuple([z.object({ kept: z.coerce.number(), pid: z.number() })])

/** How the keeper kept a backlog: in so many batches, and the most memory of its own that its backend took; null where that cannot be read. */
export type Kept = { entries: number; batches: number; seconds: number; peakMebibytes: number | null }

/** Lets the keeper keep everything, and looks at the memory of its backend after each batch. */
export async function keepEverything(client: Client, batchSize = 50_000): Promise<Kept> {
  const began = performance.now()
  const result: Kept = { entries: 0, batches: 0, seconds: 0, peakMebibytes: null }
  for (let left = 1; left > 0;) {
    const { rows } = await client.query('select audit.keep($1) as kept, pg_backend_pid() as pid', [batchSize])
    const [row] = kept.parse(rows)
    left = row.kept
    const memory = ownMemoryOf(row.pid)
    if (memory !== null) result.peakMebibytes = Math.max(result.peakMebibytes ?? 0, memory)
    result.entries += left
    if (left > 0) result.batches += 1
  }
  result.seconds = (performance.now() - began) / 1000
  return result
}

/** The memory of a process that it shares with no other, in MiB; null if this machine does not tell. */
export function ownMemoryOf(pid: number): number | null {
  try {
    const kilobytes = /RssAnon:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kilobytes === undefined ? null : Number(kilobytes) / 1024
  } catch {
    return null
  }
}
