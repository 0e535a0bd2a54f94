import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { startAuditServer, type AuditServerProcess, type ServerMemory } from './audit-server.ts'
import { makeSoakDatabase, type SoakDatabase } from './database.ts'
import { isExplained, longestRecovery, makeFaults, type Fault } from './faults.ts'
import { makeRandom, wholeBetween } from './random.ts'

export type LoadOptions = {
  /** How long, in milliseconds. */
  duration: number
  seed: number
  /** How hard it is driven: with 0.25, everybody waits four times as long between two requests. */
  pace?: number
  /** How often memory and connections are looked at, in milliseconds. */
  every?: number
  /** Whether the database is restarted once and paused once meanwhile. */
  withFaults?: boolean
  programs?: string
  notice?: (line: string) => void
}

/** What is done at the same time, and how many do it. */
const workers = { delete: 2, list: 3, search: 2, detail: 1, export: 1 } as const
type Work = keyof typeof workers

/** `heap` is what JavaScript uses, `memory` what the process holds, also what it has freed and keeps for later; in bytes. */
type Sample = { minute: number; heap: number; memory: number; connections: number; entries: number }

/** What is left after a collection of garbage that is asked for. */
type Floor = ServerMemory & { minute: number }

export type LoadResult = {
  minutes: number
  done: Record<Work, { count: number; milliseconds: number[] }>
  /** What failed and nothing explains. */
  errors: string[]
  /** What failed while the database was away or the server found back to it. */
  explained: string[]
  faults: Fault[]
  samples: Sample[]
  floors: Floor[]
  pace: number
  problems: string[]
}

const mebibyte = 1024 * 1024
/**
 * Bytes: by how much what is left after a collection may grow from the first quarter on; by how much the highest memory of the
 * process in the last quarter may exceed that of the second; and what the process may hold at any time.
 */
const limits = { floor: 16 * mebibyte, growth: 32 * mebibyte, memory: 384 * mebibyte }
/** Minutes: in less than that the process still takes up what it needs for exports and searches. */
const leastToSettle = 10
/** How often garbage is collected on demand: seldom, so that the rest of the time is as it would be without. */
const floorCount = 8
const poolSizes = 10 + 4

/**
 * Deletes, lists, searches and exports at once for a while, against a real server and a database of its own, and looks
 * whether memory and connections stay where they are. What fails is an error, unless the database was restarted or paused
 * on purpose at that time.
 */
export async function load({ duration, seed, pace = 1, every = 10_000, withFaults = false, programs, notice }: LoadOptions): Promise<LoadResult> {
  const random = makeRandom(seed)
  const database = await makeSoakDatabase(programs === undefined ? {} : { programs })
  const result: LoadResult = {
    minutes: duration / 60_000, pace, errors: [], explained: [], faults: [], samples: [], floors: [], problems: [],
    done: { delete: empty(), list: empty(), search: empty(), detail: empty(), export: empty() },
  }
  const server = await startAuditServer({ databaseUrl: database.url('audit_server'), dataFolder: database.folder, person: await database.administrator(), isMeasured: true })
  const began = performance.now()
  const now = (): number => performance.now() - began
  const isAnswered = (): Promise<boolean> => server.graphql('{ events(first: 1) { nodes { id } } }').then(right).then(() => true, () => false)
  // A short run on a busy machine goes on until there is something to judge.
  const isEnough = (): boolean => result.samples.length >= 5 && Object.values(result.done).every(({ count }) => count > 0)
  const isOver = (): boolean => now() > duration * (isEnough() ? 1 : 5)
  try {
    await Promise.all([
      ...Object.entries(workers).flatMap(([work, count]) => Array.from({ length: count }, () => repeat(workOf(work), server, database, result, random, now, isOver, notice))),
      sample(server, database, result, began, every, isOver, notice),
      collect(server, result, began, duration, notice),
      ...(withFaults ? [makeFaults(database, duration, now, isAnswered, (fault) => {
        result.faults.push(fault)
        notice?.(`${fault.what} of the database`)
      })] : []),
    ])
  } finally {
    const { code } = await server.end()
    if (code !== 0) result.problems.push(`the server ended with ${code}:\n${server.printed()}`)
    await database.remove()
  }
  result.problems.push(...judgeLoad(result))
  return result
}

/** The result as a page in Markdown. */
export function describeLoad({ minutes, pace, done, errors, explained, faults, samples, floors, problems }: LoadResult): string {
  const quantile = (values: number[], share: number): string => `${Math.round(values.toSorted((one, other) => one - other)[Math.floor(values.length * share)] ?? 0)} ms`
  const rows = Object.entries(done).map(([work, { count, milliseconds }]) => `| ${work} | ${workers[workOf(work)]} | ${count} | ${quantile(milliseconds, 0.5)} | ${quantile(milliseconds, 0.99)} | ${quantile(milliseconds, 0.9999)} |`)
  const shown = samples.filter((_sample, index) => index % Math.max(1, Math.floor(samples.length / 12)) === 0)
  return `# Mixed load

Written by \`npm run soak -- load\`: ${minutes.toFixed(1)} minutes of deletes, lists, searches, details and exports at once, on a server and a PostgreSQL of its own${pace === 1 ? '' : `, with ${1 / pace} times the usual pauses`}.

| | at once | done | median | 99 % | slowest |
|---|---|---|---|---|---|
${rows.join('\n')}

| minute | heap in use | memory of the process | connections | entries |
|---|---|---|---|---|
${shown.map(({ minute, heap, memory, connections, entries }) => `| ${minute.toFixed(1)} | ${inMebibytes(heap)} | ${inMebibytes(memory)} | ${connections} | ${entries} |`).join('\n')}

What is left after a collection of garbage that was asked for:

| minute | heap | outside of it | memory of the process |
|---|---|---|---|
${floors.map(({ minute, heapUsed, external, rss }) => `| ${minute.toFixed(1)} | ${inMebibytes(heapUsed)} | ${inMebibytes(external)} | ${inMebibytes(rss)} |`).join('\n')}

${faults.map(describeFault).join('\n')}
${errors.length === 0 ? (faults.length === 0 ? 'No error.' : `No error that these do not explain; ${explained.length} failed meanwhile.`) : `${errors.length} errors, the first of them: ${errors.slice(0, 5).join('; ')}`}
${problems.length === 0 ? 'Memory and connections stay where they are.' : problems.join('\n')}
`
}

/** What of a load is not as it should be, in sentences; nothing if all is well. */
export function judgeLoad({ minutes, samples, floors, errors, faults, done }: Omit<LoadResult, 'pace' | 'problems' | 'explained'>): string[] {
  const problems: string[] = []
  const quarter = (values: readonly Sample[], number: number): Sample[] => values.slice(Math.floor(values.length * (number - 1) / 4), Math.floor(values.length * number / 4))
  const [warm, last] = [floors[Math.floor(floors.length / 4)], floors.at(-1)]
  if (warm === undefined || last === undefined || warm === last) problems.push('What is left after a collection was not measured.')
  else {
    const [heap, outside] = [last.heapUsed - warm.heapUsed, last.external - warm.external]
    if (heap + outside > limits.floor) problems.push(`What is left after a collection grew by ${inMebibytes(heap)} in the heap and ${inMebibytes(outside)} outside of it.`)
  }
  const highest = (values: readonly Sample[]): number => Math.max(...values.map(({ memory }) => memory))
  const growth = highest(quarter(samples, 4)) - highest(quarter(samples, 2))
  if (minutes >= leastToSettle && growth > limits.growth) problems.push(`The memory of the process grew by ${inMebibytes(growth)}.`)
  if (highest(samples) > limits.memory) problems.push(`The server held ${inMebibytes(highest(samples))}.`)
  const most = Math.max(...samples.map(({ connections }) => connections))
  if (most > poolSizes) problems.push(`There were ${most} connections; the pools allow ${poolSizes}.`)
  if (errors.length > 0) problems.push(`${errors.length} errors that nothing explains.`)
  for (const { what, recovery } of faults) if (recovery > longestRecovery) problems.push(`After the ${what} of the database the first list took ${Math.round(recovery)} ms.`)
  for (const [work, { count }] of Object.entries(done)) if (count === 0) problems.push(`Nothing of kind ${work} was done.`)
  return problems
}

function describeFault({ what, from, until, recovery }: Fault): string {
  return `After ${(from / 60_000).toFixed(1)} minutes the database ${what === 'restart' ? 'was away' : 'stood still'} for ${((until - from) / 1_000).toFixed(1)} s; the first list came ${Math.round(recovery)} ms later.`
}

function inMebibytes(bytes: number): string {
  return `${Math.round(bytes / mebibyte)} MiB`
}

function empty(): { count: number; milliseconds: number[] } {
  return { count: 0, milliseconds: [] }
}

function workOf(name: string): Work {
  if (name === 'delete' || name === 'list' || name === 'search' || name === 'detail' || name === 'export') return name
  throw new Error(`There is no work ${name}.`)
}

async function repeat(work: Work, server: AuditServerProcess, database: SoakDatabase, result: LoadResult, random: () => number, now: () => number, isOver: () => boolean, notice: LoadOptions['notice']): Promise<void> {
  let app: pg.Client | null = null
  while (!isOver()) {
    const began = now()
    try {
      if (work === 'delete') await deleteOne(app ??= await connect(database.url('consultant_app')), random)
      else await ask(work, server, random)
      const { milliseconds } = result.done[work]
      result.done[work].count += 1
      // A sample of the times, so that an hour of them is no growth of its own.
      if (milliseconds.length < 100_000) milliseconds.push(now() - began)
    } catch (error) {
      const problem = `${work}, after ${Math.round(now() - began)} ms: ${error instanceof Error ? error.message : String(error)}`
      result[isExplained({ from: began, until: now() }, result.faults) ? 'explained' : 'errors'].push(problem)
      // Its transaction is over, and maybe its connection.
      await app?.end().catch(() => undefined)
      app = null
      notice?.(problem)
    }
    await sleep((work === 'export' ? 1_000 : wholeBetween(random, 5, 40)) / result.pace)
  }
  await app?.end()
}

async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, application_name: 'soak load', query_timeout: 60_000 })
  // One that is lost says so to whoever asks next.
  client.on('error', () => undefined)
  await client.connect()
  return client
}

const words = ['Kowalski', 'Project', 'Åsa', 'CV', 'nothing of the kind', 'Manager']

async function deleteOne(app: pg.Client, random: () => number): Promise<void> {
  await app.query('begin')
  await app.query(`select audit.act_as($1, 'Somebody', 'app', request_id => $2)`, [String(wholeBetween(random, 1, 99)), crypto.randomUUID()])
  await app.query(`with made as (insert into app.cv (user_id, title) select min(id), $1 from app."user" returning id) select id from made`, [`CV ${wholeBetween(random, 1, 1_000_000)}`])
  await app.query(`delete from app.cv where id = (select max(id) from app.cv where title like 'CV %')`)
  if (random() < 0.05) await app.query(`select audit.record_export('customers', 10, 'csv', company_id => '1')`)
  await app.query('commit')
}

async function ask(work: Work, server: AuditServerProcess, random: () => number): Promise<void> {
  const fields = 'nodes { id occurredAt action sentence wentAlong } pageInfo { hasNextPage }'
  if (work === 'export') return whole(await server.fetch(`/export/events.${random() < 0.5 ? 'csv' : 'jsonl'}?action=cv.deleted`, { patience: 120_000 }))
  if (work === 'search') return right(await server.graphql(`query Search($filter: EventFilter) { events(first: 25, filter: $filter) { ${fields} } }`, { filter: { query: words[wholeBetween(random, 0, words.length - 1)] } }))
  if (work === 'detail') return right(await server.graphql('{ events(first: 1) { nodes { id snapshot details sentenceParts } } viewer { access } }'))
  return right(await server.graphql(`{ events(first: 50) { ${fields} } }`))
}

async function right(response: Response): Promise<void> {
  const text = await response.text()
  if (response.status !== 200 || text.includes('"errors"')) throw new Error(`${response.status} ${text.slice(0, 200)}`)
}

/** Reads a file as it comes and keeps its end only. */
async function whole(response: Response): Promise<void> {
  if (response.status !== 200 || response.body === null) throw new Error(`${response.status} ${(await response.text()).slice(0, 200)}`)
  const decoder = new TextDecoder()
  let end = ''
  for await (const piece of response.body) end = `${end}${decoder.decode(piece, { stream: true })}`.slice(-4_000)
  if (!/receiptSha256|end of export/.test(end)) throw new Error('an export came without its receipt')
}

async function collect(server: AuditServerProcess, result: LoadResult, began: number, duration: number, notice: LoadOptions['notice']): Promise<void> {
  for (let round = 1; round <= floorCount; round += 1) {
    await sleep(Math.max(0, duration * round / floorCount - (performance.now() - began)))
    const floor = { minute: (performance.now() - began) / 60_000, ...(await server.memory()) }
    result.floors.push(floor)
    notice?.(`minute ${floor.minute.toFixed(1)}: after a collection ${Object.entries(floor).map(([name, bytes]) => `${name} ${bytes > 10_000 ? inMebibytes(bytes) : bytes}`).join(', ')}`)
  }
}

async function sample(server: AuditServerProcess, database: SoakDatabase, result: LoadResult, began: number, every: number, isOver: () => boolean, notice: LoadOptions['notice']): Promise<void> {
  while (!isOver()) {
    await sleep(every)
    const metrics = await (await server.fetch('/metrics')).text()
    const figure = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1] ?? Number.NaN)
    const [heap, memory] = [figure('nodejs_heap_size_used_bytes'), figure('process_resident_memory_bytes')]
    const asked = performance.now() - began
    const [row] = await database.query<{ connections: number; entries: number }>(`
      select (select count(*)::int from pg_stat_activity where application_name like 'audit server%') as connections, (select count(*)::int from audit.event) as entries`).catch((error: unknown) => {
      if (isExplained({ from: asked, until: performance.now() - began }, result.faults)) return []
      throw error
    })
    if (row === undefined) continue
    const minute = (performance.now() - began) / 60_000
    result.samples.push({ minute, heap, memory, connections: row.connections, entries: row.entries })
    notice?.(`minute ${minute.toFixed(1)}: heap ${inMebibytes(heap)}, ${inMebibytes(memory)}, ${row.connections} connections, ${row.entries} entries, ${result.errors.length} errors`)
  }
}
