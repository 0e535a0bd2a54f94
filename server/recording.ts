import { Router, type Request } from 'express'
import type { Pool } from 'pg'
import { z } from 'zod'
import { readerSettings, type Identities } from './identity.ts'
import { onlyMethods } from './only.ts'
import { identify } from './request-identity.ts'
import { inTransaction } from './transaction.ts'
import { refusedAccess } from './viewer-refusal.ts'
import { parseViewer, viewerQuery } from './viewer.ts'

export interface RecordingOptions {
  readonly identities: Identities
  readonly pool: Pool
  /** Milliseconds. */
  readonly statementTimeout: number
  readonly requestId: (request: Request) => string
}

const status = z.enum(['ok', 'warning', 'failed'])
const recordingRow = z.object({
  recording: z.object({
    kinds: z.array(z.object({ kind: z.string(), since: z.string(), isRecording: z.boolean(), copy: z.enum(['whole', 'part', 'none']), leftOut: z.array(z.string()) })),
    firstEntryAt: z.string().nullable(),
    checks: z.object({ completeness: status, protection: status, operation: status }),
    administrators: z.array(z.string()),
  }),
})

const leftOutRow = z.object({ leftOut: z.record(z.string(), z.array(z.string())) })

/**
 * `GET /recording`: what an administrator may know about the recording itself: which kinds of things and since when,
 * whether it is complete, protected and running, and who may read. It names no table, login or function, only the columns
 * that no copy of a deleted row has.
 */
export function makeRecordingRouter(options: RecordingOptions): Router {
  return routerFor(options, 'select audit.recording() as recording', (row) => recordingRow.parse(row).recording)
}

/** `GET /left-out`: by kind of thing, the columns that no copy of a deleted row has. It looks into nothing else, so it is quick. */
export function makeLeftOutRouter(options: RecordingOptions): Router {
  return routerFor(options, 'select audit.left_out() as "leftOut"', (row) => leftOutRow.parse(row).leftOut)
}

function routerFor({ identities, pool, statementTimeout, requestId }: RecordingOptions, question: string, read: (row: unknown) => unknown): Router {
  const router = Router({ caseSensitive: true, strict: true })
  router.use(onlyMethods('GET'))
  router.get('/', async (request, response) => {
    const identity = await identify(request, identities)
    const answer = await inTransaction(pool, readerSettings(identity, requestId(request), statementTimeout), async (client) => {
      const { access, contact } = parseViewer((await client.query(viewerQuery)).rows[0])
      if (access !== 'granted') throw refusedAccess(access, contact)
      return read((await client.query(question)).rows[0])
    })
    response.json(answer)
  })
  return router
}
