// Who is dead, by what one observer has seen on its own clock, and what is done about it.
import t from 'tap'
import { countsAsReleased, fencingPlan, isAlive, mayHoldWhenSilent, observe, PVC_FENCE, suspicion, type Look, type LivenessByNode } from '../../../src/core/fencing/judgement.ts'
import { gone, member, primary } from '../../support/scenario/builders.ts'

const terms = { keepaliveWindow: 30_000, presenceWindow: 500 }
const seen = (given: Record<string, Look>): ReadonlyMap<string, Look> => new Map(Object.entries(given))
const present = (keepalive: string | null, renewal = 'a'): Look => ({ presence: '1', renewal, keepalive, daemonState: 'run' })
const absent = (keepalive: string | null): Look => ({ presence: null, renewal: null, keepalive, daemonState: 'run' })

/** Looks of hv2 at the given times. */
function looks (...given: ReadonlyArray<readonly [now: number, sighting: Look]>): LivenessByNode {
  return given.reduce<LivenessByNode>((watches, [now, sighting]) => observe(watches, seen({ hv2: sighting }), now), new Map())
}
const of = (watches: LivenessByNode, now: number, node = primary('hv2')) => suspicion(node, watches.get('hv2'), terms, now)

t.test('presence: seen, and gone for as long as it takes to be sure', async (t) => {
  const watches = looks([0, present('1')], [1_000, absent('2')])
  t.equal(of(watches, 1_400), null)
  t.equal(of(watches, 1_500), 'presence_gone')
  t.equal(of(observe(watches, seen({ hv2: absent('3') }), 2_000), 2_000), 'presence_gone', 'gone since the first look that missed it')
  t.equal(of(observe(watches, seen({ hv2: present('3') }), 1_400), 9_000), null, 'it is back')
  t.equal(of(looks([0, absent('1')], [9_000, absent('2')]), 9_000), null, 'never seen by this observer: no ground to judge')
  t.equal(of(watches, 1_500, primary('hv2', { ours: false })), null, 'a PVC peer has none')
  t.equal(suspicion(primary('hv2'), undefined, terms, 0), null)
})

t.test('keepalive: whether it changes, never what it says', async (t) => {
  const watches = looks([0, present('2000')], [10_000, present('5')], [39_000, present('5')])
  t.equal(of(watches, 39_999), null)
  t.equal(of(watches, 40_000), 'keepalive_stale')
  t.ok(isAlive(watches.get('hv2'), terms, 39_999))
  t.notOk(isAlive(watches.get('hv2'), terms, 40_000))
  t.ok(isAlive(undefined, terms, 40_000), 'not watched yet')
  t.equal(of(observe(watches, seen({ hv2: absent('6') }), 39_500), 69_500, primary('hv2', { ours: false, presence: null })), 'keepalive_stale', 'a PVC peer is judged by this alone')
  t.equal(of(looks([39_000, present('5')]), 40_000), null, 'the window begins with the first look')
  t.equal(observe(watches, seen({}), 41_000).size, 0, 'forgotten with the node')
})

t.test('a node that renews its lease is alive, whatever its keepalive does; one whose presence goes has not renewed it', async (t) => {
  const watches = looks([0, present('1', 'a')], [20_000, present('1', 'b')])
  t.equal(of(watches, 49_999), null)
  t.equal(of(watches, 50_000), 'keepalive_stale')
  t.equal(of(looks([0, present('1', 'a')], [29_000, absent('1')]), 30_000), 'presence_gone')
})

t.test('without fences: a dead node counts as having released once its session has been over for long enough', async (t) => {
  const watches = looks([0, present('1')], [1_000, absent('2')])
  const counts = (now: number, node = primary('hv2', { daemonState: 'dead' })) => countsAsReleased(node, watches.get('hv2'), 3_000, now)
  t.notOk(counts(3_999))
  t.ok(counts(4_000))
  t.notOk(counts(9_000, primary('hv2')), 'nobody has judged it dead')
  t.notOk(counts(9_000, primary('hv2', { daemonState: 'dead', ours: false })), 'a PVC peer has no lease')
  t.notOk(countsAsReleased(primary('hv2', { daemonState: 'dead' }), looks([0, present('1')]).get('hv2'), 3_000, 9_000), 'its session continues')
  t.notOk(countsAsReleased(primary('hv2', { daemonState: 'dead' }), undefined, 3_000, 9_000), 'not watched yet')
})

t.test('a PVC peer that this observer has not seen alive yet may still be waiting to connect', async (t) => {
  const peer = primary('hv2', { ours: false, presence: null })
  const silent = looks([0, absent('5')])
  t.equal(of(silent, 119_999, peer), null)
  t.equal(of(silent, 120_000, peer), 'keepalive_stale')
  t.notOk(isAlive(silent.get('hv2'), terms, 30_000), 'fit it is not meanwhile')
  const seenAlive = observe(observe(silent, seen({ hv2: absent('6') }), 50_000), seen({ hv2: absent('6') }), 60_000)
  t.equal(of(seenAlive, 79_999, peer), null)
  t.equal(of(seenAlive, 80_000, peer), 'keepalive_stale', 'once it has changed, its window is that of everybody')
  t.equal(of(looks([0, present('5')]), 30_000), 'keepalive_stale', 'ours connect again within their session time-out')
})

t.test('a node that comes back is given its window again: what it wrote before says nothing of it now', async (t) => {
  const away = looks([0, present('5')], [10_000, { ...absent('5'), daemonState: 'dead' }])
  const back = observe(away, seen({ hv2: { presence: '2', renewal: 'a', keepalive: '5', daemonState: 'run' } }), 60_000)
  t.equal(of(back, 60_000), null, 'another session')
  t.equal(of(back, 89_999), null)
  t.equal(of(back, 90_000), 'keepalive_stale')
  const peer = primary('hv2', { ours: false, presence: null })
  const stopped = looks([0, absent('5')], [1_000, absent('6')], [2_000, { ...absent('6'), daemonState: 'stop' }])
  const started = observe(stopped, seen({ hv2: { ...absent('6'), daemonState: 'init' } }), 60_000)
  t.equal(of(started, 60_000, peer), null, 'a PVC peer that starts again')
  t.equal(of(started, 90_000, peer), 'keepalive_stale')
})

t.test('who is judged at all', async (t) => {
  for (const daemonState of ['init', 'run', 'shutdown'] as const) t.ok(mayHoldWhenSilent(member('hv2', { daemonState })))
  for (const daemonState of ['dead', 'fenced', null] as const) t.notOk(mayHoldWhenSilent(primary('hv2', { daemonState })))
  t.ok(mayHoldWhenSilent(primary('hv2', { daemonState: 'stop' })), 'it stopped without releasing')
  t.notOk(mayHoldWhenSilent(member('hv2', { daemonState: 'stop' })))
  t.notOk(mayHoldWhenSilent(member('hv2', { daemonState: 'stop', coordinatorState: 'client' })))
  const silent = looks([0, present('1')])
  t.equal(of(silent, 60_000, primary('hv2', { daemonState: 'stop' })), null, 'its session is still there')
  t.equal(of(silent, 60_000, gone('hv2', { daemonState: 'stop' })), 'keepalive_stale')
})

t.test('the plan', async (t) => {
  const silent = observe(observe(new Map(), seen({ hv1: present('1'), hv2: present('1'), hv3: present('1'), hv4: present('1') }), 0),
    seen({ hv1: absent('1'), hv2: absent('1'), hv3: present('2'), hv4: absent('1') }), 10_000)
  const plan = (members: Parameters<typeof fencingPlan>[1], maintenance = false, canFence = true) => fencingPlan('hv1', members, silent, terms, 20_000, { maintenance, canFence, unfenced: false })
  const hv1 = member('hv1')
  const hv3 = member('hv3')
  const hypervisor = gone('hv4', { mode: 'hypervisor', coordinatorState: 'client' })
  t.strictSame(plan([hv1, hv3]), { judge: [], fence: [], suspended: null }, 'never oneself')
  t.strictSame(plan([hv1, gone('hv2'), hv3]), { judge: [{ name: 'hv2', why: 'presence_gone' }], fence: [], suspended: null })
  t.strictSame(plan([hv1, gone('hv2', { daemonState: 'dead' }), hv3]), { judge: [], fence: ['hv2'], suspended: null })
  t.strictSame(plan([hv1, gone('hv2'), gone('hv3', { daemonState: 'dead' })]),
    { judge: [{ name: 'hv2', why: 'presence_gone' }], fence: [], suspended: { why: 'several_dead', nodes: ['hv2', 'hv3'] } }, 'two at once: more likely it is us')
  t.strictSame(plan([hv1, gone('hv2', { daemonState: 'dead' }), gone('hv3')]), { judge: [], fence: [], suspended: { why: 'several_dead', nodes: ['hv2', 'hv3'] } }, 'the second need not be judged yet')
  t.strictSame(plan([hv1, gone('hv2', { daemonState: 'dead' }), gone('hv3', { daemonState: 'stop', coordinatorState: 'secondary' })]), { judge: [], fence: ['hv2'], suspended: null }, 'one that was stopped is not missing')
  t.strictSame(plan([hv1, gone('hv3')]), { judge: [], fence: [], suspended: null }, 'one that is missing is not judged for that')
  t.strictSame(plan([hv1, gone('hv2', { daemonState: 'dead' }), hypervisor]), { judge: [{ name: 'hv4', why: 'presence_gone' }], fence: ['hv2'], suspended: null }, 'hypervisors do not count for that')
  t.strictSame(plan([hv1, gone('hv2')], true), { judge: [], fence: [], suspended: { why: 'maintenance', nodes: ['hv2'] } })
  t.strictSame(plan([hv1, hv3], true), { judge: [], fence: [], suspended: null })
  t.strictSame(plan([hv1, gone('hv2'), hv3], false, false).judge, [{ name: 'hv2', why: 'presence_gone' }], 'one of ours is judged without an agent: an operator confirms')
})

t.test('one of ours that PVC has judged is looked at by ours', async (t) => {
  // It waits for its former session to end, whose presence is still there, and writes keepalives meanwhile.
  const waits = member('hv2', { daemonState: 'dead' })
  const plan = (now: number) => fencingPlan('hv1', [member('hv1'), waits, member('hv3')], seenTwice, terms, now, { maintenance: false, canFence: true, unfenced: false }).fence
  const looks = (daemonState: 'run' | 'dead', keepalive: string) => new Map([['hv2', { ...present(keepalive), daemonState }]])
  const seenTwice = observe(observe(observe(new Map(), looks('run', '1'), 0), looks('run', '2'), 5_000), looks('dead', '2'), 9_000)
  t.strictSame(plan(5_000 + terms.keepaliveWindow - 1), [], 'it has shown life within the window')
  t.strictSame(plan(5_000 + terms.keepaliveWindow), ['hv2'], 'and does no more; `dead` is no sign of life')
  t.strictSame(fencingPlan('hv1', [member('hv1'), gone('hv2', { daemonState: 'dead' }), member('hv3')], seenTwice, terms, 9_000, { maintenance: false, canFence: true, unfenced: false }).fence, ['hv2'], 'its session is over')
})

t.test('PVC nodes are left to PVC', async (t) => {
  const pvc = (name: string, given: Parameters<typeof member>[1] = {}) => primary(name, { ours: false, presence: null, alive: true, ...given })
  const quiet = observe(observe(observe(new Map(), seen({ hv2: absent('1'), hv3: absent('1') }), 0), seen({ hv2: absent('2'), hv3: absent('2') }), 1_000), seen({ hv2: absent('2'), hv3: absent('3') }), 60_000)
  const plan = (members: Parameters<typeof fencingPlan>[1], canFence: boolean, unfenced = false) => fencingPlan('hv1', members, quiet, terms, 60_000, { maintenance: false, canFence, unfenced })
  const silent = pvc('hv2', { alive: false })
  const peer = pvc('hv3', { coordinatorState: 'secondary' })
  const judges = [{ name: 'hv2', why: 'keepalive_stale' }]
  t.strictSame(plan([member('hv1'), silent], true).judge, judges, 'none of them is left: ours does it')
  t.strictSame(plan([member('hv1'), silent, peer], true).judge, [], 'a PVC coordinator is there')
  for (const given of [{ alive: false }, { daemonState: 'stop' }, { mode: 'hypervisor' }] as const) t.strictSame(plan([member('hv1'), silent, pvc('hv3', { coordinatorState: 'secondary', ...given })], true).judge, judges, JSON.stringify(given))
  t.strictSame(plan([member('hv1'), silent], false).judge, [], 'nobody claims a judgement that it would not act on')
  const own = gone('hv2', { coordinatorState: 'primary' })
  t.strictSame(plan([member('hv1'), own, peer], false).judge, [], 'nor of one of ours, while PVC would fence it')
  t.strictSame(plan([member('hv1'), own, peer], true).judge, judges, 'which one with an agent does itself')
  t.strictSame(plan([member('hv1'), own, peer], false, true).judge, judges, 'and one that counts it as having released')
  t.strictSame(plan([member('hv1'), own], false).judge, judges, 'with no PVC node there an operator confirms')
  const dead = pvc('hv2', { alive: false, daemonState: 'dead' })
  t.strictSame(plan([member('hv1'), dead], true).fence, ['hv2'])
  t.strictSame(plan([member('hv1'), dead, peer], true).fence, [], 'they are at it')
  t.strictSame(plan([member('hv1'), { ...dead, coordinatorState: 'secondary', fencersWord: true }, peer], true).fence, ['hv2'], 'they were, and it is not confirmed')
})

t.test('PVC\'s fencers have their time, and no more', async (t) => {
  const pvc = (name: string, given: Parameters<typeof member>[1] = {}) => primary(name, { ours: false, presence: null, alive: true, ...given })
  const peer = pvc('hv3', { coordinatorState: 'secondary' })
  const look = (watches: LivenessByNode, now: number, keepalive: string, daemonState: 'run' | 'dead' = 'run') => observe(watches, new Map([['hv2', { ...absent(keepalive), daemonState }]]), now)
  const alive = look(look(new Map(), 0, '1'), 1_000, '2')
  const plan = (watches: LivenessByNode, now: number, named: Parameters<typeof member>[1] = {}, canFence = true) => fencingPlan('hv1', [member('hv1'), pvc('hv2', { alive: false, ...named }), peer], watches, terms, now, { maintenance: false, canFence, unfenced: false })
  const due = 1_000 + terms.keepaliveWindow + PVC_FENCE
  t.strictSame(plan(alive, due - 1).judge, [], 'it is for them to judge')
  t.strictSame(plan(alive, due).judge, [{ name: 'hv2', why: 'keepalive_stale' }], 'they have not')
  t.strictSame(plan(alive, due, {}, false).judge, [], 'nobody claims a judgement that it would not act on')
  const own = fencingPlan('hv1', [member('hv1'), gone('hv2'), peer], alive, terms, due, { maintenance: false, canFence: false, unfenced: false })
  t.strictSame(own.judge, [{ name: 'hv2', why: 'keepalive_stale' }], 'an operator confirms')

  const dead = { daemonState: 'dead' as const }
  const judged = look(look(alive, 40_000, '2', 'dead'), 50_000, '2', 'dead')
  t.equal(judged.get('hv2')?.deadSince, 40_000)
  t.strictSame(plan(judged, 40_000 + PVC_FENCE - 1, dead).fence, [], 'it is for them to fence')
  t.strictSame(plan(judged, 40_000 + PVC_FENCE, dead).fence, ['hv2'], 'nobody else ever does: they act on `run` alone')
  t.strictSame(plan(new Map(), 40_000 + PVC_FENCE, dead).fence, [], 'not watched yet')
  t.strictSame(fencingPlan('hv1', [member('hv1'), gone('hv2', dead), peer], new Map(), terms, 0, { maintenance: false, canFence: true, unfenced: false }).fence, ['hv2'], 'one of ours is not left to them')
  t.strictSame(plan(alive, due, dead).fence, [], 'the next look will see that it is dead')
  t.equal(look(new Map(), 7_000, '2', 'dead').get('hv2')?.deadSince, 7_000, 'as it was found')
  t.equal(look(judged, 60_000, '3', 'run').get('hv2')?.deadSince, null, 'it is back')
  const shows = look(judged, 90_000, '3', 'dead')
  t.strictSame(plan(shows, 100_000, { ...dead, coordinatorState: 'secondary', fencersWord: true }).fence, [], 'it shows life, although a fencer has judged it')
  t.strictSame(plan(shows, 90_000 + terms.keepaliveWindow, { ...dead, coordinatorState: 'secondary', fencersWord: true }).fence, ['hv2'])
})
