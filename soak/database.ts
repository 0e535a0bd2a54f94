import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { embeddedDatabase, ensureEmbeddedDatabase } from '../db/embedded-database.ts'
import { startEmbedded, type EmbeddedServer } from '../db/embedded.ts'
import { migrate } from '../db/migrate.ts'
import { installDemonstration } from '../server/demonstration.ts'

/** A PostgreSQL of one soak or test, which can be stopped, started, killed and paused. Its port stays the same. */
export type SoakDatabase = {
  folder: string
  url: (login: string) => string
  /** Resolves when it accepts connections. */
  start: () => Promise<void>
  stop: () => Promise<void>
  /** Sends a signal to every process of it: SIGSTOP pauses it, SIGCONT lets it go on. */
  signal: (signal: NodeJS.Signals) => void
  /** Asks one question as the superuser. */
  query: <Row extends pg.QueryResultRow>(text: string, values?: unknown[]) => Promise<Row[]>
  /** An administrator of the demonstration's first company. */
  administrator: () => Promise<{ id: string; company: string; name: string }>
  /** Stops it and removes its data. */
  remove: () => Promise<void>
}

export type SoakDatabaseOptions = {
  /** `'empty'`: without the audit log. */
  content?: 'demonstration' | 'empty'
  settings?: Readonly<Record<string, string>>
  /** Another PostgreSQL, as `startEmbedded` takes it. */
  programs?: string
}

/** Makes a cluster in a temporary folder, with the audit log and the demonstration in it, and starts it. */
export async function makeSoakDatabase({ content = 'demonstration', settings = {}, programs }: SoakDatabaseOptions = {}): Promise<SoakDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'audit-log-soak-'))
  chmodSync(folder, 0o755)
  const launch = () => startEmbedded({ folder, settings: { fsync: 'off', ...settings }, ...(programs !== undefined && { programs }) })
  let server: EmbeddedServer | null = await launch()
  const { url } = server
  const connectionString = await ensureEmbeddedDatabase(server)
  if (content === 'demonstration') {
    await migrate({ connectionString, includeCurrent: true })
    await installDemonstration(connectionString, server.password)
  }

  async function query<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    const client = new pg.Client({ connectionString })
    client.on('error', () => undefined)
    await client.connect()
    try {
      const { rows } = values.length === 0 ? await client.query<Row>(text) : await client.query<Row>(text, values)
      return rows
    } finally {
      await client.end().catch(() => undefined)
    }
  }

  const stop = async (): Promise<void> => {
    await server?.stop()
    server = null
  }
  return {
    folder, query, stop,
    administrator: async () => {
      const [person] = await query<{ id: string; company: string; name: string }>('select user_id::text as id, company_id::text as company, name from app.company_administrator order by company_id, user_id limit 1')
      if (person === undefined) throw new Error('The demonstration has no administrator.')
      return person
    },
    url: (login) => url(login, embeddedDatabase),
    start: async () => { server ??= await launch() },
    signal: (signal) => {
      const postmaster = Number(readFileSync(join(folder, 'postgres/postmaster.pid'), 'utf8').split('\n')[0])
      for (const pid of [postmaster, ...childrenOf(postmaster)]) process.kill(pid, signal)
    },
    remove: async () => {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter((child) => child !== '').map(Number)
}
