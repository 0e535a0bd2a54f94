import { DatabaseError, type Client } from 'pg'
import { isDeepStrictEqual } from 'node:util'
import type { Command } from './command.ts'
import { inTransaction, withLog } from './log.ts'
import { OperatorError } from './operator-error.ts'
import { readTrackingFile, type TrackedTable, type TrackingFile } from './tracking-file.ts'
import { visible } from '../server/visible.ts'

/** One difference between the file and the database. `removed`: it is in the database, but no longer in the file. */
type Change = { what: string; change: 'added' | 'changed' | 'removed'; settings: { setting: string; old: unknown; new: unknown }[] }

/**
 * Makes the database as the file says, in one transaction. Tables that are as the file says are not touched, so a run that
 * changes nothing takes no lock. `--dry-run` does the same, so that the database itself checks the file, and rolls it back.
 */
export const trackCommand: Command = {
  name: 'track',
  purpose: 'attaches the tables that a file names, with its settings, in one transaction',
  options: {
    file: { purpose: 'the file, such as docs/tracking.example.json', value: 'path', isRequired: true },
    'dry-run': { purpose: 'only say what would change; exit code 1 if there is something' },
    untrack: { purpose: 'also detach what is no longer in the file; otherwise it is only named' },
  },
  run: async (connectionString, { flags, values }) => {
    const file = await readTrackingFile(values.get('file') ?? '')
    const isDry = flags.has('dry-run')
    const changes = await withLog(connectionString, 'track', (client) => inTransaction(client, () => apply(client, file, flags.has('untrack')), () => !isDry))
    return {
      isWell: !isDry || changes.length === 0,
      document: { is_dry_run: isDry, changes },
      text: describe(changes, { isDry, isUntracking: flags.has('untrack') }),
    }
  },
}

/** Applies the file and returns what was different. */
async function apply(client: Client, file: TrackingFile, isUntracking: boolean): Promise<Change[]> {
  return [
    ...await applyTables(client, file.tables, isUntracking),
    ...(file.read_access_from === undefined ? [] : await applyAccess(client, file.read_access_from)),
    ...(file.bind_source === undefined ? [] : await applyBindings(client, file.bind_source, isUntracking)),
  ]
}

type Tracked = TrackedTable & { is_working: boolean }

async function applyTables(client: Client, wanted: readonly TrackedTable[], isUntracking: boolean): Promise<Change[]> {
  const { rows: tracked } = await client.query<Tracked>('select table_name as table, kind, label, company, owner, snapshot, mask, soft_delete, truncate, is_working from audit.tracked_table order by 1')
  const changes: Change[] = []
  const names = await namesOf(client, wanted.map(({ table }) => table))
  const tables = wanted.map((given, n) => ({ ...given, table: names[n] ?? given.table }))
  refuseTwice(tables, wanted)
  // Before the others, so that another table may take over a kind.
  for (const { table } of tracked.filter((one) => !tables.some((other) => other.table === one.table))) {
    if (isUntracking) await client.query('select audit.untrack($1::regclass)', [table])
    changes.push({ what: table, change: 'removed', settings: [] })
  }
  for (const table of tables) {
    const old = tracked.find((one) => one.table === table.table)
    const settings = differences(old, table)
    if (settings.length === 0) continue
    await client.query('select audit.track($1::regclass, $2, $3, $4, $5, $6, $7, $8, $9)', [table.table, table.kind, table.label, table.company, table.owner, table.snapshot, table.mask, table.soft_delete, table.truncate])
    changes.push({ what: table.table, change: old === undefined ? 'added' : 'changed', settings })
  }
  return changes
}

/** What the database calls the tables and views that the file names. @throws OperatorError naming all that are not there */
async function namesOf(client: Client, given: readonly string[]): Promise<string[]> {
  const named: { given: string; name: string | null }[] = []
  for (const each of given) named.push({ given: each, name: await nameOf(client, each) })
  const missing = named.filter(({ name }) => name === null)
  if (missing.length > 0) {
    const { rows: [here] } = await client.query<{ name: string }>('select current_database() as name')
    throw new OperatorError('FILE', `The tracking file names ${missing.length === 1 ? 'a table that is' : 'tables that are'} not there.`, {
      detail: missing.map((one) => one.given).join('\n'),
      hint: `Nothing was changed. Write each as schema.table, in double quotes where a name has capitals, and see that ${here?.name ?? 'this'} is the database that is meant.`,
    })
  }
  return named.flatMap(({ name }) => name ?? [])
}

/** syntax_error, invalid_name and feature_not_supported: too many dots, a quote that does not end, another database. */
const noName = new Set(['42601', '42602', '0A000'])

/** Null if there is no such table, also for what can be the name of none: of that to_regclass makes an error. */
async function nameOf(client: Client, given: string): Promise<string | null> {
  await client.query('savepoint naming')
  try {
    const { rows: [row] } = await client.query<{ name: string | null }>('select to_regclass($1)::text as name', [given])
    return row?.name ?? null
  } catch (error) {
    if (!(error instanceof DatabaseError) || !noName.has(error.code ?? '')) throw error
    await client.query('rollback to savepoint naming')
    return null
  }
}

/** One table can have two spellings, such as app.cv and APP.CV. @throws OperatorError naming those of each that the file names twice */
function refuseTwice(tables: readonly TrackedTable[], given: readonly TrackedTable[]): void {
  const twice = tables.map(({ table }) => table).filter((table, n, all) => all.indexOf(table) === n && all.lastIndexOf(table) !== n)
  if (twice.length === 0) return
  throw new OperatorError('FILE', 'The tracking file must not name a table twice.', {
    detail: twice.map((name) => `${name}: ${given.filter((_one, n) => tables[n]?.table === name).map(({ table }) => table).join(', ')}`).join('\n'),
    hint: 'Nothing was changed. Leave one of them in the file.',
  })
}

function differences(old: Tracked | undefined, wanted: TrackedTable): Change['settings'] {
  const names = ['kind', 'label', 'company', 'owner', 'snapshot', 'mask', 'soft_delete', 'truncate'] as const
  const isUnset = (value: unknown): boolean => value === null || (Array.isArray(value) && value.length === 0)
  if (old === undefined) return names.filter((name) => !isUnset(wanted[name]) && wanted[name] !== 'record').map((name) => ({ setting: name, old: null, new: wanted[name] }))
  const changed = names.filter((name) => !isDeepStrictEqual(old[name], wanted[name])).map((name) => ({ setting: name, old: old[name], new: wanted[name] }))
  return changed.length === 0 && !old.is_working ? [{ setting: 'is_working', old: false, new: true }] : changed
}

async function applyAccess(client: Client, wanted: { administrators: string; companies: string }): Promise<Change[]> {
  const { rows: [old] } = await client.query<{ administrators: string | null; companies: string | null }>('select administrators, companies from audit_private.access_from()')
  if (old === undefined) throw new Error('audit_private.access_from() answered nothing.')
  const [administrators, companies] = await namesOf(client, [wanted.administrators, wanted.companies])
  const settings = [
    { setting: 'administrators', old: old.administrators, new: administrators },
    { setting: 'companies', old: old.companies, new: companies },
  ].filter((one) => one.old !== one.new)
  if (settings.length === 0) return []
  await client.query('select audit.read_access_from($1::regclass, $2::regclass)', [administrators, companies])
  return [{ what: 'read_access_from', change: old.administrators === null ? 'added' : 'changed', settings }]
}

async function applyBindings(client: Client, wanted: Readonly<Record<string, string>>, isUntracking: boolean): Promise<Change[]> {
  const { rows } = await client.query<{ login: string; source: string }>('select login, source from audit_private.bound_sources()')
  const old = new Map(rows.map(({ login, source }) => [login, source]))
  const changes: Change[] = []
  const bind = (login: string, source: string | null) => client.query('select audit.bind_source(quote_ident($1)::regrole, $2)', [login, source])
  for (const [login, source] of Object.entries(wanted)) {
    if (old.get(login) === source) continue
    await bind(login, source)
    changes.push({ what: `bind_source ${login}`, change: old.has(login) ? 'changed' : 'added', settings: [{ setting: 'source', old: old.get(login) ?? null, new: source }] })
  }
  for (const login of old.keys()) {
    if (wanted[login] !== undefined) continue
    if (isUntracking) await bind(login, null)
    changes.push({ what: `bind_source ${login}`, change: 'removed', settings: [] })
  }
  return changes
}

function describe(changes: readonly Change[], { isDry, isUntracking }: { isDry: boolean; isUntracking: boolean }): string {
  if (changes.length === 0) return 'The database is as the file says; nothing was changed.'
  const removed = isUntracking ? 'removed  ' : 'not in the file:'
  const lines = changes.flatMap(({ what, change, settings }) => [
    `${change === 'removed' ? removed : change.padEnd(9)} ${visible(what)}`,
    ...settings.map((one) => `    ${one.setting}: ${change === 'added' ? '' : `${show(one.old)} → `}${show(one.new)}`),
  ])
  const isLeft = !isUntracking && changes.some(({ change }) => change === 'removed')
  return [...lines, ...(isLeft ? ['What is not in the file stays as it is; --untrack detaches it.'] : []), ...(isDry ? ['Nothing was changed: this was a dry run.'] : [])].join('\n')
}

function show(value: unknown): string {
  return value === null ? 'none' : visible(Array.isArray(value) ? value.join(', ') || 'none' : String(value))
}
