import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { inventActs, type Wanted } from './acts.ts'
import { copyStatement, makeCopyLine } from './entry.ts'
import type { Progress } from '../progress.ts'

/** What was added: the numbers of the first and the last entry, and how many transactions they seem to come from. */
export type Filled = { readonly first: number; readonly last: number; readonly transactions: number }

const bytesPerChunk = 256 * 1024
const transactionsPerCall = 100_000

/**
 * Adds invented entries, all or none, in one transaction.
 *
 * Their transaction numbers are those that come after it. They are used up as soon as the entries are there, by transactions that
 * do nothing else: so whoever reads what is newly committed, as the keeper does, finds them then, and has not passed them before.
 * @param client acts as audit_owner
 * @param connectionString for a second connection, which uses up the transaction numbers
 */
export async function fillWithEntries(client: pg.Client, connectionString: string, wanted: Wanted, progress: Progress): Promise<Filled> {
  const first = await reserveNumbers(client, wanted.events)
  let transactions = 0
  let base = 0
  await client.query('begin')
  try {
    const { rows: [own] } = await client.query<{ number: string }>('select pg_current_xact_id()::text as number')
    if (own === undefined) throw new Error('PostgreSQL did not say the number of the transaction.')
    base = Number(own.number) + 1
    const line = makeCopyLine({ id: first, transaction: base })
    function* chunks(): Generator<Buffer> {
      let text = ''
      let entries = 0
      for (const act of inventActs(wanted)) {
        for (const entry of act) text += line(entry)
        entries += act.length
        transactions = (act.at(-1)?.transaction ?? 0) + 1
        if (text.length < bytesPerChunk) continue
        yield Buffer.from(text)
        progress(entries)
        text = ''
      }
      yield Buffer.from(text)
      progress(entries)
    }
    await pipeline(Readable.from(chunks(), { objectMode: true, highWaterMark: 2 }), client.query(copyFrom(copyStatement)))
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => undefined)
    throw error
  }
  await useUpTransactions(connectionString, base + transactions)
  await client.query('vacuum (analyze) audit.event')
  return { first, last: first + wanted.events - 1, transactions }
}

/** Takes consecutive numbers from the sequence, while nobody else can; returns the first. */
async function reserveNumbers(client: pg.Client, count: number): Promise<number> {
  await client.query('begin')
  try {
    await client.query(`set local lock_timeout = '5s'; lock table audit.event in share row exclusive mode`)
    const { rows: [next] } = await client.query<{ number: string }>(`select nextval('audit.event_id_seq')::text as number`)
    if (next === undefined) throw new Error('PostgreSQL did not say the next number of an entry.')
    await client.query(`select setval('audit.event_id_seq', $1::bigint)`, [Number(next.number) + count - 1])
    await client.query('commit')
    return Number(next.number)
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}

/** Lets transactions begin and end, about 100,000 a second, until the next one has this number. */
async function useUpTransactions(connectionString: string, next: number): Promise<void> {
  const other = new pg.Client({ connectionString, application_name: 'audit generate' })
  await other.connect()
  try {
    await other.query('set synchronous_commit = off')
    for (;;) {
      const { rows: [reached] } = await other.query<{ number: string }>('select pg_current_xact_id()::text as number')
      const left = next - 1 - Number(reached?.number)
      if (left <= 0) return
      await other.query(`do $$ begin for n in 1 .. ${Math.min(left, transactionsPerCall)} loop perform pg_current_xact_id(); commit; end loop; end $$`)
    }
  } finally {
    await other.end()
  }
}
