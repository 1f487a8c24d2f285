// Whose turn it may be to contend, and when the key names nobody who counts.
import t from 'tap'
import { isServed, isVacant, mayContend } from '../../../src/core/switchover/contention.ts'
import type { Member } from '../../../src/core/model/member.ts'
import { gone, member, primary } from '../../support/scenario/builders.ts'

t.test('nobody contends past a peer that may hold something and cannot be asked', async (t) => {
  const cases: [what: string, other: Member, may: boolean][] = [
    ['a present secondary', member('hv2'), true],
    ['a present primary', primary('hv2'), true],
    ['a primary whose presence is gone', gone('hv2'), false],
    ['a stopped one in relinquish', gone('hv2', { daemonState: 'stop', coordinatorState: 'relinquish' }), false],
    ['a secondary whose presence is gone', gone('hv2', { coordinatorState: 'secondary' }), true],
    ['a fenced one', gone('hv2', { daemonState: 'fenced' }), true],
    ['one whose state is malformed', gone('hv2', { coordinatorState: null }), false],
    ['one that never took part', gone('hv2', { coordinatorState: null, stateVersion: null, daemonState: null }), true],
    ['one in its first start', gone('hv2', { coordinatorState: null, stateVersion: null, daemonState: 'init' }), false],
    ['a PVC peer whose keepalive changes', gone('hv2', { ours: false }), true],
    ['a PVC peer whose keepalive does not', gone('hv2', { ours: false, alive: false }), false],
  ]
  for (const [what, other, may] of cases) t.equal(mayContend('hv1', [member('hv1'), other]), may, what)
  t.equal(mayContend('hv1', [gone('hv1')]), true, 'oneself is not asked')
})

t.test('a key is vacant when nobody serves or holds anything in that name', async (t) => {
  t.equal(isVacant('none', []), true)
  t.equal(isVacant('hv9', [member('hv1')]), true, 'nobody known')
  t.equal(isVacant('hv1', [member('hv1')]), false, 'it is fit')
  t.equal(isVacant('hv1', [member('hv1', { daemonState: 'stop' })]), true)
  t.equal(isVacant('hv1', [member('hv1', { daemonState: 'init' })]), true)
  t.equal(isVacant('hv1', [gone('hv1')]), false, 'it may hold everything')
  t.equal(isVacant('hv1', [member('hv1', { mode: 'hypervisor', coordinatorState: 'client' })]), true)
})

t.test('whether the key names a node that could serve', async (t) => {
  t.equal(isServed('hv1', [member('hv2'), member('hv1')]), true)
  t.equal(isServed('hv1', [member('hv1', { daemonState: 'dead' }), member('hv2')]), false)
  t.equal(isServed('none', [member('hv1')]), false)
})
