/*
 * Loaded into a server that is measured. Asked over the channel to its parent it tells `memory`, what is left after its garbage is
 * collected, or `work`: the CPU time that it took so far, how late its event loop was since
 * the last question, and how much of that it worked itself.
 */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { getHeapStatistics } from 'node:v8'

/** Nanoseconds. What was late by less than one counts as one: a histogram begins there. */
const late = createHistogram()
const own = createHistogram()
const every = 10

/**
 * Looks every ten milliseconds by how much the event loop is late, and how much of that its own thread worked: the rest the system gave
 * to other programs.
 */
function watchLoop(): void {
  const began = { time: process.hrtime.bigint(), cpu: process.threadCpuUsage() }
  setTimeout(() => {
    const { user, system } = process.threadCpuUsage(began.cpu)
    const delay = Math.max(1, Number(process.hrtime.bigint() - began.time) - every * 1e6)
    late.record(Math.round(delay))
    own.record(Math.max(1, Math.round(Math.min(delay, (user + system) * 1_000))))
    watchLoop()
  }, every).unref()
}
watchLoop()

function tellWork(): void {
  const { user, system } = process.cpuUsage()
  const told = (histogram: RecordableHistogram) => ({ median: histogram.percentile(50) / 1e6, p99: histogram.percentile(99) / 1e6, most: histogram.max / 1e6 })
  process.send?.({ milliseconds: (user + system) / 1_000, late: told(late), own: told(own) })
  late.reset()
  own.reset()
}

async function tellMemory(): Promise<void> {
  const collect: unknown = Reflect.get(globalThis, 'gc')
  if (typeof collect !== 'function') throw new Error('Start it with --expose-gc.')
  // What is freed in a turn of its own, such as weak references, goes with the next collection.
  for (let round = 0; round < 3; round += 1) {
    Reflect.apply(collect, undefined, [])
    await turn()
  }
  const { heapUsed, heapTotal, external, arrayBuffers, rss } = process.memoryUsage()
  const { malloced_memory: malloced, number_of_native_contexts: contexts } = getHeapStatistics()
  process.send?.({ heapUsed, heapTotal, external, arrayBuffers, rss, malloced, contexts, resources: process.getActiveResourcesInfo().length })
}

process.on('message', (question) => void (question === 'work' ? tellWork() : tellMemory()))
process.channel?.unref()
