import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeExportQueue } from '../../server/export.ts'
import { makeFairQueue } from '../../server/fair-queue.ts'
import { makeReaderQueue } from '../../server/graphql/reader-client.ts'
import { Refusal } from '../../server/refusal.ts'

const it = suite('A fair queue')
const never = new AbortController().signal

/** Enters as `company/person`, and notes who was let in, in order. */
function queueOf(options: { running: number; waiting?: number; patience?: number }) {
  const queue = makeFairQueue({ waiting: 100, patience: 10_000, refuse: (detail) => new Refusal({ status: 503, code: 'BUSY', message: 'No.', detail }), ...options })
  const order: string[] = []
  const leave = new Map<string, () => void>()
  const enter = (name: string, signal = never) => {
    const [companyId = '', personId = ''] = name.split('/')
    const entered = queue.enter({ companyId, personId }, signal).then((left) => {
      order.push(name)
      leave.set(name, left)
    })
    entered.catch(() => undefined)
    return entered
  }
  return { queue, order, enter, leave: async (name: string) => { leave.get(name)?.(); await Promise.resolve(); await Promise.resolve() } }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

it('lets so many in at once, and the next one when one leaves', async () => {
  const { queue, order, enter, leave } = queueOf({ running: 2 })
  for (const name of ['a/1', 'b/1', 'c/1']) void enter(name)
  await settle()
  assert.equal(order, ['a/1', 'b/1'])
  await leave('a/1')
  await settle()
  assert.equal(order, ['a/1', 'b/1', 'c/1'])
  assert.equal(queue.size(), { running: 2, waiting: 0 })
})

it('lets a company that asks for one not wait behind one that asks for twenty [case 210]', async () => {
  const { order, enter, leave } = queueOf({ running: 1 })
  for (let index = 0; index < 20; index += 1) void enter(`big/${index}`)
  void enter('small/1')
  await settle()
  await leave('big/0')
  await settle()
  assert.equal(order, ['big/0', 'small/1'])
})

it('lets a person not wait behind a colleague who asks for many', async () => {
  const { order, enter, leave } = queueOf({ running: 1 })
  for (const name of ['a/eve', 'a/eve', 'a/eve', 'a/bob']) void enter(name)
  await settle()
  await leave('a/eve')
  await settle()
  assert.equal(order, ['a/eve', 'a/bob'])
})

it('never gives all places to one company', async () => {
  const { order, enter } = queueOf({ running: 3 })
  for (let index = 0; index < 5; index += 1) void enter(`big/${index}`)
  await settle()
  assert.is(order.length, 2)
  void enter('small/1')
  await settle()
  assert.equal(order.slice(2), ['small/1'])
})

it('refuses who would wait in too long a queue, or too long, and forgets who left', async () => {
  const { queue, enter } = queueOf({ running: 1, waiting: 2, patience: 50 })
  const leaving = new AbortController()
  void enter('a/1')
  const left = enter('b/1', leaving.signal)
  const late = Promise.race([enter('c/1'), sleep(5_000, 'it still waits')])
  const refused = async (entering: Promise<unknown>, detail: RegExp) => {
    const error = await entering.then(() => null, (reason: unknown) => reason)
    if (!(error instanceof Refusal)) return assert.unreachable(String(error))
    assert.is(error.code, 'BUSY')
    assert.match(error.detail ?? '', detail)
  }
  await refused(enter('d/1'), /2 are waiting/)
  leaving.abort(new Error('left'))
  assert.match(String(await left.catch(String)), /left/)
  assert.is(queue.size().waiting, 1)
  await refused(late, /waited/)
  assert.equal(queue.size(), { running: 1, waiting: 0 })
})

it('says what is full: exports, or the connections of readers', async () => {
  const pool = new pg.Pool({ max: 1, connectionTimeoutMillis: 20 })
  const queues = [makeExportQueue({ running: 1, waiting: 1, patience: 20 }), makeReaderQueue(pool)]
  const refusals = await Promise.all(queues.map(async (queue) => {
    const who = { companyId: 'a', personId: '1' }
    await queue.enter(who, never)
    return queue.enter(who, never).then(() => null, (reason: unknown) => (reason instanceof Refusal ? [reason.status, reason.code, reason.headers['retry-after']] : String(reason)))
  }))
  assert.equal(refusals, [[503, 'TOO_MANY_EXPORTS', '60'], [503, 'DATABASE_UNAVAILABLE', '5']])
})

it.run()
