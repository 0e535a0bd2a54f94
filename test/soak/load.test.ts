import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { describeLoad, judgeLoad, load } from '../../soak/load.ts'
import { programsUnderTest } from '../harness/cluster.ts'

const it = suite('Mixed load')
const mebibyte = 1024 * 1024

it('leaves no error behind, and holds memory and connections', async () => {
  const result = await load({ duration: 12_000, every: 1_000, seed: 1, ...programsUnderTest() })
  assert.equal(result.problems, [], describeLoad(result))
  assert.equal(result.errors, [], describeLoad(result))
  assert.ok(result.samples.length >= 5 && result.samples.every(({ memory }) => memory > 10_000_000), describeLoad(result))
  assert.ok(result.floors.length >= 4 && result.floors.every(({ heapUsed }) => heapUsed > 10_000_000), describeLoad(result))
})

/** An hour in which nothing goes wrong, but for what a test says of a moment, which goes from 0 to 1. */
function judged(wrong: { heap?: (at: number) => number; external?: (at: number) => number; memory?: (at: number) => number; connections?: number; errors?: string[]; lists?: number; minutes?: number }): string[] {
  const minutes = wrong.minutes ?? 60
  const work = { count: 9, milliseconds: [1] }
  return judgeLoad({
    minutes, errors: wrong.errors ?? [],
    samples: Array.from({ length: 40 }, (_, n) => ({ minute: minutes * n / 40, heap: 80 * mebibyte, memory: (wrong.memory?.(n / 40) ?? 200) * mebibyte, connections: wrong.connections ?? 8, entries: n })),
    floors: Array.from({ length: 8 }, (_, n) => ({
      minute: minutes * (n + 1) / 8, heapUsed: (wrong.heap?.((n + 1) / 8) ?? 50) * mebibyte, external: (wrong.external?.((n + 1) / 8) ?? 13) * mebibyte, heapTotal: 1, arrayBuffers: 1, rss: 1, malloced: 1, contexts: 1, resources: 1,
    })),
    done: { delete: work, list: { ...work, count: wrong.lists ?? 9 }, search: work, detail: work, export: work },
  })
}

it('is judged by what is left after a collection, however short it was', () => {
  assert.equal(judged({}), [])
  for (const minutes of [0.2, 60]) {
    assert.match(judged({ minutes, heap: (at) => 50 + 40 * at }).join(), /^What is left after a collection grew by 25 MiB in the heap/)
    assert.match(judged({ minutes, external: (at) => 13 + 40 * at }).join(), /25 MiB outside of it/)
    // What is taken up in the beginning is none of it.
    assert.equal(judged({ minutes, heap: (at) => (at < 0.2 ? 20 : 50) }), [])
  }
})

it('is judged by the memory of the process, once that had the time to settle', () => {
  assert.match(judged({ memory: (at) => 200 + 100 * at }).join(), /^The memory of the process grew by 5\d MiB/)
  assert.equal(judged({ memory: (at) => 200 + 50 * Math.min(at, 0.3) }), [])
  assert.equal(judged({ minutes: 0.2, memory: (at) => 200 + 100 * at }), [])
  assert.match(judged({ minutes: 0.2, memory: () => 400 }).join(), /held 400 MiB/)
})

it('is judged by connections, errors, and whether anything was done', () => {
  assert.match(judged({ connections: 15 }).join(), /15 connections/)
  assert.match(judged({ errors: ['list: 500'] }).join(), /1 errors/)
  assert.match(judged({ lists: 0 }).join(), /Nothing of kind list/)
})

it.run()
