/** What an observer asks ZooKeeper for, look by look: the clock stands still between them. */
import t, { type Test } from 'tap'
import type { CachedPresence } from '../../../src/core/fencing/looking.ts'
import type { Connection } from '../../../src/zookeeper/client/connection.ts'
import { Observer } from '../../../src/pvcnoded/fencing/observer.ts'
import { readMembers } from '../../../src/cluster/reading.ts'
import type { Member } from '../../../src/core/model/member.ts'
import { ANY_VERSION } from '../../../src/zookeeper/session/session.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { connect, connector, eventually, zookeeper } from '../../support/zookeeper.ts'

const LOOK = 500
const CADENCE = 4_500

async function observed (t: Test) {
  const server = await zookeeper(t)
  const asked: string[] = []
  const session = await connect(t, server, {
    connector: (options) => new Proxy(connector(options), {
      get (connection, name: keyof Connection) {
        const value = connection[name]
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => {
          if (name === 'get') asked.push(String(args[0]).replace('/nodes/', ''))
          return (value as (...args: unknown[]) => unknown).apply(connection, args)
        }
      },
    }),
  })
  const others = await connect(t, server)
  const nodes = ['hv1', 'hv2', 'hv3']
  await others.create('/nodes', '')
  for (const node of nodes) {
    await others.create(`/nodes/${node}`, 'coordinator')
    for (const [key, value] of [['daemonmode', 'coordinator'], ['daemonstate', 'run'], ['routerstate', 'secondary'], ['keepalive', '1'], ['transition', '{}']] as const) await others.create(`/nodes/${node}/${key}`, value)
    await others.create(`/nodes/${node}/presence`, '{}', { ephemeral: true })
  }
  const members: readonly Member[] = await readMembers(others)
  const cache = new Map<string, CachedPresence>()
  for (const node of nodes) {
    const { stat } = await others.get(`/nodes/${node}/presence`)
    cache.set(node, { owner: stat.ephemeralOwner, renewal: stat.mzxid })
  }
  const clock = new ManualClock()
  let looks = 0
  const begin = async (): Promise<Observer> => {
    const observer = new Observer({
      session,
      clock,
      terms: { keepaliveWindow: 30_000, presenceWindow: LOOK },
      interval: LOOK,
      cadence: CADENCE,
      members: () => members,
      presenceOf: (name) => cache.get(name) ?? null,
      onView: () => ({ [Symbol.dispose]: () => {} }),
      onLook: () => { looks += 1 },
    })
    t.teardown(() => observer[Symbol.dispose]())
    await eventually(() => looks === 1)
    return observer
  }
  /** What is asked for in the next look. */
  const look = async (): Promise<readonly string[]> => {
    asked.length = 0
    const next = looks + 1
    clock.advance(LOOK)
    await eventually(() => looks === next)
    return [...asked].sort()
  }
  return { others, cache, asked, begin, look }
}

t.test('a node that is there and writes its keepalives costs one reading or two for each of them', async (t) => {
  const { others, asked, begin, look } = await observed(t)
  await begin()
  t.strictSame([...asked].sort(), ['hv1/keepalive', 'hv1/presence', 'hv2/keepalive', 'hv2/presence', 'hv3/keepalive', 'hv3/presence'], 'at first everything is read')
  for (let count = 1; count * LOOK < CADENCE; count++) t.strictSame(await look(), [], `after ${count * LOOK} ms`)
  await others.set('/nodes/hv1/keepalive', '2', ANY_VERSION)
  t.strictSame(await look(), ['hv1/keepalive', 'hv2/keepalive', 'hv3/keepalive'], 'due')
  t.strictSame(await look(), ['hv2/keepalive', 'hv3/keepalive'], 'until it has changed')
})

t.test('a presence that the cache does not have is read, and nothing is concluded without that', async (t) => {
  const { others, cache, begin, look } = await observed(t)
  const observer = await begin()
  const hv2 = cache.get('hv2') as CachedPresence
  cache.delete('hv2')
  t.strictSame(await look(), ['hv2/keepalive', 'hv2/presence'])
  t.equal(observer.watches.get('hv2')?.goneSince, null, 'it is there')
  await others.delete('/nodes/hv2/presence', ANY_VERSION)
  t.strictSame(await look(), ['hv2/keepalive', 'hv2/presence'])
  t.not(observer.watches.get('hv2')?.goneSince, null, 'it has gone')
  cache.set('hv2', hv2)
  t.strictSame(await look(), ['hv2/keepalive', 'hv2/presence'], 'the cache is behind')
  t.not(observer.watches.get('hv2')?.goneSince, null)
})

t.test('a cache that still has what went while the observer was out of contact proves no presence', async (t) => {
  const { others, begin, look } = await observed(t)
  await others.delete('/nodes/hv3/presence', ANY_VERSION)
  const observer = await begin()
  for (let count = 0; count < 3; count++) t.strictSame(await look(), ['hv3/keepalive', 'hv3/presence'])
  t.equal(observer.watches.get('hv3')?.presenceSeen, false)
  t.equal(observer.watches.get('hv3')?.goneSince, null, 'never seen, so it has not gone as far as this observer knows')
})
