import pg from 'pg'
import { suite, type Test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase, type TestDatabase } from '../harness/database.ts'

/*
 * What a superuser, or whoever may grant roles, does beside the log and around it: told by audit.health, and told no
 * more once it is undone. All of it is rolled back: roles and parameters belong to the whole cluster.
 */

export type Row = { status: string; finding: string; what_to_do: string }
export type Told = {
  does: string
  undo: string
  check: string
  status: 'failed' | 'warning'
  finding: RegExp
  /** The major version of PostgreSQL that has this at all. */
  from?: number
}

/** What one check of audit.health says. */
export async function askHealth(client: pg.Client, check: string): Promise<Row> {
  const { rows: [row] } = await client.query<Row>(`select status, coalesce(finding, '') as finding, what_to_do from audit.health where check_name = $1`, [check])
  assert.ok(row, check)
  return row
}

/** A statement that names the database it runs in, as `%I`. */
export const inDatabase = (statement: string): string => `do $$ begin execute format(${pg.escapeLiteral(statement)}, current_database()); end $$`

export type Tellings = {
  it: Test
  database: () => TestDatabase
  /** What one check says to a superuser. */
  ask: (check: string) => Promise<Row>
  /** Expects that a statement of a superuser is found, and that it is found no longer once it is undone. */
  told: (name: string, what: Told) => void
  /** Runs something in a transaction of a superuser that is rolled back. */
  tried: (name: string, what: (client: pg.Client) => Promise<void>) => void
}

/** A suite of tests of what audit.health tells, with a database of its own. */
export function tellings(name: string): Tellings {
  const it = suite(name)
  let db: TestDatabase
  let version = 0
  const ask = (check: string): Promise<Row> => askHealth(db.superuser, check)

  it.before(async () => {
    db = await makeTestDatabase()
    version = Number((await db.superuser.query<{ major: string }>(`select current_setting('server_version_num')::integer / 10000 as major`)).rows[0]?.major)
  })
  it.after(() => db.drop())

  const tried: Tellings['tried'] = (name, what) => it(name, async () => {
    await db.superuser.query('begin')
    try {
      await what(db.superuser)
    } finally {
      await db.superuser.query('rollback')
    }
  })

  const told: Tellings['told'] = (name, { does, undo, check, status, finding, from = 15 }) => tried(name, async (client) => {
    if (version < from) return
    assert.not.match((await ask(check)).finding, finding)
    await client.query(does)
    const after = await ask(check)
    assert.match(after.finding, finding)
    assert.is(after.status, status)
    assert.is.not(after.what_to_do, 'Nothing.')
    await client.query(undo)
    // Tests of other files make roles meanwhile, which belong to all databases.
    assert.not.match((await ask(check)).finding, finding)
  })

  return { it, ask, told, tried, database: () => db }
}
