import type { Sequelize, Transaction } from 'sequelize'
import { whoActs } from './acting.ts'

/** Like sequelize.transaction(work), in the name of the person of this request. */
export function inTransaction<Result>(sequelize: Sequelize, work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
  return sequelize.transaction(async (transaction) => {
    const person = whoActs()
    if (person) await sequelize.query("select audit.act_as($1, $2, 'app', request_id => $3, company_id => $4)", { bind: [person.id, person.name, person.requestId, person.companyId], transaction })
    return work(transaction)
  })
}
