import type { EventSubscriber, TransactionEventArgs } from '@mikro-orm/core'
import { acting } from './acting.ts'

/** Makes every transaction begin by saying who acts. */
export class ActingSubscriber implements EventSubscriber {
  async afterTransactionStart({ em, transaction }: TransactionEventArgs): Promise<void> {
    const person = acting.getStore()
    if (person) await em.getConnection().execute("select audit.act_as(?, ?, 'app', request_id => ?)", [person.id, person.name, person.requestId], 'run', transaction)
  }
}
