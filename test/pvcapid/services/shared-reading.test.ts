/** A reading that many ask for: one at a time, and for nobody one that was begun before the question. */
import t from 'tap'
import { SharedReading } from '../../../src/pvcapid/services/shared-reading.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { requestsIn, RequestType } from '../../support/requests.ts'
import { ANY_VERSION } from '../../../src/zookeeper/session/session.ts'
import { proxy } from '../../support/zookeeper.ts'
import { api, ask, clusterTree, settle, wish } from '../support/api.ts'

/** Readings that end when they are told to. */
function readings (clock = new ManualClock()) {
  const begun: Array<{ readonly resolve: (value: number) => void, readonly reject: (error: Error) => void }> = []
  const shared = new SharedReading(clock, async () => await new Promise<number>((resolve, reject) => { begun.push({ resolve, reject }) }))
  return { begun, shared, clock }
}

/** A client that goes when it is told to. */
function leaver () {
  const listeners = new Set<() => void>()
  let isGone = false
  return {
    listeners,
    go () {
      isGone = true
      for (const listener of listeners) listener()
    },
    onceGone (listener: () => void) {
      if (isGone) listener()
      else listeners.add(listener)
      return { [Symbol.dispose]: () => { listeners.delete(listener) } }
    },
  }
}

const turn = async () => await new Promise((resolve) => { setImmediate(resolve) })

t.test('one at a time, and never older than the question', async (t) => {
  const { begun, shared, clock } = readings()
  const first = shared.get(1_000)
  const [second, third] = [shared.get(1_000), shared.get(1_000)]
  t.equal(begun.length, 1)
  begun[0]?.resolve(1)
  t.equal(await first, 1)
  await turn()
  t.equal(begun.length, 2, 'one for both')
  const fourth = shared.get(1_000)
  begun[1]?.reject(new Error('lost'))
  await t.rejects(second, /lost/)
  await t.rejects(third, /lost/)
  await turn()
  t.equal(begun.length, 3, 'and another after one that failed')
  begun[2]?.resolve(3)
  t.equal(await fourth, 3)
  t.strictSame([shared.isBusy, clock.running], [false, 0])
})

t.test('a reading that outlasts every wait for it is still the one', async (t) => {
  const { begun, shared, clock } = readings()
  for (let round = 0; round < 20; round++) {
    const waiting = [shared.get(1_000), shared.get(1_000)]
    clock.advance(1_000)
    for (const each of waiting) await t.rejects(each, { code: 'deadline', milliseconds: 1_000 })
  }
  t.equal(begun.length, 1, 'no other is begun meanwhile')
  const late = shared.get(1_000)
  begun[0]?.resolve(1)
  await turn()
  t.equal(begun.length, 2)
  begun[1]?.resolve(2)
  t.equal(await late, 2)
  t.equal(clock.running, 0)
})

t.test('a wait ends with its client', async (t) => {
  const { begun, shared, clock } = readings()
  const [one, two] = [leaver(), leaver()]
  const left = shared.get(1_000, one)
  const stays = shared.get(1_000, two)
  one.go()
  await t.rejects(left, { name: 'ClientGone' })
  await t.rejects(shared.get(1_000, one), { name: 'ClientGone' }, 'one that had gone before')
  begun[0]?.resolve(1)
  await turn()
  begun[1]?.resolve(2)
  t.equal(await stays, 2, 'not with another client')
  t.strictSame([clock.running, two.listeners.size], [0, 0], 'nothing is left behind')
})

t.test('many requests for what is not there cost ZooKeeper little more than one', async (t) => {
  const { server, session } = await clusterTree(t)
  const path = await proxy(t, server)
  const app = await api(t, { port: path.port, sessionTimeout: 60_000 })
  const players = settle(t, session, ['plum', 'fig', 'quince'])
  t.match(await wish(t, app, { to: 'fig' }, '?wait=20'), { status: 200 }, 'there is an epoch')
  await players.close()
  let readings = 0
  // The caches compare their znodes by `exists` all the while.
  path.onRequest = (chunk) => { readings += requestsIn(chunk).filter(({ type, path }) => type !== RequestType.exists && path.startsWith('/nodes/')).length }
  const spent = async (work: () => Promise<unknown>): Promise<number> => {
    readings = 0
    await work()
    return readings
  }
  const toNobody = async () => t.match(await wish(t, app, { to: 'nobody' }), { status: 404 })
  const one = await spent(toNobody)
  const many = await spent(async () => await Promise.all(Array.from({ length: 50 }, toNobody)))
  t.ok(one > 0 && many < 10 * one, `${many} readings of nodes for 50, ${one} for one`)
  const unknown = await spent(async () => t.match(await ask(t, app, 'GET', '/api/v1/switchover/99'), { status: 404, body: { code: 'epoch_unknown' } }))
  t.equal(unknown, 0, 'none for an epoch that there is not')
})

t.test('a request reads coordinators, and no hypervisor that holds nothing', async (t) => {
  const { server, session } = await clusterTree(t)
  const box = async (name: string, state: string): Promise<void> => {
    await session.create(`/nodes/${name}`, 'hypervisor')
    for (const [child, value] of [['daemonmode', 'hypervisor'], ['daemonstate', 'run'], ['routerstate', state]] as const) await session.create(`/nodes/${name}/${child}`, value)
  }
  for (let at = 0; at < 100; at++) await box(`idle${at}`, 'client')
  await box('odd', 'primary')
  const path = await proxy(t, server)
  const app = await api(t, { port: path.port, sessionTimeout: 60_000 })
  const read = new Set<string>()
  path.onRequest = (chunk) => { for (const { type, path } of requestsIn(chunk)) if (type !== RequestType.exists) read.add(path.split('/')[2] ?? '') }
  t.match(await wish(t, app, { to: 'nobody' }), { status: 404, body: { code: 'node_unknown' } })
  const nodes = (): string[] => [...read].filter((name) => /^(plum|fig|quince|odd|idle\d+)$/.test(name)).sort()
  t.strictSame(nodes(), ['fig', 'odd', 'plum', 'quince'])

  t.comment('one that becomes a coordinator is read')
  await session.set('/nodes/idle7/daemonmode', 'coordinator', ANY_VERSION)
  read.clear()
  t.match(await wish(t, app, { to: 'nobody' }), { status: 404 })
  t.strictSame(nodes(), ['fig', 'idle7', 'odd', 'plum', 'quince'])
})
