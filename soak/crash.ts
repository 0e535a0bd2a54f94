import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { EmbeddedError, startEmbedded, type EmbeddedServer } from '../db/embedded.ts'
import { migrate } from '../db/migrate.ts'
import { deleteUntilKilled, isBrokenConnection, type Key, type Outcome, type Share } from './client.ts'
import { judge, projectsOf, projectsPerCustomer, type Found } from './judge.ts'
import { makeRandom, wholeBetween } from './random.ts'

export type CrashOptions = {
  /** Asked before each round; `elapsed` is in milliseconds. */
  isOver: (rounds: number, elapsed: number) => boolean
  /** Decides who deletes what, and which process is killed when. */
  seed: number
  clients?: number
  /** Customers that each client is given in each round, with three projects each. */
  customers?: number
  /** Another PostgreSQL, as `startEmbedded` takes it. */
  programs?: string
  notice?: (line: string) => void
}

/** How the server is brought down; after `backend` it comes back by itself. */
type Death = 'kill -9 of the postmaster' | 'kill -9 of a backend' | 'immediate shutdown'

export type CrashResult = Found & {
  seed: number
  deaths: Record<Death, number>
  /** Checks of audit.health that failed in the end. */
  health: string[]
  isRight: boolean
}

const deaths: readonly Death[] = ['kill -9 of the postmaster', 'kill -9 of a backend', 'immediate shutdown']
/** Small enough that some crashes find a checkpoint in the middle. */
const settings = { max_wal_size: '64MB', min_wal_size: '32MB', checkpoint_timeout: '30s', checkpoint_completion_target: '0.5' }

/**
 * Kills a PostgreSQL server of its own again and again while clients delete rows of tracked tables, and compares after each
 * restart and for all rows in the end: acknowledged ⇒ recorded, recorded ⇔ deleted, none twice.
 */
export async function crash(options: CrashOptions): Promise<CrashResult> {
  const folder = mkdtempSync(join(tmpdir(), 'audit-log-soak-'))
  chmodSync(folder, 0o755)
  const start = () => startEmbedded({ folder, settings, ...(options.programs === undefined ? {} : { programs: options.programs }) })
  let server = await start()
  try {
    await prepare(server)
    const random = makeRandom(options.seed)
    const count: Record<Death, number> = { 'kill -9 of the postmaster': 0, 'kill -9 of a backend': 0, 'immediate shutdown': 0 }
    const all: Share[] = []
    const began = performance.now()
    for (let round = 0; !options.isOver(round, performance.now() - began); round += 1) {
      // Each kind comes once in three rounds, so a short run meets them all.
      const death = deaths[(round + options.seed) % deaths.length] ?? 'immediate shutdown'
      const shares = await plant(server, round, options.clients ?? 8, options.customers ?? 600)
      all.push(...shares)
      await runUntil(death, server, shares, random)
      if (death !== 'kill -9 of a backend') {
        await server.stop()
        server = await startAgain(start)
      }
      await ready(server)
      count[death] += 1
      const found = await compare(server, shares)
      options.notice?.(`round ${round + 1}, ${death}: ${found.acknowledged} acknowledged, ${found.lost} lost, ${found.unexpected} unexpected, ${found.duplicated} duplicated, ${found.recovered} recovered`)
    }
    const found = await compare(server, all)
    const health = await failedChecks(server)
    return { seed: options.seed, deaths: count, ...found, health, isRight: found.lost + found.unexpected + found.duplicated + health.length === 0 && found.acknowledged > 0 }
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The counters as lines of text. */
export function describeCrash({ seed, deaths: count, isRight, ...found }: CrashResult): string {
  const total = Object.values(count).reduce((sum, one) => sum + one, 0)
  return [
    `seed          ${seed}`,
    `restarts      ${total} (${Object.entries(count).map(([death, times]) => `${times} × ${death}`).join(', ')})`,
    `acknowledged  ${found.acknowledged}`,
    `lost          ${found.lost}`,
    `unexpected    ${found.unexpected}`,
    `duplicated    ${found.duplicated}`,
    `recovered     ${found.recovered} (committed before the crash, answered never)`,
    `lost, allowed ${found.lostAllowed} (synchronous_commit = off: neither deleted nor recorded)`,
    ...found.health.map((check) => `health        ${check}`),
    isRight ? 'Deleted is recorded, and recorded is deleted.' : 'THE LOG IS WRONG.',
  ].join('\n')
}

async function prepare(server: EmbeddedServer): Promise<void> {
  const url = server.url('postgres', 'postgres')
  await migrate({ connectionString: url, includeCurrent: true })
  await withClient(url, (client) => client.query(`
    create schema soak;
    create table soak.customer (id bigint primary key, name text not null);
    create table soak.project (id bigint primary key, customer_id bigint not null references soak.customer on delete cascade, name text not null);
    create index project_customer_id_idx on soak.project (customer_id);
    select audit.track('soak.customer', 'customer', '{name}');
    select audit.track('soak.project', 'project', '{name}', owner => 'customer_id');`))
}

/** Gives each client rows of its own, of this round. */
async function plant(server: EmbeddedServer, round: number, clients: number, customers: number): Promise<Share[]> {
  const first = round * clients * customers + 1
  await withClient(server.url('postgres', 'postgres'), (client) => client.query(`
    insert into soak.customer select n, 'Customer ' || n from generate_series(${first}, ${first + clients * customers - 1}) n;
    insert into soak.project select n * 10 + k, n, 'Project ' || k from generate_series(${first}, ${first + clients * customers - 1}) n, generate_series(1, ${projectsPerCustomer}) k;`))
  return Array.from({ length: clients }, (_, client) => ({
    outcomes: new Map<Key, Outcome>(),
    planted: { first: first + client * customers, last: first + (client + 1) * customers - 1 },
    isSynchronous: client % 2 === 0,
    customers: Array.from({ length: customers }, (_row, index) => {
      const id = first + client * customers + index
      return { id, projects: new Set(projectsOf(id)) }
    }),
  }))
}

/** Lets all clients delete, brings the server down in the middle, and waits until every client has noticed. */
async function runUntil(death: Death, server: EmbeddedServer, shares: readonly Share[], random: () => number): Promise<void> {
  const postmaster = await withClient(server.url('postgres', 'postgres'), async (client) => {
    const { rows: [row] } = await client.query<{ pid: number }>(`select split_part(pg_read_file('postmaster.pid'), e'\\n', 1)::int as pid`)
    return row?.pid ?? 0
  })
  const backends: number[] = []
  const clients = await Promise.all(shares.map(async (share) => {
    const client = new pg.Client({ connectionString: server.url('postgres', 'postgres'), application_name: 'soak' })
    client.on('error', () => undefined)
    await client.connect()
    await client.query(`set synchronous_commit = ${share.isSynchronous ? 'on' : 'off'}`)
    const { rows: [row] } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
    backends.push(row?.pid ?? 0)
    return client
  }))
  const working = Promise.all(shares.map((share, index) => {
    const client = clients[index]
    return client === undefined ? undefined : deleteUntilKilled(client, share, makeRandom(Math.floor(random() * 2 ** 32)))
  }))
  await Promise.race([sleep(wholeBetween(random, 150, 1200)), working])
  const victim = death === 'kill -9 of a backend' ? backends[wholeBetween(random, 0, backends.length - 1)] : postmaster
  if (victim === undefined || victim <= 1) throw new Error('There is no process of the server to kill.')
  process.kill(victim, death === 'immediate shutdown' ? 'SIGQUIT' : 'SIGKILL')
  await working
  await Promise.all(clients.map((client) => client.end().catch(() => undefined)))
}

/** After kill -9 of the postmaster its backends may hold the shared memory a moment longer: PostgreSQL refuses to start until they are gone. */
async function startAgain(start: () => Promise<EmbeddedServer>): Promise<EmbeddedServer> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await start()
    } catch (error) {
      if (!(error instanceof EmbeddedError) || error.code !== 'START_FAILED' || tries === 50) throw error
      await sleep(200)
    }
  }
}

/** Waits until the server has recovered. */
async function ready(server: EmbeddedServer): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await withClient(server.url('postgres', 'postgres'), (client) => client.query('select'))
      return
    } catch (error) {
      if (!isBrokenConnection(error) || tries === 300) throw error
      await sleep(100)
    }
  }
}

/** Holds what the clients know against the rows that are left and the entries that are there. */
async function compare(server: EmbeddedServer, shares: readonly Share[]): Promise<Found> {
  const first = Math.min(...shares.map(({ planted }) => planted.first))
  return withClient(server.url('postgres', 'postgres'), async (client) => {
    const { rows: left } = await client.query<{ key: Key }>(`
      select 'customer ' || id as key from soak.customer where id >= $1 union all select 'project ' || id from soak.project where customer_id >= $1`, [first])
    const { rows: entries } = await client.query<{ key: Key; count: number }>(`
      select object_kind || ' ' || object_id as key, count(*)::int as count from audit.event
       where action like '%.deleted' and object_id::bigint >= case object_kind when 'project' then $1 * 10 else $1 end group by 1`, [first])
    return judge(shares, new Set(left.map(({ key }) => key)), new Map(entries.map(({ key, count }) => [key, count])))
  })
}

async function failedChecks(server: EmbeddedServer): Promise<string[]> {
  return withClient(server.url('postgres', 'postgres'), async (client) => {
    const { rows } = await client.query<{ check: string }>(`select check_name || ': ' || finding as check from audit.health where status = 'failed'`)
    return rows.map(({ check }) => check)
  })
}

async function withClient<Result>(connectionString: string, use: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 10_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await use(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}
