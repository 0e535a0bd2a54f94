/*
 * Loaded into a server that is measured. Asked over the channel to its parent it tells `memory`, what is left after its garbage is
 * collected, or `work`: the CPU time that it took so far, and how late its event loop was since the last question.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { getHeapStatistics } from 'node:v8'

const delay = monitorEventLoopDelay({ resolution: 10 })
delay.enable()

function tellWork(): void {
  const { user, system } = process.cpuUsage()
  process.send?.({ milliseconds: (user + system) / 1_000, late: { median: delay.percentile(50) / 1e6, p99: delay.percentile(99) / 1e6, most: delay.max / 1e6 } })
  delay.reset()
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
