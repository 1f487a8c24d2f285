// What people are told of dead nodes.
import t from 'tap'
import { newFence } from '../../../src/core/model/fence-record.ts'
import { failoverOf } from '../../../src/core/model/failover.ts'
import { fencingReport } from '../../../src/core/fencing/report.ts'
import { gone, member, presence, primary } from '../../support/scenario/builders.ts'

const saying = (name: string, failover: 'fenced' | 'unfenced' | 'manual' | null) => member(name, { presence: { ...presence, failover } })
const nobody = () => null

t.test('a cluster of PVC daemons has none', async (t) => {
  t.equal(fencingReport([member('a', { ours: false }), member('b', { ours: false })], nobody), null)
})

t.test('what the coordinators do', async (t) => {
  const failover = (...members: Parameters<typeof fencingReport>[0]) => fencingReport(members, nobody)?.failover
  t.equal(failover(saying('a', 'fenced'), saying('b', 'fenced'), gone('c')), 'fenced')
  t.equal(failover(saying('a', 'manual'), saying('b', 'fenced')), 'differs')
  t.equal(failover(saying('a', 'unfenced'), saying('b', null)), 'unfenced')
  t.equal(failover(gone('a')), null)
  t.equal(failover(saying('a', 'manual'), { ...saying('h', 'fenced'), mode: 'hypervisor' }), 'manual', 'a hypervisor fences nobody')
  t.same(['fenced', 'toString', 1, undefined].map(failoverOf), ['fenced', null, null, null])
})

t.test('fences that would fail', async (t) => {
  const finds = (name: string, ...nodes: string[]) => member(name, { presence: { ...presence, brokenFences: nodes.map((node) => ({ node, message: 'No answer.', since: 'then' })) } })
  t.strictSame(fencingReport([finds('c', 'a'), finds('a', 'b'), finds('b', 'a'), member('d')], nobody)?.broken.map(({ node, found_by: by }) => `${node} by ${by}`), ['a by b', 'a by c', 'b by a'])
  t.strictSame(fencingReport([gone('a')], nobody)?.broken, [])
})

t.test('the dead', async (t) => {
  const record = { ...newFence('a', 'presence_gone', { presence: null, renewal: null, keepalive: null }, '2026-01-01T00:00:00.000Z'), attempts: 2, message: 'no answer' }
  const dead = (name: string) => ({ ...primary(name), daemonState: 'dead' as const })
  t.strictSame(fencingReport([dead('c'), dead('b'), saying('a', 'fenced')], (name) => name === 'c' ? record : null)?.dead, [
    { node: 'b', state: null, why: null, attempts: 0, since: null, message: null },
    { node: 'c', state: 'pending', why: 'its presence is gone: its session with ZooKeeper has ended', attempts: 2, since: '2026-01-01T00:00:00.000Z', message: 'no answer' },
  ])
  t.equal(fencingReport([dead('b')], () => ({ ...record, why: null }))?.dead[0]?.why, null)
  t.strictSame(fencingReport([dead('b'), dead('c')], (name) => name === 'c' ? record : undefined)?.dead.map(({ node }) => node), ['c'], 'not before its record is known')
})

t.test('why nobody is fenced, and whose confirmation changes that', async (t) => {
  const dead = (name: string, of = primary(name)) => ({ ...of, daemonState: 'dead' as const })
  const record = (state: 'pending' | 'unconfirmed') => ({ ...newFence('a', 'presence_gone', { presence: null, renewal: null, keepalive: null }, '2026-01-01T00:00:00.000Z'), state })
  const suspended = (members: Parameters<typeof fencingReport>[0], states: Record<string, 'pending' | 'unconfirmed'> = {}, maintenance = false) =>
    fencingReport(members, (name) => states[name] === undefined ? null : record(states[name]), maintenance)?.suspended
  t.equal(suspended([member('a'), member('b')]), null)
  t.equal(suspended([dead('b'), member('a')]), null, 'one alone is fenced')
  t.strictSame(suspended([dead('b'), member('a')], {}, true), { why: 'maintenance', nodes: ['b'], confirm: [] })
  t.equal(suspended([member('a')], {}, true), null, 'nobody is dead')
  const both = [dead('b', primary('b')), dead('c', member('c')), member('a')]
  t.strictSame(suspended(both, { b: 'pending', c: 'unconfirmed' }), { why: 'several_dead', nodes: ['b', 'c'], confirm: ['c'] }, 'the secondary that nothing could fence')
  t.strictSame(suspended(both, { b: 'unconfirmed', c: 'pending' })?.confirm, ['b'], 'the one that nothing could fence, though it was primary')
  t.strictSame(suspended(both)?.confirm, ['c'], 'else rather the secondary')
  t.strictSame(suspended([dead('c', member('c')), dead('b', member('b')), member('a')])?.confirm, ['b'])
  for (const equals of [['b', 'c'], ['c', 'b']]) t.strictSame(suspended([...equals.map((name) => dead(name)), member('a')])?.confirm, ['b'], 'between equals the name decides')
  t.strictSame(suspended([dead('b'), gone('c'), member('a')]), { why: 'several_dead', nodes: ['b', 'c'], confirm: ['b'] }, 'one that is out of contact counts, and cannot be confirmed')
  t.equal(suspended([dead('b'), { ...dead('h'), mode: 'hypervisor' }, member('a')]), null, 'a hypervisor does not suspend')
})
