import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { connectKeeper, keepBatch } from '../server/keeper.ts'
import type { Command, Given } from './command.ts'
import { counted } from './counted.ts'
import { onLog } from './log.ts'
import { OperatorError } from './operator-error.ts'
import { withProgress, type Progress } from './progress.ts'

/** Larger than that of a server: the index of the search takes many entries at once better than one by one. */
const usualBatch = 50_000
const pause = 1_000

/** Keeps search and totals up to date: until everything is kept with --once, or until it is ended. */
export const keepCommand: Command = {
  name: 'keep',
  purpose: 'keeps search and totals up to date, as the server does; may be ended at any moment',
  options: {
    once: { purpose: 'end when everything is kept' },
    batch: { value: 'entries', purpose: `entries of one transaction, ${usualBatch} if nothing is said` },
  },
  check: (given) => void batchSizeOf(given),
  run: async (connectionString, given) => {
    const { flags } = given
    const batchSize = batchSizeOf(given)
    return onLog(connectionString, async () => {
      const client = await connectKeeper(connectionString)
      try {
        const waiting = await countUnkept(client)
        const began = performance.now()
        const all = await withProgress(waiting, 'entries kept', (progress) => keep(client, batchSize, flags.has('once'), progress))
        return { isWell: true, document: { kept: all }, text: `${counted(all, 'entry', 'entries')} kept${costOf(all, performance.now() - began)}. Everything is kept.` }
      } finally {
        await client.end()
      }
    })
  },
}

function batchSizeOf({ values }: Given): number {
  const batchSize = Number(values.get('batch') ?? usualBatch)
  if (Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= 1_000_000) return batchSize
  throw new OperatorError('OPTIONS', `--batch is ${values.get('batch')}.`, { detail: '', hint: 'Give a number from 1 to 1000000.' })
}

function costOf(entries: number, milliseconds: number): string {
  return entries === 0 ? '' : ` in ${(milliseconds / 1_000).toFixed(1)} s, ${(milliseconds / entries).toFixed(2)} ms${entries === 1 ? '' : ' for each'}`
}

/** Entries that wait for the keeper. */
async function countUnkept(client: pg.Client): Promise<number> {
  await client.query('begin; set local role audit_keeper')
  const { rows: [found] } = await client.query<{ entries: string }>('select lag_events as entries from audit_private.figures(null)')
  await client.query('commit')
  return Number(found?.entries ?? 0)
}

/** Keeps batch after batch; ends when nothing is left, if it is to happen `once`. @returns how many entries */
async function keep(client: pg.Client, batchSize: number, once: boolean, progress: Progress): Promise<number> {
  for (let all = 0; ;) {
    const kept = await keepBatch(client, batchSize)
    all += kept ?? 0
    progress(all)
    if (kept !== null && kept > 0 && !process.stderr.isTTY) process.stderr.write(`${counted(all, 'entry', 'entries')} kept\n`)
    if (kept === 0 && once) return all
    if (kept === null || kept === 0) await sleep(pause)
  }
}
