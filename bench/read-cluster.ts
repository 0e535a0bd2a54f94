import { chmodSync, mkdirSync } from 'node:fs'
import pg from 'pg'
import { startEmbedded } from '../db/embedded.ts'
import { ensureLogins } from '../db/logins.ts'
import { migrate } from '../db/migrate.ts'
import { fillWithEntries } from '../operator/generate/fill.ts'

/** A PostgreSQL server whose databases hold so many invented entries. It is kept, so that the next run need not fill them again. */
export type ReadCluster = {
  /** Version and settings, as a line for the report. */
  description: string
  /** The database with so many entries; filled, if it is not there yet. */
  database: (events: number) => Promise<string>
  /** The connection string of a login: `postgres` or `audit_server`. */
  url: (login: string, database: string) => string
  /** Stops the server and keeps its data. */
  stop: () => Promise<void>
}

/** Companies of every size: of 200 the first has 17 % of all entries, the 20th 0.9 %, the last 0.09 %. */
export const companies = { big: '1', middle: '20', small: '200' } as const

/** Who looks at them. */
export const viewer = { id: 'bench', name: 'Bench' } as const

const settings = { shared_buffers: '1GB', effective_cache_size: '4GB', max_wal_size: '16GB', checkpoint_timeout: '1h', jit: 'off', autovacuum: 'off', fsync: 'off' }

/** Starts the server of a folder; a folder that is not there is made. */
export async function startReadCluster(folder: string, notice: (line: string) => void): Promise<ReadCluster> {
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, 0o755)
  const server = await startEmbedded({ folder, settings, notice })
  const withClient = async <Result>(database: string, use: (client: pg.Client) => Promise<Result>): Promise<Result> => {
    const client = new pg.Client({ connectionString: server.url('postgres', database) })
    await client.connect()
    try {
      return await use(client)
    } finally {
      await client.end()
    }
  }
  try {
    const version = await withClient('postgres', async (client) => (await client.query<{ version: string }>(`select current_setting('server_version') as version`)).rows[0]?.version)
    return {
      description: `PostgreSQL ${version}: ${Object.entries(settings).map(([name, value]) => `${name} ${value}`).join(', ')}.`,
      url: server.url,
      stop: server.stop,
      database: async (events) => {
        const name = `events_${events}`
        const { rows: [found] } = await withClient('postgres', (client) => client.query<{ state: string | null }>(`select shobj_description(oid, 'pg_database') as state from pg_database where datname = $1`, [name]))
        if (found !== undefined && found.state !== 'filled') await withClient('postgres', (client) => client.query(`drop database ${name}`))
        if (found?.state !== 'filled') await withClient('postgres', (client) => client.query(`create database ${name}`))
        const connectionString = server.url('postgres', name)
        await migrate({ connectionString, includeCurrent: true })
        await withClient(name, async (client) => {
          await ensureLogins(client, server.password)
          for (const company of Object.values(companies)) await client.query('select audit.grant_administrator($1, $2, $3, $4)', [company, viewer.id, viewer.name, `Company ${company}`])
          if (found?.state !== 'filled') {
            notice(`filling ${name}`)
            await client.query('set role audit_owner')
            await fillWithEntries(client, connectionString, { events, companies: 200, seed: 1, prefix: '', until: Date.parse('2026-11-01') }, () => undefined)
            await client.query(`reset role; comment on database ${name} is 'filled'`)
          }
          await keep(client, notice)
        })
        return name
      },
    }
  } catch (error) {
    await server.stop()
    throw error
  }
}

/** Lets the keeper catch up, and leaves nothing for autovacuum to do. */
async function keep(client: pg.Client, notice: (line: string) => void): Promise<void> {
  const start = performance.now()
  let all = 0
  for (;;) {
    const { rows: [row] } = await client.query<{ kept: string }>('select audit.keep(50000) as kept')
    const kept = Number(row?.kept ?? 0)
    if (kept === 0) break
    all += kept
    if (all % 1_000_000 < 50_000) notice(`kept ${all} entries, ${((performance.now() - start) / 1000).toFixed(0)} s`)
  }
  if (all > 0) await client.query('vacuum (analyze)')
}
