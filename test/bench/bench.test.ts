import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { linesOf, runBench } from './run-bench.ts'

const it = suite('npm run bench')

// Whether a figure reaches its goal is for a person to read on a quiet machine; here only that each is measured.
it('capture gives a figure for every goal', () => {
  const { status, stdout, stderr } = runBench('capture', '--quick')
  assert.is(status, 0, stderr)
  assert.equal(linesOf(stdout).filter(([, goal]) => goal !== ''), [
    ['500 rows in one statement, ×', '≤ 10'],
    ['cascade 20 × 5 in one statement, ×', '≤ 6'],
    ['insert of 500 rows, ×', '1.0'],
    ['update of 500 rows, ×', '1.0'],
    ['storage per event, table and indexes', '≤ 650'],
    ['WAL per event, one statement', '≤ 850'],
    ['WAL per event, one transaction each', '≤ 850'],
    ['single rows, in the server, fsync on, share', '≥ 0.65'],
    ['single rows, node-postgres, fsync on, share', '≥ 0.65'],
    ['transaction of an application, node-postgres, fsync on, share', '≥ 0.80'],
    ['the same, begin and audit.act_as in one message', '≥ 0.80'],
    ['deadlocks, 80 transactions by 8 clients', 'none added'],
    ['serialization failures and other errors', 'none added'],
    ['waits for locks of rows, tables, transactions, seen in looks', 'none added'],
    ['waits for a file to grow, seen in looks', 'none added'],
    ['single rows, in the server, fsync off, share', '≥ 0.55'],
    ['single rows, node-postgres, fsync off, share', '≥ 0.55'],
  ])
  assert.not.match(stdout, /NaN|Infinity/)
})

it('names the benches that there are when it is asked for another', () => {
  const { status, stderr } = runBench('speed')
  assert.is(status, 1)
  assert.match(stderr, 'There is no bench speed.\nUse one of: capture, read, exports, screens.')
})

it.run()
