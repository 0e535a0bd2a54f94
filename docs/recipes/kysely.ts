import { CompiledQuery, PostgresDialect } from 'kysely'
import { whoActs } from './acting.ts'

/** PostgresDialect whose transactions begin by saying who acts. */
export class ActingPostgresDialect extends PostgresDialect {
  override createDriver() {
    const driver = super.createDriver()
    const begin = driver.beginTransaction.bind(driver)
    driver.beginTransaction = async (connection, settings) => {
      await begin(connection, settings)
      const person = whoActs()
      if (person) await connection.executeQuery(CompiledQuery.raw("select audit.act_as($1, $2, 'app', request_id => $3, company_id => $4)", [person.id, person.name, person.requestId, person.companyId]))
    }
    return driver
  }
}
