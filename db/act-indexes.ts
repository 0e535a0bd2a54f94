import { setTimeout as sleep } from 'node:timers/promises'
import pg, { type ClientBase } from 'pg'
import { MigrationError } from './migration-error.ts'
import { prepareSession } from './session.ts'

type Step = { step: string; is_alone: boolean; finding: string }

const stepsQuery = 'select step, is_alone, finding from audit_private.act_index_steps() order by n, step'
/** How often somebody who waits for an index is told how far it is, in milliseconds. */
const interval = 10_000

/** What is left to build or to drop beside writers: one line each. Any login may ask; one that may not know hears nothing. */
export async function indexesToBuild(client: ClientBase): Promise<string[]> {
  const { mayAsk, hasEntries } = await known(client)
  if (mayAsk === true) return (await client.query<Step>(stepsQuery)).rows.map(({ finding }) => finding)
  // An earlier release, which is to be migrated first.
  return mayAsk === null && hasEntries ? ['The indexes by which acts are found are built anew.'] : []
}

async function known(client: ClientBase): Promise<{ mayAsk: boolean | null; hasEntries: boolean }> {
  const { rows: [row] } = await client.query<{ may_ask: boolean | null; has_entries: boolean }>(`
    select (select has_schema_privilege(n.oid, 'usage') and has_function_privilege(p.oid, 'execute') from pg_proc p join pg_namespace n on n.oid = p.pronamespace
             where n.nspname = 'audit_private' and p.proname = 'act_index_steps') as may_ask,
           exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                    where n.nspname in ('audit', 'audit_private') and c.relname ~ '^event(_until)?(_[0-9]+)?$' and c.relkind = 'r' and pg_relation_size(c.oid) > 0) as has_entries`)
  return { mayAsk: row?.may_ask ?? null, hasEntries: row?.has_entries === true }
}

/**
 * Builds the indexes that a migration leaves out in a log that has entries, one by one and beside readers and writers, and drops those that they
 * replace. Broken off at any point, the next call goes on: what is left of a building is dropped and built again.
 * @throws {MigrationError}
 */
export async function buildIndexes(client: ClientBase, { connectionString, notice, retry }: {
  connectionString: string
  notice: ((line: string) => void) | undefined
  /** Runs what needs a lock for a moment, again and again while others have it. */
  retry: (action: () => Promise<unknown>) => Promise<void>
}): Promise<void> {
  if ((await known(client)).mayAsk !== true || (await indexesToBuild(client)).length === 0) return
  const isMemberForNow = await becomeOwner(client)
  try {
    let before = ''
    for (;;) {
      const { rows: [next] } = await client.query<Step>(`${stepsQuery} limit 1`)
      if (next === undefined) return
      if (next.step === before) throw failed(next, 'It was done, and is still to be done.', undefined)
      before = next.step
      try {
        if (next.is_alone) await alone(client, next, connectionString, notice)
        else await retry(() => client.query(next.step))
      } catch (cause) {
        throw failed(next, cause instanceof Error ? cause.message : String(cause), cause)
      }
    }
  } finally {
    if (isMemberForNow) await client.query('do $$ begin execute format(\'revoke audit_owner from %I\', current_user); end $$').catch(() => undefined)
  }
}

/** As the migrations do it: a role that is no superuser is the owner for as long as it takes. */
async function becomeOwner(client: ClientBase): Promise<boolean> {
  const { rows: [role] } = await client.query<{ is_owner: boolean; options: string }>(`
    select pg_has_role(current_user, 'audit_owner', 'usage') as is_owner,
           case when current_setting('server_version_num')::int >= 160000 then ' with inherit true, set true' else '' end as options`)
  if (role?.is_owner !== false) return false
  await client.query(`do $$ begin execute format('grant audit_owner to %I${role.options}', current_user); end $$`)
  return true
}

/** Waits for transactions that are open now, as long as it takes; nobody waits for it meanwhile. */
async function alone(client: ClientBase, { step, finding }: Step, connectionString: string, notice: ((line: string) => void) | undefined): Promise<void> {
  notice?.(`${finding} ${step.startsWith('create') ? 'It is built' : 'That is cleared up'} beside readers and writers.`)
  const told = new AbortController()
  const telling = notice === undefined ? Promise.resolve() : tell(connectionString, step, notice, told.signal)
  try {
    await client.query('set lock_timeout = 0')
    await client.query(step)
  } finally {
    told.abort()
    await telling
    await client.query(`set lock_timeout = '250ms'`).catch(() => undefined)
  }
}

async function tell(connectionString: string, step: string, notice: (line: string) => void, signal: AbortSignal): Promise<void> {
  const watcher = new pg.Client({ connectionString, application_name: 'audit migrate' })
  watcher.on('error', () => undefined)
  try {
    await sleep(interval, undefined, { signal })
    await watcher.connect()
    await prepareSession(watcher)
    for (;;) {
      const { rows: [far] } = await watcher.query<{ phase: string; done: number | null }>(`
        select phase, (100 * blocks_done / nullif(blocks_total, 0))::int as done from pg_stat_progress_create_index where datname = current_database() limit 1`)
      notice(`Still at it: ${step.slice(0, 100)} – ${far === undefined ? 'waiting for transactions that are open' : `${far.phase}${far.done === null ? '' : `, ${far.done} %`}`}.`)
      await sleep(interval, undefined, { signal })
    }
  } catch {
    // It is over, or there is no second connection: nobody is told, and nothing else depends on it.
  } finally {
    await watcher.end().catch(() => undefined)
  }
}

function failed({ step }: Step, message: string, cause: unknown): MigrationError {
  return new MigrationError('MIGRATION_FAILED', `The migrations have run, but an index is missing: ${message}`, {
    detail: step,
    hint: 'Entries are recorded and found, only slower; audit.health says so under "indexes". Migrate again: it goes on from here.',
    cause,
  })
}
