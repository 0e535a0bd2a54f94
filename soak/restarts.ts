import { setTimeout as sleep } from 'node:timers/promises'
import { startAuditServer, type AuditServerProcess } from './audit-server.ts'
import { makeSoakDatabase } from './database.ts'
import { makeRandom, wholeBetween } from './random.ts'

export type RestartsOptions = {
  restarts: number
  seed: number
  programs?: string
  notice?: (line: string) => void
}

export type RestartsResult = {
  restarts: number
  requests: number
  /** Answers by status; 0: the server could not be reached at all. */
  statuses: Record<string, number>
  /** Milliseconds from when the database accepted connections to the first list, for each restart. */
  recoveries: number[]
  /** How often /readyz was asked while the database was away, and how often it said that all is well then. */
  away: { asked: number; green: number }
  /** Milliseconds of the slowest answer. */
  slowest: number
  problems: string[]
}

const list = '{ events(first: 25) { nodes { id sentence } } }'
const limits = { recovery: 2_000, answer: 10_000 }

/** Restarts the database of an audit server again and again while it is asked, and holds the answers against what is right. */
export async function restarts({ restarts: wanted, seed, programs, notice }: RestartsOptions): Promise<RestartsResult> {
  const random = makeRandom(seed)
  const database = await makeSoakDatabase(programs === undefined ? {} : { programs })
  const result: RestartsResult = { restarts: 0, requests: 0, statuses: {}, recoveries: [], away: { asked: 0, green: 0 }, slowest: 0, problems: [] }
  const server = await startAuditServer({ databaseUrl: database.url('audit_server'), dataFolder: database.folder, person: await database.administrator() })
  let isOver = false
  const load = Promise.all([
    ...Array.from({ length: 4 }, () => ask(result, () => isOver, () => server.graphql(list), [200, 503])),
    ask(result, () => isOver, () => server.fetch('/export/events.csv?action=cv.deleted').then(drain), [200, 503]),
    ask(result, () => isOver, () => server.fetch('/livez'), [200]),
    ask(result, () => isOver, () => server.fetch('/readyz'), [200, 503]),
  ])
  try {
    while (result.restarts < wanted) {
      await sleep(wholeBetween(random, 200, 800))
      await database.stop()
      const isAway = Date.now()
      while (Date.now() - isAway < 300) {
        const { status } = await server.fetch('/readyz')
        result.away.asked += 1
        if (status === 200) result.away.green += 1
        if ((await server.fetch('/livez')).status !== 200) result.problems.push('/livez was not green while the database was away')
      }
      await database.start()
      const took = await firstList(server)
      result.recoveries.push(took)
      result.restarts += 1
      notice?.(`restart ${result.restarts}: first list after ${Math.round(took)} ms`)
    }
  } finally {
    isOver = true
    await load
    const { code, milliseconds } = await server.end()
    if (code !== 0) result.problems.push(`the server ended with ${code} after ${Math.round(milliseconds)} ms:\n${server.printed()}`)
    await database.remove()
  }
  const slow = result.recoveries.filter((took) => took > limits.recovery)
  if (slow.length > 0) result.problems.push(`${slow.length} recoveries took longer than ${limits.recovery} ms`)
  if (result.slowest > limits.answer) result.problems.push(`an answer took ${Math.round(result.slowest)} ms`)
  if (result.away.green > 0) result.problems.push(`/readyz was green ${result.away.green} times while the database was away`)
  return result
}

/** The numbers as lines of text. */
export function describeRestarts({ restarts: count, requests, statuses, recoveries, away, slowest, problems }: RestartsResult): string {
  const sorted = recoveries.toSorted((one, other) => one - other)
  const milliseconds = (index: number): string => `${Math.round(sorted[index] ?? 0)} ms`
  return [
    `restarts       ${count}`,
    `first list     median ${milliseconds(Math.floor(sorted.length / 2))}, slowest ${milliseconds(sorted.length - 1)} after the database accepted connections`,
    `requests       ${requests}: ${Object.entries(statuses).map(([status, times]) => `${times} × ${status === '0' ? 'a file broken off' : status}`).join(', ')}`,
    `slowest        ${Math.round(slowest)} ms`,
    `/readyz        asked ${away.asked} times while the database was away, ${away.green} times green`,
    ...problems.map((problem) => `problem        ${problem}`),
    problems.length === 0 ? 'It came back each time, and nobody waited.' : 'SOMETHING IS WRONG.',
  ].join('\n')
}

async function ask(result: RestartsResult, isOver: () => boolean, request: () => Promise<Response>, right: readonly number[]): Promise<void> {
  while (!isOver()) {
    const began = performance.now()
    const response = await request().catch((error: unknown) => error)
    result.slowest = Math.max(result.slowest, performance.now() - began)
    const status = response instanceof Response ? response.status : 0
    result.requests += 1
    result.statuses[status] = (result.statuses[status] ?? 0) + 1
    if (response instanceof Response) {
      await response.text().catch(() => '')
      if (status === 503 && response.headers.get('retry-after') === null) result.problems.push(`${response.url} answered 503 without Retry-After`)
      if (!right.includes(status)) result.problems.push(`${response.url} answered ${status}`)
    } else if (!isBrokenDownload(response)) result.problems.push(`no answer: ${String(response)}`)
    await sleep(status === 200 ? 5 : 50)
  }
}

/** A file that was begun when the database went away cannot be whole; it breaks off. */
function isBrokenDownload(error: unknown): boolean {
  return error instanceof Error && /terminated|aborted|other side closed/.test(`${error.message} ${String(error.cause)}`)
}

async function drain(response: Response): Promise<Response> {
  const text = await response.text()
  return new Response(text, { status: response.status, headers: response.headers })
}

async function firstList(server: AuditServerProcess): Promise<number> {
  const began = performance.now()
  for (;;) {
    const response = await server.graphql(list).catch(() => null)
    if (response?.status === 200) {
      const body: unknown = await response.json()
      if (JSON.stringify(body).includes('"nodes":[{')) return performance.now() - began
    }
    if (performance.now() - began > 30_000) return Number.POSITIVE_INFINITY
    await sleep(20)
  }
}
