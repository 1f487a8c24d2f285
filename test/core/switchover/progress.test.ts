// How far a switchover has come, from what the nodes publish.
import t from 'tap'
import { mergedTimeline, particularsOf, peerStates } from '../../../src/core/switchover/progress.ts'
import { member, primary, record, transition } from '../../support/scenario/builders.ts'

const open = record(5, { from: 'hv1', to: 'hv2' })
const relinquishing = (step: number) => member('hv1', { coordinatorState: 'relinquish', stateSince: '2026-01-01T00:00:01.100Z', transition: transition({ epoch: 5, step, of: 3, resource: 'ip' }) })
const taking = (step: number) => member('hv2', { coordinatorState: 'takeover', stateSince: '2026-01-01T00:00:02.100Z', transition: transition({ epoch: 5, direction: 'takeover', step, of: 3, since: '2026-01-01T00:00:02.000Z' }) })

t.test('finished over planned steps, averaged over those who take part', async (t) => {
  const cases = [
    ['nobody has begun', [primary('hv1'), member('hv2'), member('hv3')], 0],
    ['the former primary releases', [relinquishing(1), member('hv2')], 0.17],
    ['both are at it', [relinquishing(2), taking(1)], 0.5],
    ['the former primary is through', [member('hv1', { transition: transition({ epoch: 5 }) }), taking(1)], 0.67],
    ['a transition of another epoch does not count', [member('hv1', { transition: transition({ epoch: 4 }) }), taking(3)], 0.5],
    ['without a plan', [member('hv1', { transition: transition({ epoch: 5, of: 0 }) }), taking(3)], 0.5],
    ['a taker that was rolled back keeps its steps', [member('hv2', { transition: transition({ epoch: 5, direction: 'takeover', step: 2 }) })], 0.67],
    ['nobody known takes part', [member('hv3')], 0],
  ] as const
  for (const [what, members, progress] of cases) t.equal(particularsOf(open, members).progress, progress, what)
})

t.test('it never falls on the ordinary way', async (t) => {
  const way = [
    [primary('hv1'), member('hv2')], [relinquishing(0), member('hv2')], [relinquishing(1), taking(0)], [relinquishing(2), taking(1)],
    [member('hv1', { transition: transition({ epoch: 5, step: 3 }) }), taking(2)], [member('hv1', { transition: transition({ epoch: 5, step: 3 }) }), primary('hv2', { transition: transition({ epoch: 5, direction: 'takeover', step: 2 }) })],
  ]
  const seen = way.map((members) => particularsOf(open, members).progress)
  t.strictSame(seen, seen.toSorted((a, b) => a - b))
  t.equal(seen.at(-1), 1)
})

t.test('nodes', async (t) => {
  const evidence = { node: 'hv1', daemon_state: 'fenced', judged_by: null, judged_at: null, why: null, last_sign_at: null, fence: null } as const
  t.strictSame(Object.keys(particularsOf({ ...open, evidence }, [member('hv1', { daemonState: 'fenced' }), taking(3)]).nodes), ['hv2'], 'one that has failed has no part in it')
  t.strictSame(Object.keys(particularsOf({ ...open, last_held_at: 'then' }, [member('hv1'), taking(3)]).nodes), ['hv2'], 'nor one that has started again since it held the role')
  t.strictSame(Object.keys(particularsOf({ ...open, from: 'hv2', last_held_at: 'then' }, [taking(3)]).nodes), ['hv2'], 'but as the target')
  t.strictSame(particularsOf(open, [relinquishing(1), member('hv2'), member('hv3')]).nodes, {
    hv1: { coordinator_state: 'relinquish', step: 1, of: 3, resource: 'ip' },
    hv2: { coordinator_state: 'secondary', step: 0, of: 0, resource: null },
  })
  t.ok('hv3' in particularsOf(open, [member('hv3', { transition: transition({ epoch: 5 }) })]).nodes, 'whoever publishes this epoch takes part')
})

t.test('timeline', async (t) => {
  const at = (members: Parameters<typeof particularsOf>[1]) => particularsOf(open, members).timeline.map((entry) => `${entry.at.slice(17, 21)} ${entry.node} ${entry.coordinator_state}`)
  t.strictSame(at([taking(0), relinquishing(0)]), ['01.0 hv1 relinquish', '02.0 hv2 takeover'])
  t.strictSame(at([relinquishing(0), taking(0)]), ['01.0 hv1 relinquish', '02.0 hv2 takeover'])
  t.strictSame(at([member('hv1', { stateSince: '2026-01-01T00:00:04.000Z', transition: transition({ epoch: 5 }) }), taking(0)]), ['01.0 hv1 relinquish', '02.0 hv2 takeover', '04.0 hv1 secondary'])
  const same = '2026-01-01T00:00:02.000Z'
  t.strictSame(at([relinquishing(0), taking(0)].map((each) => ({ ...each, transition: { ...transition({ epoch: 5 }), since: same } }))), ['02.0 hv1 relinquish', '02.0 hv2 relinquish', '02.1 hv2 takeover'])
  t.strictSame(at([member('hv1', { coordinatorState: null, transition: transition({ epoch: 5 }) }), member('hv2', { stateSince: null, transition: transition({ epoch: 5, direction: 'takeover' }) })]),
    ['01.0 hv1 relinquish', '01.0 hv2 takeover'], 'an unreadable state is left out')
  t.strictSame(at([member('hv1', { transition: transition({ epoch: 5, direction: 'start' }) })]), [], 'a start is no part of it')
})

t.test('a closed record keeps its own', async (t) => {
  const closed = record(5, { outcome: 'failed', progress: 0.3 })
  t.equal(particularsOf(closed, [relinquishing(2)]).progress, 0.3)
})

t.test('the states of PVC nodes, which an observer keeps', async (t) => {
  const pvc = (name: string, coordinatorState: 'takeover' | 'relinquish' | 'secondary', stateSince: string | null) => member(name, { ours: false, presence: null, coordinatorState, stateSince })
  const states = (...members: ReturnType<typeof member>[]) => peerStates(open, members)
  const later = '2026-01-01T00:00:09.000Z'
  const entry = (node: string, state: 'takeover' | 'relinquish' | 'secondary', at = later) => ({ at, node, coordinator_state: state })
  t.strictSame(states(pvc('hv1', 'secondary', later)), [entry('hv1', 'secondary')], 'it takes part')
  t.strictSame(states(pvc('hv3', 'takeover', later), pvc('hv4', 'relinquish', later)), [entry('hv3', 'takeover'), entry('hv4', 'relinquish')], 'they move')
  t.strictSame(states(pvc('hv3', 'secondary', later)), [], 'it has no part in it')
  t.strictSame(states(pvc('hv1', 'takeover', null), pvc('hv2', 'takeover', '2020-01-01T00:00:00.000Z')), [], 'of a time that is not known, and from before')
  t.strictSame(states(taking(1)), [], 'one of ours publishes its transitions')
  const [first, second] = [entry('hv1', 'takeover', '2026-01-01T00:00:01.000Z'), entry('hv1', 'secondary')]
  t.strictSame(mergedTimeline([second], [first, second]), [first, second], 'in order, each once')
  t.strictSame(mergedTimeline([first], [second]), [first, second])
  t.strictSame(mergedTimeline([second], [entry('hv2', 'secondary')]), [second, entry('hv2', 'secondary')], 'at the same time')
})
