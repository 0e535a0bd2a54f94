import type { Sequelize, Transaction } from 'sequelize'
import { acting } from './acting.ts'

/** Like sequelize.transaction(work), in the name of the person of this request. */
export function inTransaction<Result>(sequelize: Sequelize, work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
  return sequelize.transaction(async (transaction) => {
    const person = acting.getStore()
    if (person) await sequelize.query("select audit.act_as($1, $2, 'app', request_id => $3)", { bind: [person.id, person.name, person.requestId], transaction })
    return work(transaction)
  })
}
