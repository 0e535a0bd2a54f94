/* Loaded into a server whose memory is measured: asked over the channel to its parent, it collects its garbage and tells what is left. */
import { getHeapStatistics } from 'node:v8'
import { setImmediate as turn } from 'node:timers/promises'

async function tell(): Promise<void> {
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

process.on('message', () => void tell())
process.channel?.unref()
