import { setTimeout as sleep } from 'node:timers/promises'
import { connectKeeper, keepBatch } from '../server/keeper.ts'
import type { Command } from './command.ts'
import { OperatorError } from './operator-error.ts'

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
  run: async (connectionString, { flags, values }) => {
    const batchSize = Number(values.get('batch') ?? usualBatch)
    if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > 1_000_000) {
      throw new OperatorError('OPTIONS', `--batch is ${values.get('batch')}.`, { detail: '', hint: 'Give a number from 1 to 1000000.' })
    }
    const client = await connectKeeper(connectionString)
    let all = 0
    try {
      for (;;) {
        const kept = await keepBatch(client, batchSize)
        all += kept ?? 0
        if (kept !== null && kept > 0) process.stderr.write(`${all} entries kept\n`)
        if (kept === 0 && flags.has('once')) return { isWell: true, document: { kept: all }, text: `${all} entries kept. Everything is kept.` }
        if (kept === null || kept === 0) await sleep(pause)
      }
    } finally {
      await client.end()
    }
  },
}
