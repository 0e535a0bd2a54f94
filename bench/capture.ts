import { readFile } from 'node:fs/promises'
import type { Client } from 'pg'
import { startApplication } from './application.ts'
import { applicationLogin, startBenchCluster, type BenchCluster } from './cluster.ts'
import { decimal, plainFigure, ratioFigure, showMilliseconds, showRate, type Figure, type Report } from './report.ts'
import { measureInTurn, milliseconds } from './rounds.ts'

/** The same tables four times: without a trigger, with one that does nothing, with one that adds a ready-made entry, and tracked. Each in a schema of that name. */
const variants = ['plain', 'floor', 'least', 'tracked'] as const
type Variant = (typeof variants)[number]

type Size = { rounds: number; bulk: number; parents: number; singles: number; transactions: number }
const full: Size = { rounds: 7, bulk: 100_000, parents: 1_000, singles: 8_000, transactions: 4_000 }
const quick: Size = { rounds: 1, bulk: 500, parents: 20, singles: 80, transactions: 80 }

const clients = 8
const threads = 2
const actAs = `select audit.act_as('1017', 'Fredrik Isaksson', 'app', '17', '0f8b5c1e-7a55-4a53-9d5e-2f64a1c0b7aa')`

type Bench = {
  cluster: BenchCluster
  size: Size
  /** A superuser's connection in the schema of a variant. */
  as: Readonly<Record<Variant, Client>>
}

/** Measures what recording deletions costs the application: time, storage and WAL, each against the same tables without audit. */
export async function benchCapture({ isQuick, notice }: { isQuick: boolean; notice: (line: string) => void }): Promise<Report> {
  const size = isQuick ? quick : full
  const figures: Figure[] = []
  const add = async (what: string, found: Promise<Figure | Figure[]>): Promise<void> => {
    const took = await milliseconds(async () => figures.push(...[await found].flat()))
    notice(`${what}: ${decimal(took / 1000, 0)} s`)
  }
  const description = await withBench('on', size, async (bench) => {
    await add('bulk', benchBulk(bench))
    await add('cascade', benchCascade(bench))
    await add('insert and update', benchInsertAndUpdate(bench))
    await add('size', benchSize(bench))
    await add('single rows', benchSingleRows(bench, { fsync: 'on', goal: '≥ 0.65' }))
    await add('transactions', benchTransactions(bench, { fsync: 'on', goal: '≥ 0.80' }))
    await add('waiting', benchWaiting(bench))
  })
  await withBench('off', size, async (bench) => {
    await add('single rows without fsync', benchSingleRows(bench, { fsync: 'off', goal: '≥ 0.55' }))
    await add('transactions without fsync', benchTransactions(bench, { fsync: 'off', goal: '' }))
  })
  return { title: 'What recording deletions costs', server: `${description} The lines "fsync off" come from a second server without it.`, figures, method: describeMethod(size) }
}

async function withBench(fsync: 'on' | 'off', size: Size, use: (bench: Bench) => Promise<unknown>): Promise<string> {
  const cluster = await startBenchCluster({ fsync })
  try {
    const [plain, floor, least, tracked] = await Promise.all([
      cluster.connect('postgres', 'plain'), cluster.connect('postgres', 'floor'), cluster.connect('postgres', 'least'), cluster.connect('postgres', 'tracked')])
    const as = { plain, floor, least, tracked }
    await makeTables(as)
    await use({ cluster, size, as })
    return cluster.description
  } finally {
    await cluster.stop()
  }
}

async function makeTables(as: Bench['as']): Promise<void> {
  const tables = await readFile(new URL('capture-tables.sql', import.meta.url), 'utf8')
  const floor = await readFile(new URL('floor-trigger.sql', import.meta.url), 'utf8')
  const least = await readFile(new URL('least-trigger.sql', import.meta.url), 'utf8')
  await as.plain.query(`
    create table public.company (id bigint primary key, name text not null);
    insert into public.company select n, 'Company ' || n from generate_series(1, 200) n`)
  for (const variant of variants) {
    await as[variant].query(`create schema ${variant}`)
    await as[variant].query(tables)
    await as[variant].query(`
      grant usage on schema ${variant} to ${applicationLogin};
      grant select, insert, update, delete on all tables in schema ${variant} to ${applicationLogin}`)
  }
  await as.floor.query(floor)
  await as.least.query(least)
  await as.least.query(`grant insert on entry to ${applicationLogin}`)
  await as.tracked.query(`
    select audit.track('lead', 'lead', '{name}', company => 'company_id');
    select audit.track('customer', 'customer', '{name}', company => 'company_id');
    select audit.track('contact', 'contact', '{first_name} {last_name}', company => 'customer_id.company_id', owner => 'customer_id')`)
}

/** Empties the tables of a variant, fills them again, and leaves the server with nothing to do. */
async function fill(client: Client, call: string): Promise<void> {
  await client.query('truncate lead, customer, contact')
  await client.query(call)
  await client.query('vacuum (analyze) lead, customer, contact, audit.event')
  await client.query('checkpoint')
}

async function benchBulk({ as, size }: Bench): Promise<Figure[]> {
  const measure = async (call: string, deletion: string) => measureInTurn(variants, size.rounds, async (variant) => {
    await fill(as[variant], call)
    return milliseconds(() => as[variant].query(deletion))
  })
  const rows = decimal(size.bulk, 0)
  const leads = await measure(`call fill_leads(${size.bulk})`, 'delete from lead')
  const customers = await measure(`call fill_customers(${size.bulk}, 0)`, 'delete from customer')
  const line = { digits: 1, show: showMilliseconds }
  return [
    ratioFigure({ ...line, what: `${rows} rows in one statement, ×`, goal: '≤ 10' }, { without: leads('plain'), floor: leads('floor'), least: leads('least'), with: leads('tracked') }),
    ratioFigure({ ...line, what: `the same, a foreign key refers to the table, ×`, goal: '' }, { without: customers('plain'), floor: customers('floor'), least: customers('least'), with: customers('tracked') }),
  ]
}

async function benchCascade({ as, size }: Bench): Promise<Figure> {
  const took = await measureInTurn(variants, size.rounds, async (variant) => {
    await fill(as[variant], `call fill_customers(${size.parents}, 5)`)
    return milliseconds(() => as[variant].query('delete from customer'))
  })
  return ratioFigure({ what: `cascade ${decimal(size.parents, 0)} × 5 in one statement, ×`, goal: '≤ 6', digits: 1, show: showMilliseconds },
    { without: took('plain'), floor: took('floor'), least: took('least'), with: took('tracked') })
}

async function benchInsertAndUpdate({ as, size }: Bench): Promise<Figure[]> {
  const measure = async (before: string, change: string) => measureInTurn(['plain', 'floor', 'tracked'] as const, size.rounds, async (variant) => {
    await fill(as[variant], 'select')
    await as[variant].query(`begin; ${before}`)
    const took = await milliseconds(() => as[variant].query(change))
    // Nothing is left that the next truncate of the tracked table would have to record.
    await as[variant].query('rollback')
    return took
  })
  const filling = `call fill_leads(${size.bulk})`
  const insertion = await measure('', filling)
  const update = await measure(filling, `update lead set city = 'Malmö'`)
  const line = { goal: '1.0', digits: 2, show: showMilliseconds }
  const rows = decimal(size.bulk, 0)
  return [
    ratioFigure({ ...line, what: `insert of ${rows} rows, ×` }, { without: insertion('plain'), floor: insertion('floor'), with: insertion('tracked') }),
    ratioFigure({ ...line, what: `update of ${rows} rows, ×` }, { without: update('plain'), floor: update('floor'), with: update('tracked') }),
  ]
}

type Part = { name: string; bytes: number }

async function benchSize({ as, size }: Bench): Promise<Figure[]> {
  const partsOf = async (): Promise<Part[]> => {
    const { rows } = await as.tracked.query<{ name: string; bytes: string }>(`
      select 'table' as name, pg_table_size('audit.event') as bytes
      union all select indexrelid::regclass::text, pg_relation_size(indexrelid) from pg_index where indrelid = 'audit.event'::regclass`)
    return rows.map(({ name, bytes }) => ({ name, bytes: Number(bytes) }))
  }
  const before = await partsOf()
  const bulk = await walPerRow(as, size.bulk, (variant) => as[variant].query(`begin; ${actAs}; delete from lead; commit`))
  const after = await partsOf()
  const single = await walPerRow(as, size.singles, (variant) => as[variant].query(`call act_and_delete_leads(1, ${size.singles})`))
  const parts = after.map(({ name, bytes }) => ({ name, perEvent: (bytes - (before.find((part) => part.name === name)?.bytes ?? 0)) / size.bulk }))
  const showBytes = (bytes: number): string => `${decimal(bytes, 0)} B`
  return [
    plainFigure('storage per event, table and indexes', '≤ 650', showBytes(parts.reduce((sum, part) => sum + part.perEvent, 0))),
    ...parts.map((part) => plainFigure(`– ${part.name}`, '', showBytes(part.perEvent))),
    plainFigure('WAL per event, one statement', '≤ 850', showBytes(bulk.tracked - bulk.plain), { without: showBytes(bulk.plain), with: showBytes(bulk.tracked) }),
    plainFigure('WAL per event, one transaction each', '≤ 850', showBytes(single.tracked - single.plain), { without: showBytes(single.plain), with: showBytes(single.tracked) }),
  ]
}

/** Bytes of WAL per deleted row. No checkpoint comes before, so that whole pages, which depend on the pace of checkpoints, are not counted in. */
async function walPerRow(as: Bench['as'], rows: number, remove: (variant: 'plain' | 'tracked') => Promise<unknown>): Promise<{ plain: number; tracked: number }> {
  const measure = async (variant: 'plain' | 'tracked'): Promise<number> => {
    const client = as[variant]
    const position = async (): Promise<string> => (await client.query<{ lsn: string }>('select pg_current_wal_insert_lsn() as lsn')).rows[0]?.lsn ?? ''
    await client.query(`truncate lead; call fill_leads(${rows})`)
    const from = await position()
    await remove(variant)
    const { rows: [row] } = await client.query<{ bytes: string }>('select pg_current_wal_insert_lsn() - $1::pg_lsn as bytes', [from])
    return Number(row?.bytes) / rows
  }
  return { plain: await measure('plain'), tracked: await measure('tracked') }
}

async function benchSingleRows(bench: Bench, { fsync, goal }: { fsync: string; goal: string }): Promise<Figure[]> {
  const { singles, transactions, rounds } = bench.size
  const line = { digits: 2, show: showRate }
  const leads = await ratesInServer(bench, singles, `call fill_leads(${singles})`, () => 'delete_leads')
  const contacts = await ratesInServer(bench, singles, `call fill_customers(${singles / 4}, 4)`, () => 'delete_contacts')
  const sent = await measureInTurn(variants, rounds, async (variant) => rateOfApplication(bench, variant, transactions, null))
  return [
    ratioFigure({ ...line, what: `single rows, in the server, fsync ${fsync}, share`, goal }, { without: leads('plain'), floor: leads('floor'), least: leads('least'), with: leads('tracked') }),
    ratioFigure({ ...line, what: `single rows with an owner, in the server, fsync ${fsync}, share`, goal: '' }, { without: contacts('plain'), floor: contacts('floor'), least: contacts('least'), with: contacts('tracked') }),
    ratioFigure({ ...line, what: `single rows, node-postgres, fsync ${fsync}, share`, goal }, { without: sent('plain'), floor: sent('floor'), least: sent('least'), with: sent('tracked') }),
  ]
}

async function benchTransactions(bench: Bench, { fsync, goal }: { fsync: string; goal: string }): Promise<Figure[]> {
  const { transactions, rounds } = bench.size
  const line = { digits: 2, show: showRate }
  const inServer = await ratesInServer(bench, transactions, `call fill_leads(${transactions})`, (variant) => (variant === 'tracked' ? 'act_and_delete_leads' : 'delete_leads'))
  const kinds = ['plain', 'plain with select 1', 'tracked', 'tracked in one message'] as const
  const sent = await measureInTurn(kinds, rounds, async (kind) =>
    kind === 'tracked in one message' ? rateOfApplication(bench, 'tracked', transactions, '', `begin; ${actAs}`)
      : rateOfApplication(bench, kind === 'tracked' ? 'tracked' : 'plain', transactions, kind === 'tracked' ? actAs : kind === 'plain' ? '' : 'select 1'))
  return [
    ratioFigure({ ...line, what: `transaction of an application, node-postgres, fsync ${fsync}, share`, goal }, { without: sent('plain'), with: sent('tracked') }),
    ratioFigure({ ...line, what: `the same, begin and audit.act_as in one message`, goal }, { without: sent('plain'), with: sent('tracked in one message') }),
    ratioFigure({ ...line, what: `the same against one that sends select 1 instead`, goal: '' }, { without: sent('plain with select 1'), with: sent('tracked') }),
    ratioFigure({ ...line, what: `the same work in the server, fsync ${fsync}, share`, goal: '' }, { without: inServer('plain'), with: inServer('tracked') }),
  ]
}

/**
 * The same load with and without audit, and what got into each other's way: deletions row by row, with a cascade in each
 * transaction, by clients under repeatable read, while another connection looks for locks that somebody waits for.
 */
async function benchWaiting({ cluster, as, size }: Bench): Promise<Figure[]> {
  const each = await Promise.all((['plain', 'tracked'] as const).map(async (variant) => {
    const connections = await Promise.all(rangesOf(size.singles).map(() => cluster.connect(applicationLogin, variant)))
    await Promise.all(connections.map((client) => client.query(`set default_transaction_isolation = 'repeatable read'`)))
    return { variant, connections }
  }))
  const found: Record<string, Waiting> = {}
  for (const { variant, connections } of each) {
    await fill(as[variant], `call fill_leads(${size.singles}); call fill_customers(${size.singles}, 1)`)
    found[variant] = await waitingWhile(as.floor, Promise.all(connections.map((client, index) =>
      client.query('call delete_leads_and_customers($1, $2)', rangesOf(size.singles)[index]).then(() => null, sqlState))))
    await Promise.all(connections.map((client) => client.end()))
  }
  const line = (what: string, show: (waiting: Waiting) => string): Figure => {
    const [without, withAudit] = [found['plain'], found['tracked']].map((waiting) => (waiting === undefined ? '' : show(waiting)))
    return plainFigure(what, 'none added', withAudit ?? '', { without: without ?? '', with: withAudit ?? '' })
  }
  return [
    line(`deadlocks, ${decimal(size.singles, 0)} transactions by ${clients} clients`, ({ deadlocks }) => String(deadlocks)),
    line('serialization failures and other errors', ({ errors }) => (errors.length === 0 ? '0' : errors.join(', '))),
    line('waits for locks of rows, tables, transactions, seen in looks', ({ waits, looks }) => `${waits} in ${decimal(looks, 0)}`),
    line('waits for a file to grow, seen in looks', ({ growing, looks }) => `${growing} in ${decimal(looks, 0)}`),
  ]
}

type Waiting = { deadlocks: number; errors: string[]; looks: number; waits: number; growing: number }

/** Looks at the locks of the server again and again until the work is done; its results that are not null are errors. */
async function waitingWhile(watcher: Client, work: Promise<(string | null)[]>): Promise<Waiting> {
  const deadlocks = async (): Promise<number> => {
    const { rows: [row] } = await watcher.query<{ deadlocks: string }>(`select pg_stat_clear_snapshot(), deadlocks from pg_stat_database where datname = current_database()`)
    return Number(row?.deadlocks)
  }
  const before = await deadlocks()
  const seen: Waiting = { deadlocks: 0, errors: [], looks: 0, waits: 0, growing: 0 }
  let isDone = false
  const done = work.finally(() => { isDone = true })
  while (!isDone) {
    const { rows: [row] } = await watcher.query<{ waits: number; growing: number }>(`
      select count(*) filter (where locktype <> 'extend')::integer as waits, count(*) filter (where locktype = 'extend')::integer as growing from pg_locks where not granted`)
    seen.looks += 1
    seen.waits += row?.waits ?? 0
    seen.growing += row?.growing ?? 0
  }
  const errors = (await done).filter((error) => error !== null)
  return { ...seen, errors, deadlocks: (await deadlocks()) - before }
}

function sqlState(error: unknown): string {
  return error instanceof Error ? String(Reflect.get(error, 'code') ?? error.message) : String(error)
}

/** So many rows in equal ranges of keys, one for each client. */
function rangesOf(rows: number): [number, number][] {
  const each = rows / clients
  return Array.from({ length: clients }, (_, index) => [index * each + 1, (index + 1) * each])
}

/** Transactions per second when 8 connections each call a procedure that deletes and commits row by row. */
async function ratesInServer({ cluster, as, size }: Bench, rows: number, filling: string, procedure: (variant: Variant) => string) {
  const connections = new Map(await Promise.all(variants.map(async (variant) =>
    [variant, await Promise.all(rangesOf(rows).map(() => cluster.connect(applicationLogin, variant)))] as const)))
  const rates = await measureInTurn(variants, size.rounds, async (variant) => {
    await fill(as[variant], filling)
    const took = await milliseconds(() => Promise.all((connections.get(variant) ?? []).map((client, index) => client.query(`call ${procedure(variant)}($1, $2)`, rangesOf(rows)[index]))))
    return (rows * 1000) / took
  })
  await Promise.all([...connections.values()].flat().map((client) => client.end()))
  return rates
}

/** Transactions per second of 8 connections of node-postgres. */
async function rateOfApplication({ cluster, as }: Bench, variant: Variant, rows: number, before: string | null, begin = 'begin'): Promise<number> {
  await fill(as[variant], `call fill_leads(${rows})`)
  const ranges = rangesOf(rows)
  const each = clients / threads
  const applications = await Promise.all(Array.from({ length: threads }, (_, thread) => startApplication({
    ...cluster.connection(applicationLogin, variant), begin, before, deletion: 'delete from lead where id = $1', ranges: ranges.slice(thread * each, (thread + 1) * each),
  })))
  const took = await milliseconds(() => Promise.all(applications.map(({ run }) => run())))
  await Promise.all(applications.map(({ closed }) => closed))
  return (rows * 1000) / took
}

function describeMethod(size: Size): string[] {
  return [
    `Each figure is the median of ${size.rounds} rounds after a warm-up; "half of the rounds" are its quartiles. A ratio is taken within a round. In each round the same work is done on tables without audit, with a trigger that does nothing ("empty trigger", its ratio in brackets), with one that adds a ready-made row to a table like audit.event ("least entry"), and tracked ones, in turning order. The least entry is what PostgreSQL itself sets: nobody's trigger that leaves such a row is cheaper. Before each measurement the table is filled again, vacuumed and analysed, and a checkpoint is made; the log is never emptied.`,
    'The tables are those of the demonstration: customers of 200 companies, contacts that name their customer and find their company through it. A "lead" is a customer to which no foreign key refers; where nothing else is said, rows are leads.',
    `"In the server": ${clients} connections each call a procedure that deletes by key and commits, row by row. Nothing but PostgreSQL works, so this is the share that the database itself loses, and the strictest reading of the goal. "node-postgres": ${clients} connections in ${threads} threads send each statement and wait for its answer; they share the cores with the server, as an application on the same machine does.`,
    'The transaction of an application is begin, select audit.act_as(…), delete, commit; without audit it is begin, delete, commit. Against a transaction that sends select 1 in the place of audit.act_as, the round trip itself does not count; sent with begin in one message, there is none.',
    `Deadlocks, failures and waits: ${clients} connections under repeatable read each delete a lead, and a customer with its contact by a cascade, in one transaction after the other. Deadlocks are those of pg_stat_database; waits are the locks that pg_locks shows as not granted, at as many looks as another connection could take meanwhile.`,
    'Insert and update have no trigger on a tracked table, so whatever differs there is noise: it shows how far the other figures can be trusted.',
    'Storage is what table and indexes grow by when one statement deletes leads after audit.act_as, with the snapshot of all columns. WAL is the tracked table minus the plain one, without full-page images, whose number depends on the pace of checkpoints.',
  ]
}
