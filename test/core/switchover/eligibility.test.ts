// Who may be made primary, and every reason why not.
import t from 'tap'
import { capablePeers, ineligibilityReasons } from '../../../src/core/switchover/eligibility.ts'
import type { Direction, Transition } from '../../../src/core/model/transition.ts'
import type { Member } from '../../../src/core/model/member.ts'
import { gone, member, primary, unready } from '../../support/scenario/builders.ts'

const stuck = (direction: Direction): Transition =>
  ({ epoch: null, direction, step: 0, of: 1, resource: 'it', released: [], since: '2026-01-01T00:00:00.000Z', error: { code: 'release_failed', resource: 'it', message: 'The release of it failed: no such unit.' } })

t.test('reasons', async (t) => {
  const cases: [member: Member, reasons: string[]][] = [
    [member('a'), []],
    [primary('a'), []],
    [member('a', { mode: 'hypervisor', daemonState: 'stop' }), ['a: it is a hypervisor, which has no part in the primary role (hypervisor)']],
    [member('a', { mode: null }), ['a: it is a hypervisor, which has no part in the primary role (unknown)']],
    [member('a', { daemonState: 'shutdown' }), ['a: its daemon state is not run (shutdown)']],
    [gone('a', { daemonState: null, coordinatorState: 'takeover' }), [
      'a: its daemon state is not run (unknown)', 'a: it is not in contact with ZooKeeper (no presence)', 'a: its coordinator state is not secondary (takeover)',
    ]],
    [member('a', { daemonState: 'init', coordinatorState: null, transition: stuck('start') }), [
      'a: its daemon state is not run (init: The release of it failed: no such unit)', 'a: its coordinator state is not secondary (unknown)',
    ]],
    [member('a', { coordinatorState: 'relinquish', transition: stuck('relinquish') }), ['a: its coordinator state is not secondary (relinquish: The release of it failed: no such unit)']],
    [member('a', { transition: stuck('relinquish') }), []],
    [unready('a', { transition: stuck('takeover') }), ['a: it is not ready to acquire its resources (eth9 is down (since 2026-01-01T00:00:00.000Z, checked every 10 s))']],
    [unready('a'), ['a: it is not ready to acquire its resources (eth9 is down (since 2026-01-01T00:00:00.000Z, checked every 10 s))']],
    [unready('a', { coordinatorState: 'primary' }), []],
    [member('a', { coordinatorState: null }), ['a: its coordinator state is not secondary (unknown)']],
  ]
  for (const [each, reasons] of cases) t.strictSame(ineligibilityReasons(each, [each]).map(({ message }) => message), reasons)
})

t.test('peers', async (t) => {
  const names = capablePeers('hv1', [primary('hv1'), member('hv2'), gone('hv3'), member('hv4', { coordinatorState: 'relinquish' }), member('hv5'), unready('hv6')]).map(({ name }) => name)
  t.strictSame(names, ['hv2', 'hv5'])
})
