import { chmodSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startEmbedded } from '../../db/embedded.ts'
import { migrate } from '../../db/migrate.ts'
import { programsUnderTest } from '../harness/cluster.ts'
import { askHealth, inDatabase, tellings } from './health-told.ts'

const { it, ask, told, tried } = tellings('Settings and sorting that weaken the log')

for (const [setting, words] of [['no', 'no'], ['0', '0'], ['OFF', 'OFF'], ['f', 'f'], ['False', 'False']] as const) {
  told(`event triggers that are off are told, written ${setting}`, { does: inDatabase(`alter database %I set event_triggers = '${setting}'`), undo: inDatabase('alter database %I reset event_triggers'), check: 'settings', status: 'warning',
    finding: new RegExp(`event_triggers=${words} is set for database test_\\w+: changes of tracked tables are not followed`), from: 17 })
}
told('a login in replica mode is told, however it is written', { does: `alter role consultant_app set "Session_Replication_Role" = 'Replica'`, undo: `alter role consultant_app reset session_replication_role`, check: 'settings', status: 'warning', finding: /session_replication_role=Replica is set for consultant_app: foreign keys do not cascade/ })
told('row-level security that answers with errors is told', { does: inDatabase('alter database %I set row_security = off'), undo: inDatabase('alter database %I reset row_security'), check: 'settings', status: 'warning', finding: /row_security=off is set for database test_\w+: who reads under row-level security/ })
tried('what is set to on, or weakens nobody, is not told', async (client) => {
  await client.query(`${inDatabase('alter database %I set row_security = on')}; ${inDatabase('alter database %I set session_replication_role = origin')}; create role dumper bypassrls; alter role dumper set row_security = off`)
  assert.not.match((await ask('settings')).finding, /is set for (database|dumper)/)
})

told('a collation of the database that has another version now is told, with what to do [case 229]', {
  does: `update pg_database set datcollversion = '0.9' where datname = current_database() and pg_database_collation_actual_version(oid) is not null`, undo: inDatabase('alter database %I refresh collation version'), check: 'indexes', status: 'failed',
  finding: /Database test_\w+ sorts text as version 0\.9 of its collation, .*reindex database test_\w+; alter database test_\w+ refresh collation version;/, from: 17 })
told('a collation of an index that has another version now is told', {
  does: `create collation public.sorted (provider = icu, locale = 'sv'); create index by_label on audit.event (object_label collate public.sorted); update pg_collation set collversion = '0.9' where collname = 'sorted'`, undo: 'alter collation public.sorted refresh version', check: 'indexes', status: 'failed',
  finding: /Index audit\.by_label sorts text as version 0\.9 of collation public\.sorted, .*reindex index audit\.by_label; alter collation public\.sorted refresh version;/ })

it.run()

const whole = suite('A setting of the whole server')
whole('is told while it is in effect, in whatever spelling, and not once it is reset', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'audit-log-settings-'))
  chmodSync(folder, 0o755)
  const server = await startEmbedded({ folder, temporary: true, ...programsUnderTest() })
  const client = new pg.Client({ connectionString: server.url('postgres', 'postgres') })
  try {
    await migrate({ connectionString: server.url('postgres', 'postgres'), includeCurrent: true })
    await client.connect()
    const before = await askHealth(client, 'settings')
    assert.not.match(before.finding, /is set/)
    const major = Number((await client.query(`select current_setting('server_version_num')::integer / 10000 as major`)).rows[0].major)
    for (const [setting, value] of [['session_replication_role', 'Replica'], ['row_security', 'no'], ...(major >= 17 ? [['event_triggers', 'f']] : [])] as const) {
      const until = async (expected: RegExp | null): Promise<void> => {
        for (let tries = 0; ; tries += 1) {
          const now = await askHealth(client, 'settings')
          if (expected === null ? now.finding === before.finding : expected.test(now.finding)) return
          assert.ok(tries < 50, now.finding)
          await sleep(100)
        }
      }
      await client.query(`alter system set ${setting} = '${value}'`)
      await client.query('select pg_reload_conf()')
      await until(new RegExp(`${setting}=\\w+ is set for the server: `))
      await client.query(`alter system reset ${setting}`)
      await client.query('select pg_reload_conf()')
      await until(null)
    }
    // What a session has for itself is its own.
    await client.query('set session_replication_role = replica; set row_security = off')
    assert.equal(await askHealth(client, 'settings'), before)
  } finally {
    await client.end()
    await server.stop()
  }
})

whole.run()
