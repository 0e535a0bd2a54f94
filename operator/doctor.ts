import { arch, platform, release } from 'node:os'
import type { Client } from 'pg'
import { planMigration } from '../db/migrate.ts'
import type { Command } from './command.ts'
import { withLog } from './log.ts'
import { look } from './look.ts'
import { describeCheck, states } from './status.ts'
import { programVersion } from './version.ts'
import { visible } from '../server/visible.ts'

/** Settings of PostgreSQL that decide whether entries survive, and how fast they are written and read. */
const settings = [
  'autovacuum', 'block_size', 'data_checksums', 'default_transaction_isolation', 'event_triggers', 'fsync', 'full_page_writes', 'idle_in_transaction_session_timeout',
  'jit', 'lock_timeout', 'max_connections', 'max_prepared_transactions', 'max_wal_size', 'random_page_cost', 'row_security', 'server_encoding', 'session_replication_role',
  'shared_buffers', 'statement_timeout', 'synchronous_commit', 'TimeZone', 'transaction_read_only', 'wal_level', 'work_mem',
]

/** What a support case needs, and nothing that it must not hold: no secret, no address, no name of a person, a login or a company. */
export const doctorCommand: Command = {
  name: 'doctor',
  purpose: 'prints versions, settings, health and counts for a support case; no secrets, no names of people',
  options: {},
  run: async (connectionString) => {
    const plan = await planMigration({ connectionString })
    const found = await withLog(connectionString, 'doctor', examine)
    const { server, health } = await look(connectionString)
    const checks = health === 'not allowed' ? health : health.map((check) => ({ ...check, finding: check.finding === null ? null : withoutLogins(check.finding, found.logins) }))
    const { logins: _logins, ...rest } = found
    const versions = { program: await programVersion(), postgresql: server, node: process.versions.node, system: `${platform()} ${release()} ${arch()}` }
    const isWell = plan.state === 'current' && checks !== 'not allowed' && checks.every(({ status }) => status !== 'failed')
    const text = [
      'Versions', ...lines(versions),
      'Migrations', `  ${states[plan.state]}${plan.applied.length > 0 ? `, ${plan.applied.at(-1)}` : ''}`,
      'Settings', ...lines(found.settings),
      'Entries', ...lines(found.entries),
      'Activity', ...lines(found.activity),
      'Tracked tables', ...found.tables.map(({ kind, state }) => `  ${visible(kind).padEnd(36)}${state}`),
      'Health', ...(checks === 'not allowed' ? ['  This login may not read audit.health; a DBA can: grant audit_dba to it.'] : checks.map((check) => `  ${describeCheck(check)}`)),
    ].join('\n')
    return { isWell, document: { versions, migrations: plan, ...rest, health: checks }, text }
  },
}

type Values = Readonly<Record<string, string>>
type Examination = { settings: Values; entries: Values; activity: Values; tables: { kind: string; state: string }[]; logins: string[] }

async function examine(client: Client): Promise<Examination> {
  const one = async (text: string): Promise<Values> => (await client.query<Values>(text)).rows[0] ?? {}
  const { rows: found } = await client.query<{ name: string; setting: string }>('select name, current_setting(name) as setting from pg_settings where name = any ($1) order by lower(name)', [settings])
  const { rows: tables } = await client.query<{ kind: string; state: string }>('select kind, state from audit.tracked_table order by kind')
  const { rows: logins } = await client.query<{ name: string }>(String.raw`select rolname::text as name from pg_roles where rolname !~ '^(audit_|pg_)' order by length(rolname) desc`)
  return {
    settings: Object.fromEntries(found.map(({ name, setting }) => [name, setting])),
    // The planner's estimate: counting millions of rows is not for a busy server.
    entries: await one(`
      select sum(greatest(c.reltuples, 0))::bigint::text as estimated_count, pg_size_pretty(sum(pg_table_size(c.oid))) as size_of_table, pg_size_pretty(sum(pg_indexes_size(c.oid))) as size_of_indexes,
             count(*) filter (where c.relispartition)::text as partitions, max(age(c.relfrozenxid))::text as oldest_transaction_id,
             coalesce(date_trunc('second', max(s.last_autovacuum))::text, 'never') as last_autovacuum, coalesce(date_trunc('second', max(s.last_autoanalyze))::text, 'never') as last_autoanalyze
        from pg_class c left join pg_stat_all_tables s on s.relid = c.oid
       where c.relkind = 'r' and (c.oid = 'audit.event'::regclass or c.oid in (select inhrelid from pg_inherits where inhparent = 'audit.event'::regclass))`),
    activity: await one(`
      select count(*) filter (where backend_type = 'client backend')::text as connections, count(*) filter (where state = 'active')::text as active,
             count(*) filter (where state like 'idle in transaction%')::text as idle_in_transaction, coalesce(date_trunc('second', max(clock_timestamp() - xact_start))::text, 'none') as oldest_transaction,
             (select count(*)::text from pg_prepared_xacts) as prepared_transactions, pg_is_in_recovery()::text as is_standby, date_trunc('second', now() - pg_postmaster_start_time())::text as up_since
        from pg_stat_activity`),
    tables,
    logins: logins.map(({ name }) => name),
  }
}

/** A login is often the name of a person. */
function withoutLogins(finding: string, logins: readonly string[]): string {
  return logins.reduce((text, login, index) => text.replaceAll(new RegExp(`(?<![\\w.])"?${login.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')}"?(?![\\w.])`, 'g'), `login-${index + 1}`), finding)
}

function lines(values: Values): string[] {
  return Object.entries(values).map(([name, value]) => `  ${name.padEnd(36)}${visible(String(value))}`)
}
