import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { PoolClient } from 'pg'
import { fillWithEntries } from '../../operator/generate/fill.ts'
import { causeCode } from '../../server/export/cause-code.ts'
import { copyParts } from '../../server/export/copy-parts.ts'
import { partsOf, type Parts } from '../../server/export/parts.ts'
import { beginReading, makeSecondReaders, readerOf } from '../../server/export/readers.ts'
import { makePool } from '../../server/database.ts'
import { makeLogger } from '../../server/logger.ts'
import { inTransaction } from '../../server/transaction.ts'
import type { EventFilter } from '../../server/event-filter.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { keepEverything } from '../reading/scans.ts'
import { until } from './exporting.ts'

const it = suite<{ database: TestDatabase }>('An export that is read over two connections', { database: Object.create(null) })
const settings = { role: 'audit_admin', 'audit.company_id': '1', 'audit.viewer_id': 'v', application_name: 'reading' }
const open = `datname = current_database() and application_name = 'reading' and xact_start is not null`

it.before(async (context) => {
  context.database = await makeTestDatabase('migrated')
  const { superuser, url } = context.database
  await superuser.query('set role audit_owner')
  await fillWithEntries(superuser, url('postgres'), { events: 4_000, companies: 3, seed: 1, prefix: '', until: Date.parse('2026-11-01') }, () => undefined)
  await superuser.query(`reset role; select audit.grant_administrator('1', 'v', 'Viewer', 'Company')`)
  await keepEverything(superuser)
})
it.after(({ database }) => database.drop())

interface Reading {
  readonly filter: EventFilter
  readonly isAlone?: () => boolean
  /** Whether a second connection breaks as soon as it is there. */
  readonly isRefused?: boolean
  readonly signal?: AbortSignal
  /** Called with each chunk that was taken. @param joined how often a second connection has come so far */
  readonly taken?: (joined: () => number) => Promise<void>
}

/** Reads numbers and names, waits once it may have a second reader until that has come, and tells which backends read which part. */
async function read({ url, superuser }: TestDatabase, { filter, isAlone = () => true, isRefused = false, signal = new AbortController().signal, taken = async () => undefined }: Reading) {
  const lines: string[] = []
  const logger = makeLogger('warn', { write: (line) => void lines.push(line) })
  const pool = makePool({ connectionString: url('audit_server'), name: 'reading', max: 2, connectTimeout: 5_000, logger })
  let joined = 0
  let hasWaited = false
  const toReader = (client: PoolClient) => {
    if (isRefused) throw new Error('no more connections')
    joined += 1
    return readerOf(client, pool)
  }
  const secondReaders = makeSecondReaders({ pool, toReader, isAlone, logger })
  const backends: unknown[] = []
  const chunks: Buffer[] = []
  try {
    const result = await inTransaction(pool, settings, async (client) => {
      const parts = await partsOf(client, filter, await causeCode(client, 'event'), 10)
      const second = await secondReaders(client, settings)
      const watched: Parts = {
        ...parts,
        next: (reader) => {
          backends.push(Reflect.get(reader, 'processID'))
          return parts.next(reader)
        },
      }
      try {
        const rows = await copyParts({ first: readerOf(client, pool), second, parts: watched, delivery: { signal } },
          (conditions) => `copy (select event.id, event.object_label from audit.event as event where ${conditions} order by event.occurred_at desc, event.id desc) to stdout`,
          async (chunk) => {
            chunks.push(Buffer.from(chunk))
            if (isAlone() && !hasWaited) {
              hasWaited = true
              await until(async () => joined > 0 || lines.length > 0, 'a second connection came, or was refused')
            }
            await taken(() => joined)
          })
        return { rows, error: null }
      } catch (error) {
        return { rows: null, error }
      } finally {
        await second.end()
      }
    }, beginReading).catch((error: unknown) => ({ rows: null, error }))
    // A second connection that was still on its way leaves by itself.
    const stays = async () => (await superuser.query<{ query: string }>(`select query from pg_stat_activity where ${open}`)).rows
    let left = await stays()
    for (let tries = 0; left.length > 0 && tries < 50; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      left = await stays()
    }
    return { ...result, text: Buffer.concat(chunks).toString(), backends, log: lines.join(''), left }
  } finally {
    await pool.end()
  }
}

/** What one connection gives. */
async function whole(database: TestDatabase, filter: EventFilter): Promise<string> {
  const { text, rows, backends } = await read(database, { filter, isAlone: () => false })
  assert.is(new Set(backends).size, 1)
  assert.is(text.trimEnd().split('\n').length, rows)
  return text
}

const filters: readonly EventFilter[] = [{}, { rootsOnly: true }, { query: 'developer' }, { query: 'e', actions: ['cv.deleted'] }, { from: '2025-01-10T09:00:00Z', to: '2025-07-10T09:00:00Z' }]

for (const filter of filters) {
  it(`has the same rows in the same order as over one: ${JSON.stringify(filter)}`, async ({ database }) => {
    const expected = await whole(database, filter)
    const { text, backends, left } = await read(database, { filter })
    assert.is(text, expected)
    assert.is(new Set(backends).size, 2, 'both read')
    assert.ok(backends.filter((backend) => backend === backends[0]).length <= backends.length / 2 + 3, 'in turn')
    assert.equal(left, [])
  })
}

it('shows one state of the log, whatever is recorded meanwhile', async ({ database }) => {
  await database.superuser.query('alter table audit.event disable trigger guard_insert')
  const expected = await whole(database, {})
  let added = 0
  const { text } = await read(database, {
    filter: {},
    // A second connection begins when something was added already.
    isAlone: () => added > 0,
    taken: async () => {
      added += 1
      // Of a transaction that took long: its entries are older than others that were there before.
      await database.superuser.query(`insert into audit.event (occurred_at, company_id, actor_status, action, object_kind, source, db_user)
        select timestamptz '2024-02-01 00:00Z' + n * interval '20 days', '1', 'missing', 'customers.exported', 'customer', 'sql', 'x' from generate_series(0, 40) n`)
    },
  })
  assert.is(text, expected)
  assert.ok(added > 3)
  assert.is((await whole(database, {})).split('\n').length, expected.split('\n').length + 41 * added, 'and it was recorded')
  await database.superuser.query('alter table audit.event enable always trigger guard_insert')
  await keepEverything(database.superuser)
})

it('lets its second connection go when another export comes, and has it again when that one is over', async ({ database }) => {
  let chunks = 0
  const during: number[] = []
  const { text, backends } = await read(database, {
    filter: {},
    isAlone: () => chunks < 8 || chunks > 16,
    taken: async (joined) => {
      chunks += 1
      if (chunks === 19) await until(async () => joined() === 2, 'it has come back')
      if (chunks > 12 && chunks < 16) during.push((await database.superuser.query(`select from pg_stat_activity where ${open}`)).rows.length)
    },
  })
  assert.is(text, await whole(database, {}))
  assert.equal([...new Set(during)], [1])
  const [first] = backends
  const isFirst = backends.map((backend) => backend === first)
  assert.ok(isFirst.indexOf(false) < 10 && isFirst.lastIndexOf(false) > 16, isFirst.join())
})

it('gives nobody a connection that is on its way out, and says nothing of one that comes too late', async ({ database }) => {
  const lines: string[] = []
  const logger = makeLogger('warn', { write: (line) => void lines.push(line) })
  const pool = makePool({ connectionString: database.url('audit_server'), name: 'reading', max: 3, connectTimeout: 5_000, logger })
  let isAlone = true
  const secondReaders = makeSecondReaders({ pool, toReader: (client) => readerOf(client, pool), isAlone: () => isAlone, logger })
  await inTransaction(pool, settings, async (client) => {
    const second = await secondReaders(client, settings)
    await until(async () => second.take() !== null, 'it has come')
    isAlone = false
    assert.is(second.take(), null)
    isAlone = true
    assert.is(second.take(), null, 'its transaction is ending')
    await until(async () => second.take() !== null, 'it has come again')
    await second.end()
    const late = await secondReaders(client, settings)
    assert.is(late.take(), null)
    await late.end()
  }, beginReading)
  await pool.end()
  assert.equal(lines, [])
})

it('goes on over one where no other connection is to be had, and says so in the log', async ({ database }) => {
  const { text, backends, log } = await read(database, { filter: {}, isRefused: true })
  assert.is(text, await whole(database, {}))
  assert.is(new Set(backends).size, 1)
  assert.match(log, /no more connections.*an export goes on with one database connection/)
  assert.is(log.trimEnd().split('\n').length, 1, 'it is tried once')
})

it('fails when either connection is lost, and is never taken for whole', async ({ database }) => {
  for (const [which, filter] of [['min', {}], ['max', {}], ['min', { query: 'e' }], ['max', { query: 'e' }]] as const) {
    let chunks = 0
    const { rows, error, left } = await read(database, {
      filter,
      taken: async () => {
        chunks += 1
        if (chunks === 6) await database.superuser.query(`select pg_terminate_backend((select ${which}(pid) from pg_stat_activity where ${open}))`)
      },
    })
    assert.is(rows, null)
    assert.instance(error, Error)
    assert.equal(left, [])
  }
})

it('ends both queries when whoever takes the rows fails, or is gone', async ({ database }) => {
  const failing = await read(database, { filter: {}, taken: () => Promise.reject(new Error('the disk is full')) })
  assert.is(Reflect.get(Object(failing.error), 'message'), 'the disk is full')
  for (const at of [1, 5, 9]) {
    const leaving = new AbortController()
    let chunks = 0
    const { error, left } = await read(database, {
      filter: {}, signal: leaving.signal,
      taken: async () => {
        chunks += 1
        if (chunks === at) leaving.abort(new Error('the reader left'))
      },
    })
    assert.is(Reflect.get(Object(error), 'message'), 'the reader left')
    assert.equal(left, [])
  }
  await until(async () => (await database.superuser.query(`select from pg_stat_activity where ${open}`)).rows.length === 0, 'no transaction is open')
})

it.run()
