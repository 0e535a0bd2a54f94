import { chmodSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startEmbedded } from '../db/embedded.ts'
import { migrate } from '../db/migrate.ts'

/** A PostgreSQL server of a bench's own, with the audit log in its database. */
export type BenchCluster = {
  /** Version and settings, as a line for the report. */
  description: string
  /** Opens a connection: as the superuser, or as the login of the application. `schema` stands first in its search_path. */
  connect: (login: 'postgres' | typeof applicationLogin, schema: string) => Promise<pg.Client>
  /** The same as settings, for connections that another thread opens. */
  connection: (login: string, schema: string) => { connectionString: string; options: string }
  /** Closes all connections and removes the server with its data. */
  stop: () => Promise<void>
}

/** The login that clients use: it may say who acts, and deletes rows of its tables. */
export const applicationLogin = 'bench_application'

const settings = {
  shared_buffers: '512MB', max_wal_size: '8GB', checkpoint_timeout: '1h', wal_compression: 'off',
  // What they would do in the middle of a round is done between rounds.
  autovacuum: 'off',
  full_page_writes: 'on', synchronous_commit: 'on', jit: 'off',
}

/** Starts a server in a temporary folder that goes with it, and migrates its database. */
export async function startBenchCluster({ fsync }: { fsync: 'on' | 'off' }): Promise<BenchCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'audit-log-bench-'))
  chmodSync(folder, 0o755)
  const server = await startEmbedded({ folder, temporary: true, settings: { ...settings, fsync } })
  const open: pg.Client[] = []
  const connection: BenchCluster['connection'] = (login, schema) => ({ connectionString: server.url(login, 'postgres'), options: `-c search_path=${schema}` })
  const connect: BenchCluster['connect'] = async (login, schema) => {
    const client = new pg.Client(connection(login, schema))
    await client.connect()
    open.push(client)
    return client
  }
  const stop = async (): Promise<void> => {
    await Promise.all(open.map((client) => client.end()))
    await server.stop()
  }
  try {
    await migrate({ connectionString: server.url('postgres', 'postgres'), includeCurrent: true })
    const superuser = await connect('postgres', 'public')
    await superuser.query(`create role ${applicationLogin} login in role audit_app password ${pg.escapeLiteral(server.password(applicationLogin))}`)
    const { rows: [row] } = await superuser.query<{ version: string }>(`select current_setting('server_version') as version`)
    const said = Object.entries({ fsync, ...settings }).map(([name, value]) => `${name} ${value}`).join(', ')
    return { description: `PostgreSQL ${row?.version}: ${said}.`, connect, connection, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
