import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { describeRestarts, restarts } from '../../soak/restarts.ts'
import { programsUnderTest } from '../harness/cluster.ts'

const it = suite('A database that is restarted under load')

it('is found again within two seconds each time; in between /readyz is red, /livez green, answers are 503, and nothing hangs', async () => {
  const result = await restarts({ restarts: 6, seed: 1, ...programsUnderTest() })
  assert.equal(result.problems, [], describeRestarts(result))
  assert.is(result.recoveries.length, 6)
  assert.ok(Math.max(...result.recoveries) <= 2_000, describeRestarts(result))
  assert.ok(result.away.asked > 10 && result.away.green === 0, describeRestarts(result))
  assert.ok((result.statuses['200'] ?? 0) > 100 && (result.statuses['503'] ?? 0) > 10, describeRestarts(result))
})

it.run()
