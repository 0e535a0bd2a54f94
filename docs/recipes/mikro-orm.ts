import type { EventSubscriber, TransactionEventArgs } from '@mikro-orm/core'
import { whoActs } from './acting.ts'

/** Makes every transaction begin by saying who acts. */
export class ActingSubscriber implements EventSubscriber {
  async afterTransactionStart({ em, transaction }: TransactionEventArgs): Promise<void> {
    const person = whoActs()
    if (person) await em.getConnection().execute("select audit.act_as(?, ?, 'app', request_id => ?, company_id => ?)", [person.id, person.name, person.requestId, person.companyId], 'run', transaction)
  }
}
