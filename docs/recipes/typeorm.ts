import { EventSubscriber, type EntitySubscriberInterface, type TransactionStartEvent } from 'typeorm'
import { acting } from './acting.ts'

/** Makes every transaction begin by saying who acts. */
export class ActingSubscriber implements EntitySubscriberInterface {
  async afterTransactionStart({ queryRunner }: TransactionStartEvent): Promise<void> {
    const person = acting.getStore()
    if (person) await queryRunner.query("select audit.act_as($1, $2, 'app', request_id => $3)", [person.id, person.name, person.requestId])
  }
}
EventSubscriber()(ActingSubscriber) // or @EventSubscriber() above the class, if you compile decorators
