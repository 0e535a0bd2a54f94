import { suite } from 'uvu'
import type { Config } from '../../server/config.ts'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'
import { startServer, type Person, type RunningServer } from './running-server.ts'

/** What the tests of such a suite get: their database, the server that reads it, and an administrator of company 1. */
export type ServerContext = { database: TestDatabase; running: RunningServer; fredrik: Person }

/** A suite whose tests share one database and one audit server, which go with it. */
export function serverSuite(name: string, settings: Partial<Config> = {}): ReturnType<typeof suite<ServerContext>> {
  const it = suite<ServerContext>(name, Object.create(null))
  it.before(async (context) => {
    context.database = await makeTestDatabase()
    context.running = await startServer(context.database, settings)
    context.fredrik = await context.running.person('fredrik.isaksson@nordljus.example')
  })
  it.after(async ({ running, database }) => {
    await running.close()
    await database.drop()
  })
  return it
}
