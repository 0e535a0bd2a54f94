import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isExplained } from '../../soak/faults.ts'
import { describeLoad, judgeLoad, load } from '../../soak/load.ts'
import { programsUnderTest } from '../harness/cluster.ts'

const it = suite('Mixed load')
const mebibyte = 1024 * 1024

it('leaves no error behind that a restart and a pause of the database do not explain, and holds memory and connections', async () => {
  const result = await load({ duration: 24_000, every: 1_000, seed: 1, withFaults: true, ...programsUnderTest() })
  assert.equal(result.problems, [], describeLoad(result))
  assert.equal(result.errors, [], describeLoad(result))
  assert.equal(result.faults.map(({ what }) => what), ['restart', 'pause'])
  assert.ok(result.explained.length > 0, 'nobody noticed the restart')
  assert.match(describeLoad(result), /the database was away for .* the first list came .*\n.*the database stood still for .*\nNo error that these do not explain; \d+ failed meanwhile\./)
  assert.ok(result.samples.length >= 5 && result.samples.every(({ memory }) => memory > 10_000_000), describeLoad(result))
  assert.ok(result.floors.length >= 4 && result.floors.every(({ heapUsed }) => heapUsed > 10_000_000), describeLoad(result))
})

/** An hour in which nothing goes wrong, but for what a test says of a moment, which goes from 0 to 1. */
function judged(wrong: { heap?: (at: number) => number; external?: (at: number) => number; memory?: (at: number) => number; connections?: number; errors?: string[]; lists?: number; minutes?: number; recovery?: number }): string[] {
  const minutes = wrong.minutes ?? 60
  const work = { count: 9, milliseconds: [1] }
  return judgeLoad({
    minutes, errors: wrong.errors ?? [], faults: wrong.recovery === undefined ? [] : [{ what: 'restart', from: 1, until: 2, recovery: wrong.recovery }],
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
  assert.equal(judged({ recovery: 4_000 }), [])
  assert.match(judged({ recovery: 6_000 }).join(), /After the restart of the database the first list took 6000 ms/)
})

it('takes for explained only what went on while the database was away or the server found back', () => {
  const faults = [{ what: 'restart', from: 10_000, until: 12_000, recovery: 100 }, { what: 'pause', from: 50_000, until: Infinity, recovery: Infinity }] as const
  for (const [from, until, expected] of [[0, 9_999, false], [9_000, 10_000, true], [11_000, 11_500, true], [16_900, 17_000, true], [17_001, 18_000, false], [9_000, 30_000, true], [51_000, 90_000, true], [40_000, 49_000, false]] as const) {
    assert.is(isExplained({ from, until }, faults), expected, `${from} to ${until}`)
  }
})

it.run()
