import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import type { TestDatabase } from '../harness/database.ts'
import { startServer } from './running-server.ts'
import { serverSuite } from './server-suite.ts'

const it = serverSuite('Somebody who does not wait for the answer')

/** How many queries of the server run at this moment, once it is as many as expected. */
async function running(database: TestDatabase, expected: number): Promise<number> {
  // Not by the connection that holds the lock: within one transaction the statistics stand still.
  const watcher = await database.as('postgres')
  for (let attempt = 0; ; attempt += 1) {
    const { rows } = await watcher.query<{ count: number }>(`select count(*)::int as count from pg_stat_activity where datname = $1 and usename = 'audit_server' and state in ('active', 'idle in transaction', 'idle in transaction (aborted)')`, [database.name])
    const count = rows[0]?.count ?? -1
    if (count === expected || attempt === 100) return count
    await sleep(30)
  }
}

/** Holds up every query of an entry, as a slow one would. */
async function whileSlow(database: TestDatabase, work: () => Promise<void>): Promise<void> {
  await database.superuser.query('begin; lock table audit.event in access exclusive mode')
  try {
    await work()
  } finally {
    await database.superuser.query('rollback')
  }
}

it('has the GraphQL query cancelled, and the connection serves the next one [case 180]', async ({ database, fredrik }) => {
  const server = await startServer(database, { poolSize: 4, statementTimeout: 60_000 })
  try {
    await whileSlow(database, async () => {
      const leaving = new AbortController()
      const body = JSON.stringify({ query: '{ events { totalCount nodes { id } } }' })
      const requests = Array.from({ length: 6 }, () => server.fetch(fredrik, '/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body, signal: leaving.signal }))
      const ends = Promise.allSettled(requests)
      // All places that one company may have are taken, and as many requests wait for one.
      assert.is(await running(database, 3), 3)
      leaving.abort()
      assert.ok((await ends).every(({ status }) => status === 'rejected'))
      assert.is(await running(database, 0), 0)
      assert.is((await server.graphql(fredrik, '{ viewer { access } }')).data?.['viewer'].access, 'granted')
    })
    assert.ok(Array.isArray((await server.graphql(fredrik, '{ events { nodes { id } } }')).data?.['events'].nodes))
    assert.not.match(server.log(), /"level":(50|60)/)
  } finally {
    await server.close()
  }
})

it.run()
