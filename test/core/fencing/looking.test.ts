// What an observer reads of a node itself, and what it believes the cache.
import t from 'tap'
import { observe, type Look, type Liveness } from '../../../src/core/fencing/judgement.ts'
import { borneOut, directReading, type CachedPresence } from '../../../src/core/fencing/looking.ts'
import { gone, member, primary } from '../../support/scenario/builders.ts'

const CADENCE = 4_500
const look = (given: Partial<Look> = {}): Look => ({ presence: '1', renewal: 'b', keepalive: '5', daemonState: 'run', ...given })
const away = look({ presence: null, renewal: null })
const seen = (...looks: ReadonlyArray<readonly [now: number, look: Look]>): Liveness => {
  const watches = looks.reduce<ReadonlyMap<string, Liveness>>((before, [now, each]) => observe(before, new Map([['hv2', each]]), now), new Map())
  return watches.get('hv2') as Liveness
}
const cached: CachedPresence = { owner: '1', renewal: 'b' }
const read = (watch: Liveness | undefined, now: number, { node = primary('hv2'), by = cached as CachedPresence | null } = {}) => directReading(node, watch, by, CADENCE, now)

t.test('the first look of a connection is direct, whatever the cache says', async (t) => {
  t.equal(read(undefined, 0), 'presence')
  t.equal(read(undefined, 0, { by: null }), 'presence')
  t.equal(read(undefined, 0, { node: member('hv2', { daemonState: 'stop', presence: null }), by: null }), 'presence')
})

t.test('the cache bears out what was seen, and nothing else', async (t) => {
  const watch = seen([0, look()])
  t.equal(read(watch, 500), 'none')
  t.equal(read(watch, 500, { by: null }), 'presence', 'it may have gone')
  t.equal(read(watch, 500, { by: { owner: '2', renewal: 'c' } }), 'presence', 'another session')
  t.equal(read(seen([0, away]), 500, { by: cached }), 'presence', 'a cache that is behind does not make present what was seen to be gone')
  t.equal(read(seen([0, away]), 500, { by: null, node: gone('hv2') }), 'presence', 'a node that is out of contact and may hold something is in doubt for as long as it is')
  t.equal(read(seen([0, { ...away, daemonState: 'dead' }]), 500, { by: null, node: gone('hv2', { daemonState: 'dead' }) }), 'presence', 'so is a dead one')
})

t.test('a keepalive is looked for when it is due, and at each look until it has changed', async (t) => {
  const watch = seen([0, look()], [10_000, look({ keepalive: '6' })])
  t.equal(read(watch, 14_499), 'none')
  t.equal(read(watch, 14_500), 'keepalive')
  t.equal(read(seen([0, look()], [10_000, look({ keepalive: '6' })], [14_500, look({ keepalive: '6' })]), 15_000), 'keepalive')
  t.equal(read(watch, 19_000), 'presence', 'twice as late, all of it is in doubt')
  t.equal(read(seen([0, look()], [10_000, look({ renewal: 'c' })]), 4_500), 'keepalive', 'a lease that is renewed takes nothing from that')
})

t.test('a PVC node has a keepalive alone, and a node that cannot hold anything is not asked', async (t) => {
  const peer = primary('hv2', { ours: false, presence: null })
  t.equal(read(seen([0, away]), 4_499, { node: peer, by: null }), 'none')
  t.equal(read(seen([0, away]), 4_500, { node: peer, by: null }), 'keepalive')
  t.equal(read(seen([0, away]), 500, { node: peer, by: cached }), 'presence', 'it runs another daemon now')
  for (const daemonState of ['stop', 'fenced', null] as const) {
    t.equal(read(seen([0, { ...away, daemonState }]), 60_000, { node: member('hv2', { daemonState, presence: null }), by: null }), 'none', String(daemonState))
  }
})

t.test('a renewal that the cache has read since is a sign of life, an older one is not', async (t) => {
  t.strictSame(borneOut(look(), { owner: '1', renewal: 'c' }).renewal, 'c')
  t.strictSame(borneOut(look(), { owner: '1', renewal: 'a' }).renewal, 'b')
  t.strictSame(borneOut(away, null), { presence: null, renewal: null, keepalive: '5' })
})
