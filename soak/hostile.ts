import { setTimeout as sleep } from 'node:timers/promises'
import { hostileDocuments, type HostileDocument } from '../test/security/hostile-document.ts'
import { startAuditServer, type AuditServerProcess, type ServerWork } from './audit-server.ts'
import { makeSoakDatabase } from './database.ts'

export type HostileOptions = {
  /** How long others' lists are watched without an attack, and at least with one; in milliseconds. */
  duration: number
  programs?: string
  notice?: (line: string) => void
}

/** CPU milliseconds of the server: the lesser of two times, as the first one also compiles. */
type Cost = { name: string; milliseconds: number; outcome: string }

/** Lists of others over a while: how long each took, in milliseconds, and how late the event loop was meanwhile, by the clock and by its own work. */
type Watch = { lists: number[]; late: ServerWork['late']; own: ServerWork['own'] }

export type HostileResult = { documents: number; costs: Cost[]; quiet: Watch; attacked: Watch & { attacks: number }; problems: string[] }

/** In milliseconds. */
const limits = { document: 250, late: 100 }
const readers = 3
const attackers = 2

/**
 * Sends documents that ask for too much to a real server: first one at a time, to see what each costs, then all of them again and
 * again by two attackers while three others read lists.
 */
export async function hostile({ duration, programs, notice = () => undefined }: HostileOptions): Promise<HostileResult> {
  const database = await makeSoakDatabase(programs === undefined ? {} : { programs })
  const server = await startAuditServer({ databaseUrl: database.url('audit_server'), dataFolder: database.folder, person: await database.administrator(), isMeasured: true })
  const documents = hostileDocuments()
  const problems: string[] = []
  try {
    for (let n = 0; n < 200; n += 1) await list(server)
    const quiet = await watch(server, sleep(duration))
    notice(`others alone: ${summary(quiet)}`)
    const costs: Cost[] = []
    for (const document of documents) {
      const cost = await costOf(server, document)
      costs.push(cost)
      if (cost.milliseconds > limits.document) problems.push(`${cost.name} took ${Math.round(cost.milliseconds)} ms of CPU.`)
      if (/^5/.test(cost.outcome)) problems.push(`${cost.name} was answered with ${cost.outcome}.`)
    }
    notice(`each alone: the worst took ${Math.round(Math.max(...costs.map(({ milliseconds }) => milliseconds)))} ms of CPU`)
    let attacks = 0
    const until = performance.now() + duration
    const attack = Promise.all(Array.from({ length: attackers }, async (_, number) => {
      // Each sends every document at least once, the second one backwards.
      for (let round = 0; round === 0 || performance.now() < until; round += 1) {
        for (const document of number === 0 ? documents : documents.toReversed()) {
          await (await send(server, document)).text()
          attacks += 1
        }
      }
    }))
    const attacked = { ...(await watch(server, attack)), attacks }
    notice(`others under attack: ${summary(attacked)}`)
    if (attacked.late.p99 > limits.late) problems.push(`The event loop was late by ${Math.round(attacked.late.p99)} ms at the 99th percentile, of which ${Math.round(attacked.own.p99)} ms can be its own work.`)
    return { documents: documents.length, costs, quiet, attacked, problems }
  } finally {
    await server.end()
    await database.remove()
  }
}

/** The result as a page in Markdown. */
export function describeHostile({ documents, costs, quiet, attacked, problems }: HostileResult): string {
  const worst = costs.toSorted((one, other) => other.milliseconds - one.milliseconds)
  const times = worst.map(({ milliseconds }) => milliseconds)
  const outcomes = Object.entries(Object.groupBy(costs, ({ outcome }) => outcome)).map(([outcome, some]) => `${some?.length ?? 0} × ${outcome}`)
  const row = (what: string, { lists, late, own }: Watch): string => `| ${what} | ${lists.length} | ${inMilliseconds(quantile(lists, 0.5))} | ${inMilliseconds(quantile(lists, 0.99))} | ${[late, own].flatMap(({ median, p99, most }) => [median, p99, most].map(inMilliseconds)).join(' | ')} |`
  return `# Hostile documents

Written by \`npm run soak -- hostile\`: ${documents} GraphQL documents that ask for too much, sent to a server of its own.

Each alone, twice, the lesser CPU time of the server: half of them ${inMilliseconds(quantile(times, 0.5))}, 99 % ${inMilliseconds(quantile(times, 0.99))}, the worst ${inMilliseconds(times[0] ?? 0)} (limit ${limits.document} ms). Answers: ${outcomes.join(', ')}.

| the dearest | CPU | answer |
|---|---|---|
${worst.slice(0, 8).map(({ name, milliseconds, outcome }) => `| ${name} | ${inMilliseconds(milliseconds)} | ${outcome} |`).join('\n')}

Meanwhile ${readers} others read lists of 25 entries, with pauses of 20 ms; ${attackers} attackers sent ${attacked.attacks} of these documents, without a pause:

| | lists | median | 99 % | event loop late, median | 99 % | most | by its own work, median | 99 % | most |
|---|---|---|---|---|---|---|---|---|---|
${row('nobody attacks', quiet)}
${row('under attack', attacked)}

The event loop is looked at every 10 ms. By the clock it is late by what other programs of the machine took from the server, too; its own work is the CPU time of its thread meanwhile.

${problems.length === 0 ? `No document costs more than ${limits.document} ms, and the event loop is late by no more than ${limits.late} ms at the 99th percentile.` : problems.join('\n')}
`
}

function summary({ lists, late, own }: Watch): string {
  return `${lists.length} lists, median ${inMilliseconds(quantile(lists, 0.5))}, 99 % ${inMilliseconds(quantile(lists, 0.99))}, event loop late by ${inMilliseconds(late.p99)} at the 99th percentile, by its own work ${inMilliseconds(own.p99)}`
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length * share)] ?? 0
}

function inMilliseconds(time: number): string {
  return `${time < 10 ? time.toFixed(1) : Math.round(time)} ms`
}

/** Reads lists of others as long as something goes on. */
async function watch(server: AuditServerProcess, going: Promise<unknown>): Promise<Watch> {
  const lists: number[] = []
  let isOver = false
  const ended = going.finally(() => { isOver = true })
  await server.work()
  await Promise.all([ended, ...Array.from({ length: readers }, async () => {
    while (!isOver) {
      const began = performance.now()
      await list(server)
      lists.push(performance.now() - began)
      await sleep(20)
    }
  })])
  const { late, own } = await server.work()
  return { lists, late, own }
}

async function list(server: AuditServerProcess): Promise<void> {
  const response = await server.graphql('{ events(first: 25) { nodes { id occurredAt action sentence } } }')
  const text = await response.text()
  if (response.status !== 200 || text.includes('"errors"')) throw new Error(`A list was answered with ${response.status}: ${text.slice(0, 200)}`)
}

async function costOf(server: AuditServerProcess, document: HostileDocument): Promise<Cost> {
  const times: number[] = []
  let outcome = ''
  for (let round = 0; round < 2; round += 1) {
    const before = await server.work()
    const response = await send(server, document)
    const text = await response.text()
    times.push((await server.work()).milliseconds - before.milliseconds)
    outcome = `${response.status} ${/"code":"(\w+)"/.exec(text)?.[1] ?? (text.includes('"errors"') ? 'BAD_DOCUMENT' : 'answered')}`
  }
  return { name: document.name, milliseconds: Math.min(...times), outcome }
}

function send(server: AuditServerProcess, { query, variables }: HostileDocument): Promise<Response> {
  return server.graphql(query, { ...variables })
}
