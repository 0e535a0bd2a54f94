import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { formats, type Format } from '../../server/export/receipt.ts'
import { startAuditServer, type AuditServerProcess } from '../../soak/audit-server.ts'
import { makeSoakDatabase, type SoakDatabase } from '../../soak/database.ts'
import { programsUnderTest } from '../harness/cluster.ts'

type Killed = { how: string; format: Format; bytes: Buffer }

/**
 * What is left of exports whose server or whose database was killed in the middle of them, three at once, on a PostgreSQL of
 * their own. An export that the server could still end has an end in the log; one whose server was killed has none; none is complete.
 */
export async function killedExports(): Promise<Killed[]> {
  const database = await makeSoakDatabase(programsUnderTest())
  const start = async () => startAuditServer({ databaseUrl: database.url('audit_server'), dataFolder: database.folder, person: await database.administrator() })
  const killed: Killed[] = []
  let server = await start()
  const breakAll = async (how: string, breakThem: () => Promise<unknown> | void) => {
    for (const [index, bytes] of (await receivedUntil(server, breakThem)).entries()) killed.push({ how, format: formats[index] ?? 'csv', bytes })
  }
  try {
    await fill(database)
    await breakAll('the server was killed', () => server.end('SIGKILL'))
    assert.equal(await lastOutcomes(database), [null, null, null])
    server = await start()

    await breakAll('a backend was killed', async () => {
      // Each has a transaction open; which of them is between two parts changes.
      const [exporting] = await database.query<{ pid: number }>(`select pid from pg_stat_activity where application_name = 'audit server export' and xact_start is not null limit 1`)
      kill(exporting?.pid ?? 0, 'SIGKILL')
    })
    await untilEnded(database)
    for (const [how, signal] of [['the database was killed', 'SIGKILL'], ['the database was stopped at once', 'SIGQUIT']] as const) {
      await breakAll(how, () => kill(postmasterOf(database), signal))
      await startAgain(database)
      await untilEnded(database)
    }
    return killed
  } finally {
    await server.end('SIGKILL')
    await database.remove()
  }
}

async function fill(database: SoakDatabase): Promise<void> {
  await database.query('alter table audit.event disable trigger user')
  // What makes them large is no name: the keeper of the server would make keys of each letter meanwhile, and a batch outlives the server that is killed.
  await database.query(`
    insert into audit.event (company_id, actor_status, action, object_kind, object_id, snapshot, source, db_user)
    select '1', 'missing', 'contact.deleted', 'contact', 'big', jsonb_build_object('text', md5(n::text) || repeat(md5((n * 7)::text), 12)), 'sql', 'x' from generate_series(1, 40000) n`)
  await database.query('checkpoint')
}

/** What came from an export in each format that was broken when all three had begun to come. */
async function receivedUntil(server: AuditServerProcess, breakThem: () => Promise<unknown> | void): Promise<Buffer[]> {
  let begun = 0
  let breaking: Promise<unknown> | null = null
  const received = await Promise.all(formats.map(async (format) => {
    const response = await server.fetch(`/export/events.${format}?objectId=big`, { patience: 60_000 })
    assert.is(response.status, 200, format)
    const chunks: Uint8Array[] = []
    try {
      for await (const chunk of response.body ?? []) {
        chunks.push(chunk)
        if (chunks.length === 2) begun += 1
        // Those that came first wait, so that none has come to its end.
        while (chunks.length >= 2 && breaking === null) {
          if (begun === formats.length) breaking = Promise.resolve(breakThem())
          else await sleep(10)
        }
        await breaking
      }
    } catch {
      // As it must be; what came is what a proxy would hand on as if it were all.
    }
    return Buffer.concat(chunks)
  }))
  await breaking
  return received
}

async function lastOutcomes(database: SoakDatabase): Promise<Array<string | null>> {
  const rows = await database.query<{ outcome: string | null }>('select outcome from audit.export order by id desc limit 3').catch(() => [])
  return rows.map(({ outcome }) => outcome)
}

function postmasterOf(database: SoakDatabase): number {
  return Number(readFileSync(join(database.folder, 'postgres/postmaster.pid'), 'utf8').split('\n')[0])
}

function kill(pid: number, signal: NodeJS.Signals): void {
  assert.ok(pid > 1, `process ${pid}`)
  process.kill(pid, signal)
}

/** After kill -9 of the postmaster its backends may hold the shared memory a moment longer: on a loaded machine more than ten seconds, so that it is tried for a minute. */
async function startAgain(database: SoakDatabase): Promise<void> {
  await database.stop()
  for (let tries = 1; ; tries += 1) {
    try {
      return await database.start()
    } catch (error) {
      if (tries === 300) throw error
      await sleep(200)
    }
  }
}

/** Waits until the last three have an end, for as long as the server tries to record one. */
async function untilEnded(database: SoakDatabase): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const outcomes = await lastOutcomes(database)
    if (outcomes.length === 3 && outcomes.every((outcome) => outcome === 'failed')) return
    if (tries === 350) throw new Error(`After 70 seconds the last three exports still ended like this: ${JSON.stringify(outcomes)}`)
    await sleep(200)
  }
}
