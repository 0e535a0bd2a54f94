import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { actTree, type Branch } from '../../admin-ui/src/event/act-tree.ts'
import type { ListedEvent } from '../../admin-ui/src/event/event.ts'

const it = suite('The tree of an act')

const entry = (id: string, rootId: string | null, causedBy: string | null): ListedEvent => ({
  id,
  rootId,
  root: null,
  causedBy,
  occurredAt: '2026-11-23T12:00:00Z',
  actorId: '7',
  actorName: 'Åsa',
  actorStatus: 'verified',
  action: 'role.deleted',
  objectKind: 'role',
  objectId: id,
  source: 'app',
  sentence: 'Åsa: deleted role',
  sentenceParts: [], onBehalfOf: null, reason: null,
})
const shape = (branches: readonly Branch[]): unknown =>
  branches.map(({ event, children }) => [event.id, shape(children)])

it('puts each entry below the one that took it along', () => {
  const tree = actTree([entry('1', null, null), entry('2', '1', '1'), entry('3', '1', '2'), entry('4', '1', '1')], '1')
  assert.equal(shape(tree), [
    [
      '1',
      [
        ['2', [['3', []]]],
        ['4', []],
      ],
    ],
  ])
})

it('puts below the main entry what has no cause that is known', () => {
  const tree = actTree([entry('2', '4', null), entry('3', '4', '99'), entry('4', null, null)], '4')
  assert.equal(shape(tree), [
    [
      '4',
      [
        ['2', []],
        ['3', []],
      ],
    ],
  ])
})

it('shows every entry although the main one is not among them', () => {
  assert.equal(shape(actTree([entry('2', '1', '1'), entry('3', '1', '2')], '1')), [['2', [['3', []]]]])
})

it.run()
