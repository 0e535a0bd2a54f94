import { EventSubscriber, type EntitySubscriberInterface, type TransactionStartEvent } from 'typeorm'
import { whoActs } from './acting.ts'

/** Makes every transaction begin by saying who acts. */
export class ActingSubscriber implements EntitySubscriberInterface {
  async afterTransactionStart({ queryRunner }: TransactionStartEvent): Promise<void> {
    const person = whoActs()
    if (person) await queryRunner.query("select audit.act_as($1, $2, 'app', request_id => $3, company_id => $4)", [person.id, person.name, person.requestId, person.companyId])
  }
}
EventSubscriber()(ActingSubscriber) // or @EventSubscriber() above the class, if you compile decorators
