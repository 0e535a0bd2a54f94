import { once } from 'node:events'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import pg from 'pg'
import { z } from 'zod'

/*
 * What an application does: several node-postgres connections, each of which sends one transaction after the other and waits
 * for every answer. It runs in a thread of its own, so that the clients of one thread do not hold up those of the other.
 */

const task = z.object({
  connectionString: z.string(),
  options: z.string(),
  /** What begins a transaction, in one message. */
  begin: z.string(),
  /** The statement between begin and the delete; empty for none; null for a delete alone, without begin and commit. */
  before: z.string().nullable(),
  /** Deletes the row with key $1. */
  deletion: z.string(),
  /** One connection for each range of keys, both ends included. */
  ranges: z.array(z.tuple([z.number(), z.number()])),
})

/** What one thread of clients is to do. */
export type ApplicationTask = z.infer<typeof task>

/** A thread that is connected. */
export type Application = {
  /** Lets it run; done when all rows are deleted. */
  readonly run: () => Promise<void>
  /** Done when its connections are closed, which is after that. */
  readonly closed: Promise<unknown>
}

/** Starts a thread. @returns it, once it is connected */
export async function startApplication(given: ApplicationTask): Promise<Application> {
  const worker = new Worker(new URL(import.meta.url), { workerData: given })
  const closed = once(worker, 'exit')
  await once(worker, 'message')
  return {
    closed,
    run: async () => {
      const done = once(worker, 'message')
      worker.postMessage('go')
      await done
    },
  }
}

async function runAsWorker(): Promise<void> {
  const { connectionString, options, begin, before, deletion, ranges } = task.parse(workerData)
  const remove = async (client: pg.Client, id: number): Promise<void> => {
    if (before !== null) await client.query(begin)
    if (before !== null && before !== '') await client.query({ name: 'before', text: before })
    await client.query({ name: 'delete', text: deletion, values: [id] })
    if (before !== null) await client.query('commit')
  }
  const clients = await Promise.all(ranges.map(async (range) => {
    const client = new pg.Client({ connectionString, options })
    await client.connect()
    // An application's connections are old: their plans are made. There is no row 0.
    for (let times = 0; times < 10; times += 1) await remove(client, 0)
    return { client, range }
  }))
  const go = parentPort === null ? Promise.resolve() : once(parentPort, 'message')
  parentPort?.postMessage('connected')
  await go
  await Promise.all(clients.map(async ({ client, range: [first, last] }) => {
    for (let id = first; id <= last; id += 1) await remove(client, id)
  }))
  parentPort?.postMessage('done')
  await Promise.all(clients.map(({ client }) => client.end()))
  parentPort?.close()
}

if (!isMainThread) await runAsWorker()
