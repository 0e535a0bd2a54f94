import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { describeLoad, load } from '../../soak/load.ts'
import { programsUnderTest } from '../harness/cluster.ts'

const it = suite('Mixed load')

it('leaves no error behind, and holds memory and connections', async () => {
  const result = await load({ duration: 12_000, every: 1_000, seed: 1, ...programsUnderTest() })
  assert.equal(result.problems, [], describeLoad(result))
  assert.equal(result.errors, [], describeLoad(result))
  assert.ok(result.samples.length >= 5 && result.samples.every(({ memory }) => memory > 10_000_000), describeLoad(result))
})

it.run()
