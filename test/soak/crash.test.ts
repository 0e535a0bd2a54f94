import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { crash, describeCrash } from '../../soak/crash.ts'
import { judge, type Found } from '../../soak/judge.ts'
import type { Key, Outcome } from '../../soak/client.ts'
import { programsUnderTest } from '../harness/cluster.ts'

const it = suite('A crash in the middle of deletions')

it('loses no entry, invents none and writes none twice, also with synchronous_commit = off [case 99] [case 100]', async () => {
  const result = await crash({ isOver: (rounds) => rounds === 3, seed: 1, customers: 300, ...programsUnderTest() })
  assert.equal(result.deaths, { 'kill -9 of the postmaster': 1, 'kill -9 of a backend': 1, 'immediate shutdown': 1 })
  assert.ok(result.acknowledged > 100, describeCrash(result))
  assert.ok(result.isRight, describeCrash(result))
})

it.run()

const judging = suite('The judgement after a crash')
const nothing: Found = { acknowledged: 0, lost: 0, unexpected: 0, duplicated: 0, recovered: 0, lostAllowed: 0 }
const all: Key[] = ['customer 1', 'project 11', 'project 12', 'project 13']

/** What is found if project 11 alone was touched: what its client knows, whether it is gone, how many entries it has. */
function judged(outcome: Outcome | null, isDeleted: boolean, entries: number, isSynchronous = true): Found {
  const outcomes = new Map<Key, Outcome>(outcome === null ? [] : [['project 11', outcome]])
  const left = new Set(all.filter((key) => !isDeleted || key !== 'project 11'))
  return judge([{ planted: { first: 1, last: 1 }, outcomes, isSynchronous }], left, new Map(entries === 0 ? [] : [['project 11', entries]]))
}

const cases: [string, Found, Found][] = [
  ['a row that nobody touched', judged(null, false, 0), nothing],
  ['a deletion with its entry', judged('acknowledged', true, 1), { ...nothing, acknowledged: 1 }],
  ['a deletion without an entry', judged('acknowledged', true, 0), { ...nothing, acknowledged: 1, lost: 1, unexpected: 1 }],
  ['an acknowledged deletion that is undone', judged('acknowledged', false, 0), { ...nothing, acknowledged: 1, lost: 1 }],
  ['the same with synchronous_commit = off', judged('acknowledged', false, 0, false), { ...nothing, acknowledged: 1, lostAllowed: 1 }],
  ['an entry that is left of a lost deletion', judged('acknowledged', false, 1, false), { ...nothing, acknowledged: 1, lostAllowed: 1, unexpected: 1 }],
  ['an entry for a row that is there', judged(null, false, 1), { ...nothing, unexpected: 1 }],
  ['a row gone that nobody deleted', judged(null, true, 1), { ...nothing, unexpected: 1 }],
  ['two entries for one deletion', judged('acknowledged', true, 2), { ...nothing, acknowledged: 1, duplicated: 1 }],
  ['a deletion that was never answered', judged('unknown', true, 1), { ...nothing, recovered: 1 }],
  ['a deletion that never came about', judged('unknown', false, 0), nothing],
]
for (const [name, found, expected] of cases) {
  judging(`knows ${name}`, () => { assert.equal(found, expected) })
}

judging.run()
