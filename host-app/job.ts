import type { Pool } from 'pg'
import { inTransaction } from './transaction.ts'
import type { Actor } from './transaction.ts'

const nightlyJob: Actor = {
  id: 'job:stale-cvs',
  name: 'Nightly job',
  companyId: null,
  source: 'system',
  reason: 'Not updated for three years',
}

/** The nightly job: deletes the CVs that nobody has worked on for three years, in all companies. Gives back how many. */
export function deleteStaleCvs(pool: Pool): Promise<number> {
  return inTransaction(pool, nightlyJob, async (client) => {
    const { rowCount } = await client.query("delete from app.cv where updated_at < now() - interval '3 years'")
    return rowCount ?? 0
  })
}
