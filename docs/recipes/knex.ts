import type { Knex } from 'knex'
import { whoActs } from './acting.ts'

/** Like knex.transaction(work), in the name of the person of this request. */
export function inTransaction<Result>(knex: Knex, work: (trx: Knex.Transaction) => Promise<Result>): Promise<Result> {
  return knex.transaction(async (trx) => {
    const person = whoActs()
    if (person) await trx.raw("select audit.act_as(?, ?, 'app', request_id => ?, company_id => ?)", [person.id, person.name, person.requestId, person.companyId])
    return work(trx)
  })
}
