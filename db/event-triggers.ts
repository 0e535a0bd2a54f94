import { escapeIdentifier, escapeLiteral, type ClientBase } from 'pg'

type EventTrigger = { name: string; event: string; tags: readonly string[]; runs: string; comment: string }

/**
 * What the migrations make where a superuser runs them, for a log that somebody else has installed. test/operator/without-superuser.test.ts
 * compares both.
 */
const wanted: readonly EventTrigger[] = [
  {
    name: 'audit_follow_changes', event: 'ddl_command_end', runs: 'on_change',
    tags: ['ALTER TABLE', 'ALTER SCHEMA', 'CREATE INDEX', 'CREATE TRIGGER', 'ALTER TRIGGER', 'ALTER INDEX', 'ALTER TYPE', 'ALTER COLLATION', 'ALTER DOMAIN', 'ALTER VIEW', 'ALTER SEQUENCE', 'ALTER MATERIALIZED VIEW', 'ALTER FOREIGN TABLE'],
    comment: 'Follows changes of tracked tables and of their triggers, so that no delete fails or goes unrecorded.',
  },
  { name: 'audit_record_drops', event: 'sql_drop', runs: 'on_drop', tags: [], comment: 'Records dropped tables and triggers of the log.' },
  { name: 'audit_follow_access', event: 'ddl_command_end', runs: 'let_agent_follow', tags: ['ALTER TABLE'], comment: 'Lets audit_agent follow the tables that it reads into another schema, so that no delete fails.' },
  {
    name: 'audit_attach_parts', event: 'ddl_command_end', runs: 'follow_parts', tags: ['CREATE TABLE', 'CREATE SCHEMA', 'ALTER TABLE'],
    comment: 'Gives new partitions of tracked tables, and tables that inherit from them, the triggers of the log.',
  },
  { name: 'audit_refuse_agent', event: 'ddl_command_start', runs: 'refuse_agent', tags: [], comment: 'Code of the host that runs when the log reads its tables makes, changes and drops nothing.' },
]

/** Those that the log has never had, by name, and whether this role may make them. Any login may ask. */
export type EventTriggers = { missing: readonly string[]; mayAdd: boolean }

/**
 * What event triggers a log lacks because nobody who migrated was a superuser. One that was there and is gone is not among them: that is a finding of
 * audit.health. For a login that may not know which were there, all that are not there count.
 */
export async function missingEventTriggers(client: ClientBase): Promise<EventTriggers> {
  const { rows: [row] } = await client.query<{ missing: string[]; is_superuser: boolean }>(`
    select array(select name from unnest($1::text[]) with ordinality as wanted (name, n) where not exists (select from pg_event_trigger where evtname = name) order by n) as missing,
           (select rolsuper from pg_roles where rolname = current_user) as is_superuser`, [wanted.map(({ name }) => name)])
  if (row === undefined || !row.is_superuser) return { missing: row?.missing ?? [], mayAdd: false }
  const { rows: [log] } = await client.query<{ is_there: boolean }>(`select to_regclass('audit_private.released') is not null as is_there`)
  if (log?.is_there !== true) return { missing: row.missing, mayAdd: true }
  const { rows: [were] } = await client.query<{ names: string[] }>(`select coalesce(array_agg(substr(object, 15)), '{}') as names from audit_private.released where object like 'event trigger %'`)
  return { missing: row.missing.filter((name) => were?.names.includes(name) === false), mayAdd: true }
}

/** Adds them as a superuser, in one transaction, and lets audit.health know them as released; does nothing for any other role. @returns their names */
export async function addEventTriggers(client: ClientBase): Promise<readonly string[]> {
  const { missing, mayAdd } = await missingEventTriggers(client)
  const { rows: functions } = await client.query<{ name: string }>(`select p.proname::text as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'audit_private' and p.prorettype = 'event_trigger'::regtype`)
  const added = wanted.filter(({ name, runs }) => mayAdd && missing.includes(name) && functions.some((one) => one.name === runs))
  if (added.length === 0) return []
  await client.query(['begin', ...added.flatMap(statementsFor), `
    insert into audit_private.released (object, fingerprint, shown, server_major)
    select f.object, f.fingerprint, f.shown, current_setting('server_version_num')::integer / 10000
      from audit_private.fingerprints() f where f.object in (${added.map(({ name }) => escapeLiteral(`event trigger ${name}`)).join(', ')})`, 'commit'].join(';\n')).catch(async (error: unknown) => {
    await client.query('rollback')
    throw error
  })
  return added.map(({ name }) => name)
}

function statementsFor({ name, event, tags, runs, comment }: EventTrigger): string[] {
  const id = escapeIdentifier(name)
  return [
    `create event trigger ${id} on ${event}${tags.length === 0 ? '' : ` when tag in (${tags.map(escapeLiteral).join(', ')})`} execute function audit_private.${escapeIdentifier(runs)}()`,
    `comment on event trigger ${id} is ${escapeLiteral(comment)}`,
    `alter event trigger ${id} enable always`,
  ]
}
