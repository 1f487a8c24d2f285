// The table of the state machine: what a coordinator at rest does, by what the key says and what it is.
import t from 'tap'
import type { RoleSnapshot } from '../../../src/core/switchover/completion.ts'
import { decide, type Decision, type DecisionInput } from '../../../src/core/coordinator/decision.ts'
import type { Past } from '../../../src/core/coordinator/intent.ts'
import { gone, key, member, primary, unready } from '../../support/scenario/builders.ts'

const delays = { transitionDelay: 500, takeoverStart: 5_000, reclaimDelay: 4_000, settleTime: 2_000, handoverTimeout: 120_000 }
const me = (given: Partial<DecisionInput> = {}): DecisionInput => ({
  self: 'hv1', state: 'secondary', daemon: 'run', stopping: false, announced: false, spentEpoch: 0, tried: null, backingOff: false, handoverOver: false, guard: 'none', lostResource: null, unready: null, echoed: false, delays, ...given,
})
const snapshot = (value: string, members: RoleSnapshot['members'] = [member('hv1'), member('hv2'), member('hv3')], given: Partial<RoleSnapshot> = {}): RoleSnapshot =>
  ({ key: key(value, 5), ledger: { czxid: 'a', base: 0 }, members, ...given })
const seen = (value: string) => ({ value, version: 5, czxid: 'a' })
const tried = (intent: NonNullable<DecisionInput['tried']>['intent'], value: string): Partial<DecisionInput> => ({ tried: { intent, seen: seen(value) } })

const nothing: Decision = { do: 'nothing' }
const contend = (value: string, after = 0, cause: 'contention' | 'repair' | 'fence' = 'repair', past: Past = 'nobody'): Decision => ({ do: 'contend', after, seen: seen(value), past, cause })
const takeover: Decision = { do: 'takeover', after: 500, epoch: 5 }
const relinquish = (after = 500): Decision => ({ do: 'relinquish', after, epoch: 5 })
const rewrite = (after = 0): Decision => ({ do: 'rewrite', after, seen: seen('hv1') })
const adopt = (value: string, after = 0): Decision => ({ do: 'adopt', after, seen: seen(value) })
const free = (after = 0, cause: 'shutdown' | 'repair' = 'shutdown', reason: string | null = null): Decision => ({ do: 'free', after, seen: seen('hv1'), cause, reason, to: null })

const cannot = { code: 'ready_failed', resource: 'ip', message: 'eth9 is down.' }
const decline = (after = 0): Decision => ({ do: 'decline', after, seen: seen('hv1'), failure: cannot })
const unknown = { ledger: null }
const hv2 = (given: Parameters<typeof member>[1]) => [member('hv1'), member('hv2', given)]
const isPrimary = { state: 'primary' } as const
const hasLostResource = { state: 'primary', lostResource: { code: 'resource_lost', resource: 'ip', message: 'ip is gone.' } } as const
const stopping = { state: 'primary', daemon: 'shutdown', stopping: true, announced: true } as const
const withMe = [primary('hv1', { daemonState: 'shutdown' })]
const fitPvc = member('pvc1', { ours: false, presence: null, alive: true })
const handed = (value: string, after: number): Decision => ({ do: 'free', after, seen: seen(value), cause: 'shutdown', reason: null, to: 'pvc1' })
const isStuck = { state: 'relinquish' } as const

const guard = (wanted: boolean, after: number): Decision => ({ do: 'guard', after, wanted })
const withPvc = (given: Parameters<typeof member>[1] = {}) => [primary('hv1'), member('pvc1', { ours: false, presence: null, alive: true, ...given })]
const pvcTakes = (...others: RoleSnapshot['members']) => [primary('hv1'), ...others, member('pvc1', { ours: false, presence: null, alive: true, coordinatorState: 'takeover' })]

const cases: [what: string, me: DecisionInput, snapshot: RoleSnapshot | null, decision: Decision][] = [
  ['init', me({ daemon: 'init', state: null }), null, { do: 'start' }],
  ['init, after a start that failed', me({ daemon: 'init', state: null, backingOff: true }), snapshot('none'), nothing],
  ['init, after a start that failed, told to stop', me({ daemon: 'init', state: null, backingOff: true, stopping: true }), null, { do: 'leave' }],
  ['init, told to stop', me({ daemon: 'init', state: null, stopping: true }), null, { do: 'start' }],
  ['nothing seen yet', me(), null, nothing],

  ['primary, me, a PVC node takes over all the same', me(isPrimary), snapshot('hv1', pvcTakes()), relinquish(0)],
  ['primary, none, a PVC node takes over', me(isPrimary), snapshot('none', pvcTakes()), relinquish(0)],
  ['primary, a fit other, a PVC node takes over', me(isPrimary), snapshot('hv2', pvcTakes(member('hv2'))), relinquish()],
  ['primary, the PVC node that takes over', me(isPrimary), snapshot('pvc1', pvcTakes()), relinquish()],
  ['primary, me, a PVC node that was taking over is dead', me(isPrimary), snapshot('hv1', [primary('hv1'), member('pvc1', { ours: false, presence: null, alive: true, daemonState: 'dead', coordinatorState: 'takeover' })]), guard(true, 0)],
  ['primary, shutdown, me, a PVC node takes over', me(stopping), snapshot('hv1', pvcTakes()), relinquish(0)],

  ['primary, me, a PVC node at rest', me(isPrimary), snapshot('hv1', withPvc()), guard(true, 0)],
  ['primary, me, a PVC node at rest, guarded', me({ ...isPrimary, guard: 'held' }), snapshot('hv1', withPvc()), nothing],
  ['primary, me, a PVC node at rest, another was in front', me({ ...isPrimary, guard: 'refused' }), snapshot('hv1', withPvc()), guard(true, 5_000)],
  ['primary, me, a PVC node is primary, too', me({ ...isPrimary, guard: 'held' }), snapshot('hv1', withPvc({ coordinatorState: 'primary' })), guard(false, 500)],
  ['primary, me, a PVC node has to release', me({ ...isPrimary, guard: 'held' }), snapshot('hv1', withPvc({ coordinatorState: 'relinquish' })), guard(false, 500)],
  ['primary, me, no PVC node any more', me({ ...isPrimary, guard: 'held' }), snapshot('hv1', [primary('hv1')]), nothing],
  ['primary, me, a PVC node has to release, not guarded', me(isPrimary), snapshot('hv1', withPvc({ coordinatorState: 'relinquish' })), nothing],
  ['primary, me, a PVC hypervisor', me(isPrimary), snapshot('hv1', withPvc({ mode: 'hypervisor' })), nothing],

  ['secondary, none', me(), snapshot('none'), contend('none', 0, 'contention')],
  ['secondary, none, tried without success', me(tried('contend', 'none')), snapshot('none'), contend('none', 5_000, 'contention')],
  ['secondary, none, something else was tried', me(tried('adopt', 'none')), snapshot('none'), contend('none', 0, 'contention')],
  ['secondary, none, backing off', me({ backingOff: true }), snapshot('none'), nothing],
  ['secondary, none, a dead peer', me(), snapshot('none', [member('hv1'), gone('hv2')]), nothing],
  ['secondary, nobody known', me(), snapshot('hv9'), contend('hv9')],
  ['secondary, a stopped node', me(), snapshot('hv2', hv2({ daemonState: 'stop' })), contend('hv2')],
  ['secondary, a fenced primary', me(), snapshot('hv2', [member('hv1'), gone('hv2', { daemonState: 'fenced' })]), contend('hv2', 0, 'fence')],
  ['secondary, a dead node that holds nothing', me(), snapshot('hv2', hv2({ daemonState: 'dead', presence: null })), contend('hv2')],
  ['secondary, a dead primary', me(), snapshot('hv2', [member('hv1'), gone('hv2')]), nothing],
  ['secondary, a primary in shutdown', me(), snapshot('hv2', [member('hv1'), primary('hv2', { daemonState: 'shutdown' })]), nothing],
  ['secondary, a fit other that is primary', me(), snapshot('hv2', [member('hv1'), primary('hv2')]), nothing],
  ['secondary, a fit other in takeover', me(), snapshot('hv2', hv2({ coordinatorState: 'takeover' })), nothing],
  ['secondary, a fit other that has not begun', me(), snapshot('hv2'), contend('hv2', 5_000, 'repair', 'slow')],
  ['secondary, a fit other that is stuck', me(), snapshot('hv2', hv2({ coordinatorState: 'relinquish' })), contend('hv2', 5_000, 'repair', 'slow')],
  ['secondary, me', me(), snapshot('hv1'), takeover],
  ['secondary, me, backing off', me({ backingOff: true }), snapshot('hv1'), takeover],
  ['secondary, me, tried or of an earlier life', me({ spentEpoch: 5 }), snapshot('hv1'), rewrite()],
  ['secondary, me, tried, and rewriting failed', me({ spentEpoch: 5, ...tried('rewrite', 'hv1') }), snapshot('hv1'), rewrite(5_000)],
  ['secondary, none, not ready', me({ unready: cannot }), snapshot('none'), nothing],
  ['secondary, a slow other, not ready', me({ unready: cannot }), snapshot('hv2'), nothing],
  ['secondary, me, not ready', me({ unready: cannot }), snapshot('hv1'), decline()],
  ['secondary, me, not ready, of an earlier life', me({ unready: cannot, spentEpoch: 5 }), snapshot('hv1'), decline()],
  ['secondary, me, not ready, declining failed', me({ unready: cannot, ...tried('decline', 'hv1') }), snapshot('hv1'), decline(5_000)],
  ['secondary, me, tried, backing off', me({ spentEpoch: 5, backingOff: true }), snapshot('hv1'), nothing],

  ['primary, me', me(isPrimary), snapshot('hv1'), nothing],
  ['primary, me, a resource is gone, a fit peer', me(hasLostResource), snapshot('hv1', [primary('hv1'), member('hv2')]), free(0, 'repair', 'ip is gone.')],
  ['primary, me, a resource is gone, freeing failed', me({ ...hasLostResource, ...tried('free', 'hv1') }), snapshot('hv1', [primary('hv1'), member('hv2')]), free(5_000, 'repair', 'ip is gone.')],
  ['primary, me, a resource is gone, nobody fit', me(hasLostResource), snapshot('hv1', [primary('hv1'), member('hv2', { daemonState: 'stop' })]), nothing],
  ['primary, me, a resource is gone, a peer that is not ready', me(hasLostResource), snapshot('hv1', [primary('hv1'), unready('hv2')]), nothing],
  ['primary, me, a resource is gone, a peer that cannot be asked', me(hasLostResource), snapshot('hv1', [primary('hv1'), member('hv2'), gone('hv3')]), nothing],
  ['primary, a fit other', me(isPrimary), snapshot('hv2'), relinquish()],
  ['primary, none', me(isPrimary), snapshot('none'), contend('none', 4_000, 'contention')],
  ['primary, an unfit other', me(isPrimary), snapshot('hv2', hv2({ daemonState: 'shutdown' })), contend('hv2', 4_000)],
  ['primary, nobody known', me(isPrimary), snapshot('hv9'), contend('hv9', 4_000)],
  ['primary, none, a dead peer', me(isPrimary), snapshot('none', [primary('hv1'), gone('hv2')]), contend('none', 4_000, 'contention')],

  ['stuck, me, not ready: it holds something', me({ ...isStuck, unready: cannot }), snapshot('hv1'), takeover],
  ['stuck, me', me(isStuck), snapshot('hv1'), takeover],
  ['stuck, me, tried', me({ ...isStuck, spentEpoch: 5 }), snapshot('hv1'), rewrite()],
  ['stuck, me, tried, backing off', me({ ...isStuck, spentEpoch: 5, backingOff: true }), snapshot('hv1'), nothing],
  ['stuck, a fit other', me(isStuck), snapshot('hv2'), relinquish(5_000)],
  ['stuck, me, a PVC node takes over all the same', me(isStuck), snapshot('hv1', pvcTakes()), relinquish(5_000)],
  ['stuck, a dead other', me(isStuck), snapshot('hv2', [member('hv1', { coordinatorState: 'relinquish' }), gone('hv2')]), nothing],
  ['stuck, none', me(isStuck), snapshot('none'), contend('none', 4_000, 'contention')],
  ['stuck, a stopped other', me(isStuck), snapshot('hv2', hv2({ daemonState: 'stop' })), contend('hv2', 4_000)],
  ['stuck, none, backing off', me({ ...isStuck, backingOff: true }), snapshot('none'), nothing],
  ['stuck, none, a dead peer', me(isStuck), snapshot('none', [member('hv1', { coordinatorState: 'relinquish' }), gone('hv2')]), nothing],
  ['stuck, in shutdown', me({ ...stopping, ...isStuck }), snapshot('hv1'), relinquish(5_000)],
  ['stuck, in shutdown, the time is up', me({ ...stopping, ...isStuck, handoverOver: true }), snapshot('hv1'), { do: 'leave' }],
  ['stuck, the time is up, but not stopping', me({ ...isStuck, handoverOver: true }), snapshot('hv2'), relinquish(5_000)],

  ['client, none', me({ state: 'client' }), snapshot('none'), nothing],
  ['client, me', me({ state: 'client' }), snapshot('hv1'), nothing],
  ['client, an unknown life of the key', me({ state: 'client' }), snapshot('none', [], unknown), nothing],
  ['secondary, an unknown life of the key', me(), snapshot('hv1', [], unknown), adopt('hv1')],
  ['secondary, an unknown life, tried', me(tried('adopt', 'none')), snapshot('none', [], unknown), adopt('none', 5_000)],
  ['primary, an unknown life', me(isPrimary), snapshot('hv2', [], unknown), adopt('hv2')],

  ['shutdown, not announced', me({ ...stopping, announced: false }), snapshot('hv1'), { do: 'announce_shutdown' }],
  ['shutdown, secondary', me({ ...stopping, state: 'secondary' }), snapshot('hv1'), { do: 'leave' }],
  ['shutdown, client', me({ ...stopping, state: 'client' }), null, { do: 'leave' }],
  ['shutdown, primary, me', me(stopping), snapshot('hv1', withMe), free()],
  ['shutdown, primary, me, freeing failed', me({ ...stopping, ...tried('free', 'hv1') }), snapshot('hv1', withMe), free(5_000)],
  ['shutdown, primary, none, a fit peer', me(stopping), snapshot('none', [...withMe, member('hv2')]), nothing],
  ['shutdown, primary, none, nobody ready', me(stopping), snapshot('none', [...withMe, unready('hv2')]), relinquish(0)],
  ['shutdown, primary, none, nobody fit', me(stopping), snapshot('none', [...withMe, member('hv2', { daemonState: 'stop' })]), relinquish(0)],
  ['shutdown, primary, none, a fit peer that may not contend', me(stopping), snapshot('none', [...withMe, member('hv2'), gone('hv3')]), relinquish(0)],
  ['shutdown, primary, none, a PVC node that has not come to it', me(stopping), snapshot('none', [...withMe, fitPvc]), handed('none', 5_000)],
  ['shutdown, primary, an unfit other, and a PVC node', me(stopping), snapshot('hv2', [...withMe, member('hv2', { daemonState: 'stop' }), fitPvc]), handed('hv2', 5_000)],
  ['shutdown, primary, none, a PVC node, the time is up', me({ ...stopping, handoverOver: true }), snapshot('none', [...withMe, fitPvc]), handed('none', 0)],
  ['shutdown, primary, none, a PVC node, the time is up, and it could not be named', me({ ...stopping, handoverOver: true, ...tried('free', 'none') }), snapshot('none', [...withMe, fitPvc]), relinquish(0)],
  ['shutdown, primary, a PVC node is named, the time is up', me({ ...stopping, handoverOver: true }), snapshot('pvc1', [...withMe, fitPvc]), relinquish(0)],
  ['shutdown, primary, none, a PVC hypervisor', me(stopping), snapshot('none', [...withMe, member('hv2'), { ...fitPvc, mode: 'hypervisor' }]), nothing],
  ['shutdown, primary, a fit other', me(stopping), snapshot('hv2', [...withMe, member('hv2')]), relinquish()],
  ['shutdown, primary, an unfit other, and a fit one', me(stopping), snapshot('hv2', [...withMe, member('hv2', { daemonState: 'stop' }), member('hv3')]), nothing],
  ['shutdown, primary, me, the time is up', me({ ...stopping, handoverOver: true }), snapshot('hv1', [...withMe, member('hv2')]), relinquish(0)],
]

t.test('decisions', async (t) => {
  for (const [what, standing, each, decision] of cases) t.strictSame(decide(standing, each), decision, what)
})
