import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg, { type Client } from 'pg'
import { questionDocument } from '../server/question.ts'
import { companies, startReadCluster, viewer, type ReadCluster } from './read-cluster.ts'
import { copyToFile, exportToFile, type Sent } from './read-export.ts'
import { askWithClients, startAuditServer, type Asked, type RunningServer } from './read-server.ts'
import { readByDay, terms } from './read-terms.ts'
import { decimal, type Figure, type Report } from './report.ts'
import { measureInTurn, median, milliseconds, ratioPerRound, spread } from './rounds.ts'

type Options = { isQuick: boolean; events?: number; folder?: string; notice: (line: string) => void }
type Size = { events: number; rounds: number; repetitions: number; requests: number; exported: number; terms: typeof terms }

const full: Size = { events: 10_000_000, rounds: 7, repetitions: 10, requests: 400, exported: 1_000_000, terms }
const quick: Size = { events: 5_000, rounds: 1, repetitions: 1, requests: 16, exported: 1_000_000, terms: terms.slice(0, 4) }
const clients = 8

type Company = keyof typeof companies
type Filter = Readonly<Record<string, unknown>>

/** Who asks: readers of each company under row-level security, as the server makes them, and a superuser, whom no policy concerns. */
type Askers = { readonly readers: Readonly<Record<Company, Client>>; readonly owner: Client; readonly stop: () => Promise<void> }

/** `ratios` gathers, question by question, how much longer it takes under row-level security. */
type Bench = { readonly size: Size; readonly askers: Askers; readonly add: (figure: Partial<Figure>) => void; readonly ratios: Map<string, number> }

/** A question in the database: a statement whose $1 is the filter, which for the owner also names the company. */
type Question = { readonly company: Company; readonly filter: Filter; readonly statement: string; readonly more?: readonly unknown[] }

const page = 'select id, occurred_at, action, object_label, owner_label, actor_name, source from audit.find_events($1)'
const deepPage = page.replace('($1)', '($1, after_at => $2, after_id => $3)')
const count = 'select * from audit.event_count($1)'
const facets = 'select * from audit.event_facets($1)'
const histogram = 'select * from audit.event_histogram($1)'

const headings: Partial<Figure> = { what: 'what', goal: 'goal', ours: 'ours', spread: 'half of the rounds', without: 'to compare', with: 'ratio' }

/** Measures lists, filters, searches, totals and exports among many entries, each against the same without row-level security. */
export async function benchRead({ isQuick, events, folder = join(tmpdir(), 'audit-log-bench-read'), notice }: Options): Promise<Report> {
  const size = { ...(isQuick ? quick : full), ...(events !== undefined && { events }) }
  const figures: Figure[] = []
  const add = (figure: Partial<Figure>): void => void figures.push({ what: '', goal: '', ours: '', spread: '', without: '', floor: '', with: '', ...figure })
  const step = async (what: string, work: () => Promise<void>): Promise<void> => notice(`${what}: ${decimal(await milliseconds(work) / 1000, 0)} s`)
  const cluster = await startReadCluster(folder, notice)
  try {
    const database = await cluster.database(size.events)
    const tenth = await openAskers(cluster, await cluster.database(Math.round(size.events / 10)))
    const askers = await openAskers(cluster, database)
    const bench: Bench = { size, askers, add, ratios: new Map() }
    try {
      await step('lists and filters', () => benchLists(bench))
      await step('searches', () => benchSearches(bench))
      await step('totals, facets, histogram', () => benchTotals(bench))
      addRatios(bench)
      await step('while an entry waits', () => benchWaiting(bench))
      await step('for the record and for a DBA', () => benchOthers(bench))
      await step('ten times the entries', () => benchGrowth(bench, tenth))
      await step('sizes', () => benchSizes(bench))
      const server = await startAuditServer(cluster.url('audit_server', database))
      try {
        await step('over HTTP', () => benchHttp(bench, server))
        await step('export', () => benchExport(bench, server))
      } finally {
        await server.stop()
      }
    } finally {
      await Promise.all([askers.stop(), tenth.stop()])
    }
    return { title: `What reading takes among ${decimal(size.events, 0)} entries`, server: cluster.description, figures, headings, method: describeMethod(size) }
  } finally {
    await cluster.stop()
  }
}

async function openAskers(cluster: ReadCluster, database: string): Promise<Askers> {
  const open = async (login: string): Promise<Client> => {
    const client = new pg.Client({ connectionString: cluster.url(login, database) })
    await client.connect()
    return client
  }
  const reader = async (company: string): Promise<Client> => {
    const client = await open('audit_server')
    await client.query(`select set_config('audit.company_id', $1, false), set_config('audit.viewer_id', $2, false), set_config('role', 'audit_admin', false)`, [company, viewer.id])
    return client
  }
  const owner = await open('postgres')
  const readers = { big: await reader(companies.big), middle: await reader(companies.middle), small: await reader(companies.small) }
  return { owner, readers, stop: async () => void await Promise.all([owner, ...Object.values(readers)].map((client) => client.end())) }
}

/** Milliseconds that a question takes, on average over some repetitions. */
async function ask({ readers, owner }: Askers, who: 'reader' | 'owner', { company, filter, statement, more = [] }: Question, repetitions: number): Promise<number> {
  const client = who === 'reader' ? readers[company] : owner
  const given = JSON.stringify(who === 'reader' ? filter : { companyId: companies[company], ...filter })
  return await milliseconds(async () => {
    for (let times = 0; times < repetitions; times += 1) await client.query({ name: nameOf(statement), text: statement, values: [given, ...more] })
  }) / repetitions
}

/** What a statement is prepared as. */
function nameOf(statement: string): string {
  return statement.replace(/^.* from /, '')
}

/** Asks as reader and as owner in turn. */
async function compare({ askers, size, ratios }: Bench, question: Question): Promise<{ ours: readonly number[]; owner: readonly number[] }> {
  const took = await measureInTurn(['reader', 'owner'], size.rounds, (who) => ask(askers, who, question, size.repetitions))
  const [ours, owner] = [took('reader'), took('owner')]
  ratios.set(`${question.statement} ${JSON.stringify(question.filter)} ${question.company}`, median(ratioPerRound(ours, owner)))
  return { ours, owner }
}

function figureOf(what: string, goal: string, { ours, owner }: { ours: readonly number[]; owner: readonly number[] }): Partial<Figure> {
  const { low, high } = spread(ours)
  return { what, goal, ours: `${show(median(ours))} ms`, spread: `${show(low)} – ${show(high)}`, without: `${show(median(owner))} ms`, with: decimal(median(ratioPerRound(ours, owner)), 2) }
}

function show(reading: number): string {
  return decimal(reading, reading < 10 ? 2 : 0)
}

const rare = { actions: ['user.deleted', 'audit.export_ended'], sources: ['sql'] }
const month = { from: '2026-03-01T00:00:00Z', to: '2026-04-01T00:00:00Z' }

/** Filters of every kind, in the company with the most entries; `known` is of an entry in the middle of it. */
const structured = (known: Readonly<Record<string, string>>): ReadonlyArray<readonly [what: string, filter: Filter]> => [
  ['one frequent action', { actions: ['cv.deleted'] }],
  ['two rare actions with a rare source', rare],
  ['all but three actions', { notActions: ['cv.deleted', 'contact.deleted', 'role.deleted'] }],
  ['a rare source', { sources: ['sql'] }],
  ['a month', month],
  ['a month, an action and a source', { ...month, actions: ['project.deleted'], sources: ['api'] }],
  ['days of a time zone', { fromDay: '2025-06-02', toDay: '2025-06-06', timeZone: 'America/New_York' }],
  ['a person', { actorId: known['actor'] }],
  ['a person and an action', { actorId: known['actor'], actions: ['customer.deleted'] }],
  ['an object', { objectKind: 'cv', objectId: known['object'] }],
  ['an owner', { ownerKind: 'customer', ownerId: known['owner'] }],
  ['a request', { requestId: known['request'] }],
  ['main entries only', { rootsOnly: true }],
  ['a kind and main entries only', { objectKind: 'role', rootsOnly: true }],
]

async function knownValues({ askers: { owner } }: Bench): Promise<Record<string, string>> {
  const one = (column: string, condition: string): string => `(select ${column} from audit.event where company_id = '${companies.big}' and ${condition} and occurred_at > '2025-05-01' order by occurred_at, id limit 1)`
  const { rows: [row] } = await owner.query<Record<string, string>>(`select ${one('actor_id', 'actor_id is not null')} as actor, ${one('object_id', `object_kind = 'cv'`)} as object,
    ${one('owner_id', `owner_kind = 'customer'`)} as owner, ${one('request_id', 'request_id is not null')} as request`)
  return row ?? {}
}

async function benchLists(bench: Bench): Promise<void> {
  const { add, askers } = bench
  for (const [company, who] of [['big', 'biggest'], ['middle', '20th'], ['small', '200th']] as const) {
    add(figureOf(`newest 25 of the ${who} company`, '≤ 1 ms', await compare(bench, { company, filter: {}, statement: page })))
  }
  const { rows: [size] } = await askers.owner.query<{ n: number }>('select count(*)::int as n from audit.event where company_id = $1', [companies.big])
  // The biggest of 200 companies has 1.7 of ten million entries; of fewer, the page lies in the middle.
  const depth = (size?.n ?? 0) > 1_000_100 ? 1_000_000 : Math.floor((size?.n ?? 0) / 2)
  const { rows: [at] } = await askers.owner.query<{ at: string; id: string }>(`select occurred_at::text as at, id::text from audit.event where company_id = $1 order by occurred_at desc, id desc offset ${depth} limit 1`, [companies.big])
  add(figureOf(`the 25 behind ${decimal(depth, 0)} others`, '≤ 1 ms', await compare(bench, { company: 'big', filter: {}, statement: deepPage, more: [at?.at, at?.id] })))
  for (const [what, filter] of structured(await knownValues(bench))) add(figureOf(`25 of: ${what}`, '≤ 10 ms', await compare(bench, { company: 'big', filter, statement: page })))
}

async function benchSearches(bench: Bench): Promise<void> {
  const { add, size } = bench
  const sized = { ...bench, size: { ...size, repetitions: 1 } }
  const found: { what: string; company: Company; ours: number; owner: number }[] = []
  for (const [what, query] of size.terms) {
    for (const company of ['big', 'middle', 'small'] as const) {
      const { ours, owner } = await compare(sized, { company, filter: { query }, statement: page })
      found.push({ what, company, ours: median(ours), owner: median(owner) })
    }
  }
  const ours = found.map((one) => one.ours)
  const owner = found.map((one) => one.owner)
  const worst = found.reduce((a, b) => a.ours > b.ours ? a : b)
  add({ what: `search, half of ${found.length} terms and companies`, goal: '≤ 5 ms', ours: `${show(median(ours))} ms`, without: `${show(median(owner))} ms`, with: decimal(median(ours) / median(owner), 2) })
  add({ what: `search, the worst: ${worst.what}, ${worst.company} company`, goal: '≤ 75 ms', ours: `${show(worst.ours)} ms`, without: `${show(worst.owner)} ms`, with: decimal(worst.ours / worst.owner, 2) })
  for (const [what, query] of size.terms) {
    const of = found.filter((one) => one.what === what)
    add({ what: `– ${what}: ${query}`, ours: of.map((one) => show(one.ours)).join(' · '), without: of.map((one) => show(one.owner)).join(' · ') })
  }
}

async function benchTotals(bench: Bench): Promise<void> {
  const { add } = bench
  for (const [what, filter] of [['everything', {}] as const, ...structured(await knownValues(bench))]) add(figureOf(`total of: ${what}`, '≤ 2.5 ms', await compare(bench, { company: 'big', filter, statement: count })))
  const known = await knownValues(bench)
  const few: ReadonlyArray<readonly [string, Filter]> = [
    ['everything', {}], ['one frequent action', { actions: ['cv.deleted'] }], ['a month', month], ['eight weeks that begin and end at any hour', { from: '2026-01-04T05:00:00Z', to: '2026-02-28T13:00:00Z' }], ['a person', { actorId: known['actor'] }],
    ['an object', { objectKind: 'cv', objectId: known['object'] }], ['a rare word', { query: 'Kvicksilver' }], ['a frequent word', { query: 'developer' }], ['one letter', { query: 'e' }], ['everything without a word', { query: '-developer' }],
    ['a frequent word, an action and a source', { query: 'developer', actions: ['cv.deleted'], sources: ['app'] }],
  ]
  for (const [what, filter] of few) {
    add(figureOf(`facets of: ${what}`, '≤ 50 ms', await compare(bench, { company: 'big', filter, statement: facets })))
    add(figureOf(`histogram of: ${what}`, '≤ 50 ms', await compare(bench, { company: 'big', filter, statement: histogram })))
  }
}

/** How the answers of a reader compare with those of somebody whom no policy concerns, over all questions that were asked. */
function addRatios({ ratios, add }: Bench): void {
  const all = [...ratios.values()].toSorted((one, other) => one - other)
  const { low, high } = spread(all)
  add({ what: `under row-level security, half of ${all.length} questions, ×`, goal: '≤ 1.3', ours: decimal(median(all), 2), spread: `${decimal(low, 2)} – ${decimal(high, 2)}` })
  add({ what: '– nineteen of twenty', goal: '≤ 1.3', ours: decimal(all[Math.ceil(all.length * 0.95) - 1] ?? 0, 2) })
  const [worst, ratio] = [...ratios].reduce((one, other) => one[1] > other[1] ? one : other, ['', 0])
  add({ what: `– the largest: ${worst}`, goal: '≤ 1.3', ours: decimal(ratio, 2) })
}

/** The same while an entry waits for the keeper, as one does at any moment of a day. */
async function benchWaiting(bench: Bench): Promise<void> {
  const { add, askers: { owner } } = bench
  await owner.query(`set role audit_owner; insert into audit.event (company_id, actor_status, action, object_kind, object_label, source, db_user) values ('${companies.big}', 'missing', 'cv.deleted', 'cv', 'It waits', 'sql', 'bench'); reset role`)
  const asked: ReadonlyArray<readonly [what: string, goal: string, filter: Filter, statement: string]> = [
    ['25 of: one frequent action', '≤ 10 ms', { actions: ['cv.deleted'] }, page], ['search for a rare word', '≤ 75 ms', { query: 'Kvicksilver' }, page],
    ['total of: everything', '≤ 2.5 ms', {}, count], ['facets of: one letter', '≤ 50 ms', { query: 'e' }, facets], ['histogram of: one letter', '≤ 50 ms', { query: 'e' }, histogram],
  ]
  for (const [what, goal, filter, statement] of asked) {
    // The ratios of all questions are those of a log that the keeper has caught up with.
    add(figureOf(`while an entry waits for the keeper, ${what}`, goal, await compare({ ...bench, ratios: new Map() }, { company: 'big', filter, statement })))
  }
  while (Number((await owner.query<{ n: string | null }>('select audit.keep() as n')).rows[0]?.n) !== 0);
}

/** What each request asks besides, so that readings can be recorded; and what a DBA asks of all companies at once. */
async function benchOthers({ askers, size, add }: Bench): Promise<void> {
  const { readers: { big }, owner } = askers
  const took = await measureInTurn(['access', 'nothing', 'everybody', 'rare'], size.rounds, async (which) => await milliseconds(async () => {
    const [client, statement] = which === 'access' ? [big, 'select audit.viewer_access()'] as const : which === 'nothing' ? [big, 'select 1'] as const
      : [owner, `select id from audit.find_events('${JSON.stringify(which === 'rare' ? rare : {})}')`] as const
    for (let times = 0; times < size.repetitions; times += 1) await client.query({ name: which, text: statement })
  }) / size.repetitions)
  const line = (what: string, ours: readonly number[], without?: readonly number[]): void => {
    const { low, high } = spread(ours)
    add({ what, ours: `${show(median(ours))} ms`, spread: `${show(low)} – ${show(high)}`, ...(without !== undefined && { without: `${show(median(without))} ms` }) })
  }
  line('the statement of each request by which readings are recorded', took('access'), took('nothing'))
  line('newest 25 of all companies, for a DBA', took('everybody'))
  line('two rare actions with a rare source in all companies, for a DBA', took('rare'))
}

/** The same among a tenth of the entries, in turn. */
async function benchGrowth({ askers, size, add }: Bench, tenth: Askers): Promise<void> {
  const grown = async (what: string, questions: readonly Question[], repetitions: number, goal: string | null = '≤ 1.3'): Promise<void> => {
    const took = await measureInTurn(['all', 'tenth'], 3 * size.rounds, async (which) => {
      let spent = 0
      for (const question of questions) spent += await ask(which === 'all' ? askers : tenth, 'reader', question, repetitions)
      return spent / questions.length
    })
    const ratio = ratioPerRound(took('all'), took('tenth'))
    const { low, high } = spread(ratio)
    add({ what, ...(goal !== null && { goal }), ours: decimal(median(ratio), 2), spread: `${decimal(low, 2)} – ${decimal(high, 2)}`, without: `${show(median(took('tenth')))} ms`, with: `${show(median(took('all')))} ms` })
  }
  const ofBig = (filter: Filter): Question => ({ company: 'big', filter, statement: page })
  await grown('newest 25, ten times the entries, ×', [ofBig({})], size.repetitions)
  await grown('25 of two rare actions with a rare source, ten times the entries, ×', [ofBig(rare)], size.repetitions)
  await grown('25 of one frequent action, ten times the entries, ×', [ofBig({ actions: ['cv.deleted'] })], size.repetitions)
  const asked = (isByDay: boolean): Question[] => size.terms.filter(([, query]) => readByDay.includes(query) === isByDay).map(([, query]) => ofBig({ query }))
  const [byDay, others] = [asked(true), asked(false)]
  await grown(`search, mean of ${others.length} terms, ten times the entries, ×`, others, 1)
  if (byDay.length > 0) await grown(`– of the ${byDay.length} with letters that hardly meet, ×`, byDay, 1, null)
}

async function benchSizes({ askers, size, add }: Bench): Promise<void> {
  const { rows } = await askers.owner.query<{ name: string; bytes: string }>(`
    select 'audit.event, the table' as name, pg_table_size('audit.event') as bytes
    union all select 'audit.event, its indexes', pg_indexes_size('audit.event')
    union all select 'what the keeper makes, tables', sum(pg_table_size(oid)) from pg_class where relnamespace = 'audit_private'::regnamespace and relkind = 'r' and relname like 'kept%'
    union all select 'what the keeper makes, indexes', sum(pg_indexes_size(oid)) from pg_class where relnamespace = 'audit_private'::regnamespace and relkind = 'r' and relname like 'kept%'`)
  for (const { name, bytes } of rows) add({ what: `bytes per entry: ${name}`, ours: `${decimal(Number(bytes) / size.events, 0)} B` })
}

const asScreens = (variables: Readonly<Record<string, unknown>> = {}): Asked => ({ query: questionDocument, variables: { first: 25, orderBy: 'OCCURRED_AT_DESC', ...variables } })

async function benchHttp({ size, add }: Bench, server: RunningServer): Promise<void> {
  const token = await server.token(companies.big, viewer.id)
  const cheapest: Asked = { query: '{ event(id: "0") { id } }', variables: {} }
  const asked: ReadonlyArray<readonly [what: string, goal: string, asked: Asked]> = [
    ['newest 25 over HTTP, 8 clients, ×', '≤ 1.5', { query: '{ events(first: 25) { nodes { id occurredAt action actorName objectLabel ownerLabel source } } }', variables: {} }],
    ['the same with sentences and cursor, ×', '≤ 1.5', asScreens()],
    ['two rare actions with a rare source over HTTP, ×', '', asScreens({ filter: rare })],
    ['search for a frequent word over HTTP, ×', '', asScreens({ filter: { query: 'developer' } })],
    ['total over HTTP, ×', '', { query: 'query ($filter: EventFilter) { eventCount(filter: $filter) { count isExact } }', variables: { filter: month } }],
    ['no database at all, ×', '', { query: '{ __typename }', variables: {} }],
  ]
  for (const [what, goal, question] of asked) {
    const took = await measureInTurn(['this', 'cheapest'], size.rounds, (which) => askWithClients(server, token, which === 'this' ? question : cheapest, { clients, requests: size.requests }))
    const ratio = ratioPerRound(took('this'), took('cheapest'))
    const { low, high } = spread(ratio)
    add({ what, goal, ours: decimal(median(ratio), 2), spread: `${decimal(low, 2)} – ${decimal(high, 2)}`, without: `${show(median(took('cheapest')))} ms`, with: `${show(median(took('this')))} ms` })
  }
}

/** The columns of an exported file that stand in the table. */
export const copiedColumns = `id, occurred_at, action, object_kind, object_id, object_label, owner_kind, owner_id, owner_label, actor_id, actor_name, actor_status, on_behalf_of, source,
  caused_by, root_id, transaction_id, request_id, reason, client_addr, db_user, application_name, company_id, details, snapshot`

async function benchExport({ size, askers: { owner }, add }: Bench, server: RunningServer): Promise<void> {
  const token = await server.token(companies.big, viewer.id)
  const { rows: [found] } = await owner.query<{ n: number; at: string }>(`
    select least(count(*), ${size.exported})::int as n,
           to_char((select occurred_at from audit.event where company_id = $1 order by occurred_at desc, id desc offset least((select count(*) from audit.event where company_id = $1), ${size.exported}) - 1 limit 1) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at
      from audit.event where company_id = $1`, [companies.big])
  if (found === undefined) throw new Error('PostgreSQL did not count the entries.')
  const rows = decimal(found.n, 0)
  const sent: Sent[] = []
  const took = await measureInTurn(['ours', 'copy', 'copy in one process'], Math.min(size.rounds, 5), async (which) => {
    const wanted = `select ${copiedColumns} from audit.event where company_id = '${companies.big}' and occurred_at >= '${found.at}' order by occurred_at desc, id desc`
    if (which !== 'ours') return (await copyToFile(owner, wanted, which === 'copy' ? 2 : 0)).milliseconds
    const one = await exportToFile(`${server.url}/export/events.csv?from=${encodeURIComponent(found.at)}`, token, server.pid)
    sent.push(one)
    return one.milliseconds
  })
  const megabytes = (bytes: number): string => `${decimal(bytes / 2 ** 20, 0)} MiB`
  const growth = sent.map((one) => one.growth).filter((bytes) => bytes !== null)
  for (const [what, of, goal] of [[`export of ${rows} rows as CSV, × the time of \\copy`, 'copy', '≤ 1.2'], ['– × the time of \\copy in one process', 'copy in one process', '']] as const) {
    const ratio = ratioPerRound(took('ours'), took(of))
    const { low, high } = spread(ratio)
    add({ what, goal, ours: decimal(median(ratio), 2), spread: `${decimal(low, 2)} – ${decimal(high, 2)}`, without: `${decimal(median(took(of)) / 1000, 1)} s`, with: `${decimal(median(took('ours')) / 1000, 1)} s` })
  }
  add({ what: '– memory that the server takes more', goal: '≤ 64 MiB', ours: growth.length === 0 ? 'not known here' : megabytes(Math.max(...growth)) })
  add({ what: '– first byte', goal: '≤ 1 s', ours: `${show(median(sent.map((one) => one.firstByte)))} ms` })
  add({ what: '– size of the file', ours: megabytes(median(sent.map((one) => one.bytes))) })
  for (const [format, name, goal] of [['jsonl', 'JSON Lines', '≤ 64 MiB'], ['xlsx', 'XLSX', '≤ 200 MiB']] as const) {
    const one = await exportToFile(`${server.url}/export/events.${format}?from=${encodeURIComponent(found.at)}`, token, server.pid)
    add({ what: `export of ${rows} rows as ${name}, once: memory that the server takes more`, goal, ours: one.growth === null ? 'not known here' : megabytes(one.growth) })
    add({ what: '– its time, first byte, size', ours: `${decimal(one.milliseconds / 1000, 1)} s, ${show(one.firstByte)} ms, ${megabytes(one.bytes)}` })
  }
}

function describeMethod(size: Size): string[] {
  return [
    `The entries are those of \`npm run audit -- generate --events ${size.events} --companies 200 --seed 1\`: the biggest company has 17 %, the 20th 0.9 %, the 200th 0.09 %. The keeper has caught up, everything is vacuumed and in memory as far as it fits.`,
    `In the database: statements of node-postgres on one connection, prepared, with their round trip; each reading is the mean of ${size.repetitions} (searches: one), each figure the median of ${size.rounds} rounds after a warm-up (ten times the entries: of ${3 * size.rounds}). "To compare" is the same question to the same functions by a superuser, whom no policy concerns, in turn; the ratio is taken within a round. The statement by which readings are recorded is compared with \`select 1\`: the difference is what the recording costs a request, but for one insert for each sitting behind the answer.`,
    'Searches: every term of the list is asked in the big, the middle and the small company; the lines that begin with a dash show the three. Ten times the entries: "to compare" is a tenth of the entries in another database of the same server, asked in turn; the ratio is what a goal is set for.',
    `Over HTTP: ${clients} clients in one process, the server in another, PostgreSQL beside them on the same cores; each round sends ${size.requests} requests, a reading is the mean time of one. "To compare" is the cheapest request that asks the database at all, one entry that is not there: token, transaction, settings and role, one look by key.`,
    `The export is fetched into a file; \`\\copy\` is COPY of the same rows and the columns that the table has, in the same order, through node into a file, by a superuser; PostgreSQL gives it two further workers, so that it has both cores, where an export has one process. The file of the server also has the sentence, the local time and the receipt. Memory: the most that /proc says during the export, less what it said before.`,
  ]
}
