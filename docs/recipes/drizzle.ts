import { sql } from 'drizzle-orm'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import { whoActs } from './acting.ts'

/** Makes every transaction of `db` begin by saying who acts. */
export function sayWhoActs<Schema extends Record<string, unknown>>(db: NodePgDatabase<Schema>): void {
  const transaction = db.transaction.bind(db)
  db.transaction = (work, config) => transaction(async (tx) => {
    const person = whoActs()
    if (person) await tx.execute(sql`select audit.act_as(${person.id}, ${person.name}, 'app', request_id => ${person.requestId}, company_id => ${person.companyId})`)
    return work(tx)
  }, config)
}
