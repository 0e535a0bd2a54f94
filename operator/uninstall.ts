import { escapeIdentifier, type Client } from 'pg'
import { ledgerSchema } from '../db/ledger.ts'
import { auditRoles } from '../db/migration-rights.ts'
import type { Command } from './command.ts'
import { counted } from './counted.ts'
import { inTransaction, withLog } from './log.ts'
import { visible } from '../server/visible.ts'

/** The schema that keeps the entries of an audit log that is gone; a second one in the same database has the time in its name. */
const keptSchema = 'audit_kept'
/** The entries, and who read them. */
const keptTables = ['event', 'reading'] as const

/** Takes the log out of a database in one transaction. The entries stay in audit_kept.event unless `--with-data` is given. */
export const uninstallCommand: Command = {
  name: 'uninstall',
  purpose: 'takes the audit log out of the database; its entries stay unless --with-data is given',
  options: {
    yes: { purpose: 'do it; without it the command only says what it would do, and ends with 1' },
    'with-data': { purpose: 'destroy the entries too' },
  },
  run: (connectionString, { flags }) => withLog(connectionString, 'uninstall', async (client) => {
    const isKeeping = !flags.has('with-data')
    const plan = await planRemoval(client, isKeeping)
    const text = describe(plan, isKeeping)
    if (!flags.has('yes')) return { isWell: false, document: { is_done: false, ...plan }, text: `${text}\n\nNothing was done. To do it, add --yes.` }
    await inTransaction(client, () => remove(client, plan), () => true)
    return { isWell: true, document: { is_done: true, ...plan }, text: `${text}\n\nDone.` }
  }),
}

type Plan = { database: string; tables: string[]; entries: number; kept_as: string | null; event_triggers: string[] }

async function planRemoval(client: Client, isKeeping: boolean): Promise<Plan> {
  const { rows: [found] } = await client.query<Omit<Plan, 'kept_as'> & { is_taken: boolean; now: string }>(`
    select current_database()::text as database,
           array(select table_name from audit.tracked_table order by 1) as tables,
           (select count(*)::int from audit.event) as entries,
           array(select evtname::text from pg_event_trigger t join pg_proc p on p.oid = t.evtfoid where p.pronamespace = 'audit_private'::regnamespace order by 1) as event_triggers,
           to_regnamespace('${keptSchema}') is not null as is_taken,
           to_char(clock_timestamp() at time zone 'UTC', 'YYYYMMDD"_"HH24MISS') as now`)
  if (found === undefined) throw new Error('PostgreSQL answered nothing to a question about the log.')
  const { is_taken, now, ...plan } = found
  return { ...plan, kept_as: !isKeeping ? null : is_taken ? `${keptSchema}_${now}` : keptSchema }
}

/** Moves a table of the log out of its reach: what guarded it would keep the schema of the log from going. */
async function keep(client: Client, table: string, schema: string): Promise<void> {
  const { rows } = await client.query<{ here: string; kept: string; changes: string[] | null }>(`
    select format('%s.%I', c.relnamespace::regnamespace, c.relname) as here, format('${schema}.%I', c.relname) as kept,
           array(select format('drop trigger %I on ${schema}.%I', tgname, c.relname) from pg_trigger where tgrelid = c.oid and not tgisinternal
                 union all select format('drop policy %I on ${schema}.%I', polname, c.relname) from pg_policy where polrelid = c.oid) as changes
      from pg_class c where c.oid = to_regclass('audit.${table}') or c.oid in (select inhrelid from pg_inherits where inhparent = to_regclass('audit.${table}'))
     order by c.relkind <> 'p'`)
  for (const { here, kept, changes } of rows) {
    await client.query(`
      alter table ${here} set schema ${schema};
      alter table ${kept} owner to current_user;
      ${(changes ?? []).map((change) => `${change};`).join('\n')}
      revoke all on ${kept} from ${auditRoles.join(', ')};
      alter table ${kept} disable row level security`)
  }
}

async function remove(client: Client, plan: Plan): Promise<void> {
  const { rows: [right] } = await client.query<{ is_owner: boolean; version: number }>(`select pg_has_role(current_user, 'audit_owner', 'usage') as is_owner, current_setting('server_version_num')::int as version`)
  if (right?.is_owner === false) await client.query(`grant audit_owner to current_user ${right.version >= 160000 ? 'with inherit true, set true' : ''}`)
  // First of all, or they would follow what comes with functions that are half gone.
  for (const trigger of plan.event_triggers) await client.query(`drop event trigger ${escapeIdentifier(trigger)}`)
  if (plan.kept_as !== null) {
    await client.query(`create schema ${plan.kept_as}; comment on schema ${plan.kept_as} is 'The entries of an audit log that was uninstalled from this database.'`)
    for (const table of keptTables) await keep(client, table, plan.kept_as)
  }
  // What the log owns here goes, with the triggers on the tables of the application, and every right that it was given on them.
  await client.query(`drop owned by audit_agent, audit_owner cascade; drop schema if exists ${ledgerSchema} cascade`)
  if (right?.is_owner === false) await client.query('revoke audit_owner from current_user')
  if (plan.kept_as !== null) {
    await client.query(`grant usage on schema ${plan.kept_as} to audit_dba; grant select on all tables in schema ${plan.kept_as} to audit_dba`)
  }
}

function describe({ database, tables, entries, kept_as }: Plan, isKeeping: boolean): string {
  return [
    `Uninstalling the audit log from database ${visible(database)}:`,
    tables.length === 0 ? '- No table is tracked.' : `- Deletions from ${tables.map(visible).join(', ')} are no longer recorded; their triggers go.`,
    '- Schemas audit, audit_private and audit_migration go, with every function in them. A call of audit.act_as fails from then on: take it out of the application first.',
    isKeeping
      ? `- The ${counted(entries, 'entry stays', 'entries stay')} as ordinary table ${kept_as}.event, and who read ${entries === 1 ? 'it' : 'them'} as ${kept_as}.reading; they are no longer guarded. Members of audit_dba may read them.`
      : `- The ${counted(entries, 'entry is', 'entries are')} destroyed. This cannot be undone.`,
    `- The roles stay, because other databases of the server may use them. If none does: drop role ${auditRoles.join(', ')};`,
  ].join('\n')
}
