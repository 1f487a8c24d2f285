/** How soon a dead node is fenced, on a real ZooKeeper: looks at fixed times are so far apart here that none of them can be what it rests on. */
import t, { type Test } from 'tap'
import { readMembers } from '../../../src/cluster/reading.ts'
import { ClusterSnapshots } from '../../../src/cluster/cluster-snapshots.ts'
import { FENCE_LOCK } from '../../../src/cluster/layout.ts'
import { clusterInterest, clusterRoots } from '../../../src/cluster/interest.ts'
import { newFence } from '../../../src/core/model/fence-record.ts'
import { holdsNothing } from '../../../src/core/model/member.ts'
import { Fencer } from '../../../src/pvcnoded/fencing/fencer.ts'
import { Observer } from '../../../src/pvcnoded/fencing/observer.ts'
import { systemClock, type Clock } from '../../../src/runtime/clock.ts'
import { createLogger, type Logger } from '../../../src/runtime/log/log.ts'
import type { Session } from '../../../src/zookeeper/session/session.ts'
import { ZooKeeperError } from '../../../src/zookeeper/client/errors.ts'
import { only } from '../../../src/zookeeper/cache/session-source.ts'
import { ZnodeCache } from '../../../src/zookeeper/cache/znode-cache.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { connect, eventually, lockBook, zookeeper } from '../../support/zookeeper.ts'

const HOUR = 3_600_000
/** Milliseconds before a saving throw: they pass as soon as what is to happen meanwhile has happened. */
const SAVING = 7_777_000

interface Watching {
  readonly session: Session
  readonly lines: Array<Record<string, unknown>>
  /** Of a node of ours that runs; its session is that which holds its presence. */
  readonly join: (name: string) => Promise<Session>
  /**
   * @param meanwhile what happens before each saving throw; there is one then
   * @param options `late`: the fencer continues with the view of now; `window`: milliseconds that a presence has to be gone; `throws`: more than one; `unfenced`: no agent, a node that is gone counts as having released; `keepalives`: milliseconds that a keepalive has to stay the same
   */
  readonly begin: (meanwhile?: () => Promise<void>, options?: { readonly late?: boolean, readonly window?: number, readonly throws?: number, readonly unfenced?: boolean, readonly keepalives?: number }) => Promise<void>
  readonly fenced: readonly string[]
  /** Milliseconds before each saving throw that there was. */
  readonly pauses: readonly number[]
}

/** An observer and a fencer on `hv1`, which look every hour unless there is a reason. */
async function watching (t: Test): Promise<Watching> {
  const server = await zookeeper(t)
  const session = await connect(t, server)
  const lines: Array<Record<string, unknown>> = []
  const fenced: string[] = []
  const pauses: number[] = []
  for (const path of ['/config', '/nodes']) await session.create(path, '')
  await session.create('/config/primary_node', 'hv2')
  await session.create('/config/maintenance', 'false')
  const join = async (name: string): Promise<Session> => {
    const own = await connect(t, server)
    await session.create(`/nodes/${name}`, 'coordinator')
    for (const [key, value] of [['daemonmode', 'coordinator'], ['daemonstate', 'run'], ['routerstate', name === 'hv2' ? 'primary' : 'secondary'], ['keepalive', '1'], ['transition', '{}']] as const) await session.create(`/nodes/${name}/${key}`, value)
    await own.create(`/nodes/${name}/presence`, '{}', { ephemeral: true })
    return own
  }
  const begin: Watching['begin'] = async (meanwhile, { late = false, window = 0, throws = 1, unfenced = false, keepalives = HOUR } = {}) => {
    const clock: Clock = {
      ...systemClock,
      after: (delay, action) => {
        if (Math.abs(delay - SAVING) > window || meanwhile === undefined) return systemClock.after(delay, action)
        pauses.push(delay)
        meanwhile().then(action, t.fail)
        return { [Symbol.dispose]: () => {} }
      }
    }
    const tree = new ZnodeCache({ sessions: only(session), clock: systemClock, roots: clusterRoots, interest: clusterInterest })
    const feed = new ClusterSnapshots(tree)
    await feed.ready
    const members = () => feed.view?.members ?? []
    const atFirst = members()
    const terms = { keepaliveWindow: keepalives, presenceWindow: window }
    const log = createLogger({ name: 'pvcnoded', level: 'debug', clock: systemClock, destination: { write: (line: string) => { lines.push(JSON.parse(line) as Record<string, unknown>) } } })
    const agent = { method: 'command', fence: async ({ node }: { readonly node: string }) => { fenced.push(node); return { confirmed: true, message: 'off' } }, probe: async () => null } as const
    const fencer = new Fencer({ self: 'hv1', session, clock, log, book: lockBook(), terms, agent: unfenced ? null : agent, savingThrows: meanwhile === undefined ? 0 : throws, savingInterval: SAVING, unfencedGrace: unfenced ? 0 : null, members: late ? () => atFirst : members, active: () => true, onFault: () => {}, onFenced: () => {} })
    const observer: Observer = new Observer({ session, clock: systemClock, terms, interval: window === 0 ? HOUR : window, cadence: window, presenceOf: (name) => feed.presenceOf(name), members, onView: (listener) => feed.onView(listener), onLook: () => fencer.consider(observer) })
    t.teardown(async () => {
      observer[Symbol.dispose]()
      await fencer.stop()
      feed[Symbol.dispose]()
      tree.close()
    })
    await eventually(() => observer.watches.size === members().length)
  }
  return { session, lines, join, begin, fenced, pauses }
}

t.test('a presence that goes is looked at at once, and who is judged is fenced at once', { timeout: 60_000 }, async (t) => {
  const { session, join, begin, fenced } = await watching(t)
  await join('hv1')
  const victim = await join('hv2')
  await begin()
  await victim.close()
  await eventually(async () => (await session.get('/nodes/hv2/daemonstate')).data === 'fenced')
  t.strictSame(fenced, ['hv2'])
})

t.test('`secondary` over `dead` is believed of a node that counts as having released, and not as the word of PVC\'s fencers', { timeout: 60_000 }, async (t) => {
  for (const unfenced of [true, false]) {
    const { session, join, begin, fenced } = await watching(t)
    await join('hv1')
    const victim = await join('hv2')
    const hasReleased = async () => (await readMembers(session)).some((member) => member.name === 'hv2' && member.coordinatorState === 'secondary' && holdsNothing(member))
    await begin(undefined, { unfenced, window: unfenced ? 100 : 0 })
    if (!unfenced) {
      // As PVC's fencers do after a fence that failed.
      await session.set('/nodes/hv2/daemonstate', 'dead', 0)
      await session.set('/nodes/hv2/routerstate', 'secondary', 0)
      t.equal(await hasReleased(), false)
    }
    await victim.close()
    await eventually(hasReleased)
    t.strictSame(fenced, unfenced ? [] : ['hv2'])
    t.equal((await session.get('/nodes/hv2/daemonstate')).data, unfenced ? 'dead' : 'fenced')
  }
})

t.test('each reason for which nobody is fenced is told, and told to be over', { timeout: 60_000 }, async (t) => {
  const { session, join, begin, fenced, lines } = await watching(t)
  await join('hv1')
  const [second, third, fourth] = [await join('hv2'), await join('hv3'), await join('hv4')]
  await session.set('/config/maintenance', 'true', 0)
  await begin()
  const said = (text: string) => lines.filter(({ msg }) => msg === text).length
  await second.close()
  await eventually(() => said('a node is dead; fencing is suspended by maintenance mode') === 1)
  await session.set('/config/maintenance', 'false', 1)
  await third.close()
  await eventually(() => said('more than one coordinator is dead at once: none is fenced, an operator has to confirm') === 1)
  t.equal(said('maintenance mode does not suspend fencing any more'), 1)
  await fourth.close()
  await eventually(async () => (await session.get('/nodes/hv4/daemonstate')).data === 'dead')
  t.strictSame([said('more than one coordinator is dead at once: none is fenced, an operator has to confirm'), fenced], [1, []], 'once, and nobody is fenced')
})

t.test('a second coordinator that goes while the first has its saving throws spares it', { timeout: 60_000 }, async (t) => {
  const { session, join, begin, fenced, lines } = await watching(t)
  await join('hv1')
  const [second, third] = [await join('hv2'), await join('hv3')]
  await begin(async () => await third.close())
  await second.close()
  await eventually(() => lines.some(({ msg }) => msg === 'more than one coordinator is dead at once: none is fenced, an operator has to confirm'))
  await eventually(async () => (await session.get('/nodes/hv3/daemonstate')).data === 'dead')
  t.strictSame([fenced, (await session.get('/nodes/hv2/daemonstate')).data], [[], 'dead'])
})

t.test('a state that another program deletes and makes again is no longer the one that was judged, at the same version too', { timeout: 60_000 }, async (t) => {
  const { session, join, begin, fenced } = await watching(t)
  await join('hv1')
  const victim = await join('hv2')
  const state = '/nodes/hv2/daemonstate'
  let made: string | undefined
  await begin(async () => {
    await session.delete(state, 1)
    await session.create(state, 'run')
    made = (await session.set(state, 'dead', 0)).mzxid
  })
  await victim.close()
  await eventually(async () => made !== undefined && (await session.children(FENCE_LOCK)).names.length === 0)
  t.strictSame([fenced, (await session.get(state)).stat.mzxid], [[], made])
})

t.test('what the view does not show yet is seen before anybody is judged: a judgement of another, a stop', { timeout: 60_000 }, async (t) => {
  const { session, join, begin } = await watching(t)
  await join('hv1')
  const [judged, stopped, dying] = [await join('hv2'), await join('hv3'), await join('hv4')]
  await begin(undefined, { late: true })
  await session.set('/nodes/hv2/daemonstate', 'dead', 0)
  await session.set('/nodes/hv3/daemonstate', 'stop', 0)
  for (const node of [judged, stopped, dying]) await node.close()
  await eventually(async () => (await session.get('/nodes/hv4/daemonstate')).data === 'dead')
  t.equal((await session.get('/nodes/hv2/daemonstate')).stat.version, 1, 'whose saving throws continue')
  t.equal((await session.get('/nodes/hv3/daemonstate')).data, 'stop')
  for (const name of ['hv2', 'hv3']) t.equal(await session.exists(`/nodes/${name}/fence`), null)
})

t.test('the window for which its presence has been gone is part of the first saving throw, of a first attempt', { timeout: 60_000 }, async (t) => {
  const { join, begin, fenced, pauses } = await watching(t)
  await join('hv1')
  const victim = await join('hv2')
  await begin(async () => {}, { window: 50, throws: 3 })
  await victim.close()
  await eventually(() => fenced.length === 1)
  t.strictSame(pauses, [SAVING - 50, SAVING, SAVING])
})

t.test('a fencer that may not read says so once, and again when it could meanwhile', async (t) => {
  const clock = new ManualClock()
  let permitted = false
  const said: string[] = []
  const session = {
    over: false,
    get: async (path: string) => { throw new ZooKeeperError(permitted ? 'no_node' : 'no_auth', { op: 'get', path }) },
  } as unknown as Session
  const log = { warn: (_fields: object, message: string) => { said.push(message) }, info: () => {} } as unknown as Logger
  const fencer = new Fencer({ self: 'hv1', session, clock, log, book: lockBook(), terms: { keepaliveWindow: 1, presenceWindow: 1 }, agent: null, savingThrows: 0, savingInterval: SAVING, unfencedGrace: null, members: () => [], active: () => true, onFault: () => {}, onFenced: () => {} })
  const look = async () => {
    clock.advance(10_000)
    fencer.consider({ watches: new Map() } as unknown as Observer)
    await new Promise((resolve) => setImmediate(resolve))
  }
  for (let times = 0; times < 5; times++) await look()
  t.equal(said.length, 1)
  permitted = true
  await look()
  permitted = false
  await look()
  t.equal(said.length, 2)
  await fencer.stop()
})

t.test('a PVC node that has come back and died again is fenced, although the record of its earlier death is there', { timeout: 60_000 }, async (t) => {
  for (const state of ['unconfirmed', 'confirmed'] as const) {
    const { session, join, begin, fenced } = await watching(t)
    await join('hv1')
    await session.create('/nodes/pv2', 'coordinator')
    for (const [key, value] of [['daemonmode', 'coordinator'], ['keepalive', '2'], ['daemonstate', 'dead'], ['routerstate', 'secondary']] as const) await session.create(`/nodes/pv2/${key}`, value)
    await session.create('/nodes/pv2/fence', JSON.stringify({ ...newFence('hv1', 'keepalive_stale', { presence: null, renewal: null, keepalive: '1/0000000000000001' }, ''), state, attempts: 1 }))
    await begin(undefined, { window: 100, keepalives: 200 })
    await eventually(async () => (await session.get('/nodes/pv2/daemonstate')).data === 'fenced')
    t.strictSame(fenced, ['pv2'])
    await eventually(async () => (JSON.parse((await session.get('/nodes/pv2/fence')).data) as { state: string, why: unknown }).state === 'confirmed')
    t.match(JSON.parse((await session.get('/nodes/pv2/fence')).data), { why: null, confirmed_by: 'hv1' }, 'nothing of the earlier one is in it')
  }
})
