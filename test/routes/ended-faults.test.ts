/** The fault of an event ends with its condition, also where no API has seen the condition: a fence can be over within half a second. */
import t from 'tap'
import { put } from '../../src/cluster/put.ts'
import { raiseFault } from '../../src/cluster/fault-writer.ts'
import { ANY_VERSION } from '../../src/zookeeper/session/session.ts'
import { faultId, type FoundFault } from '../../src/core/pvc/fault.ts'
import { eventually } from '../support/zookeeper.ts'
import { api, ask, clusterTree } from '../pvcapid/support/api.ts'

const WALL = '2026-02-03T04:05:06.789Z'
const held = (...names: readonly string[]) => JSON.stringify({ resources: names.map((name) => ({ name, state: 'held', since: WALL, error: null })) })

t.test('faults whose end the znodes prove', { timeout: 120_000 }, async (t) => {
  const { server, session } = await clusterTree(t)
  const dead = (node: string): FoundFault => ({ kind: 'node_dead', node })
  const lost = (subject: string): FoundFault => ({ kind: 'resource_lost', node: 'fig', subject, detail: 'gone' })
  const left: FoundFault = { kind: 'domains_left', node: 'plum', detail: 'mail' }
  // In the order of the writes: what was raised after the fence, before it, and for a node that has come back.
  await put(session, '/nodes/plum/daemonstate', 'fenced')
  for (const [key, text] of [['', 'mail'], ['/node', 'plum'], ['/state', 'start']] as const) await session.create(`/domains/u1${key}`, text)
  await raiseFault(session, dead('plum'), WALL)
  await raiseFault(session, { kind: 'fence_unconfirmed', node: 'plum', detail: 'no answer' }, WALL)
  await raiseFault(session, left, WALL)
  await raiseFault(session, { ...left, node: 'quince' }, WALL)
  await raiseFault(session, dead('yew'), WALL)
  await put(session, '/nodes/yew/daemonstate', 'run')
  await raiseFault(session, lost('ip'), WALL)
  await put(session, '/nodes/fig/resources', held('ip', 'dhcp'))
  // Nothing says that these have ended.
  await raiseFault(session, lost('dhcp'), WALL)
  await raiseFault(session, dead('fig'), WALL)
  await session.create('/faults/ABCD1234', '')
  const stay = [faultId(lost('dhcp')), faultId(dead('fig')), faultId(left), 'ABCD1234'].sort()

  const app = await api(t, { port: server.port })
  const ids = async () => (await session.children('/faults')).names.sort()
  await eventually(async () => (await ids()).length <= stay.length)
  t.strictSame(await ids(), stay)

  // While the API looks on: raised late, and the fence is over before the fault is there.
  await raiseFault(session, dead('plum'), WALL)
  await eventually(async () => !(await ids()).includes(faultId(dead('plum'))))
  t.strictSame(await ids(), stay)
  t.notMatch((await ask(t, app, 'GET', '/api/v1/status')).text, /Node plum is dead/)

  await session.set('/domains/u1/node', 'quince', ANY_VERSION)
  await eventually(async () => !(await ids()).includes(faultId(left)))
  t.strictSame(await ids(), stay.filter((id) => id !== faultId(left)), 'the domains run elsewhere')
})

t.test('a lost resource is mended once its node could acquire it again, and holds nothing', { timeout: 120_000 }, async (t) => {
  const { server, session } = await clusterTree(t)
  const lost = (node: string, subject: string): FoundFault => ({ kind: 'resource_lost', node, subject, detail: 'gone' })
  const released = JSON.stringify({ resources: ['ip', 'dhcp'].map((name) => ({ name, state: 'released', since: WALL, error: null })) })
  const presence = (unready: readonly string[] | null, backoff: object | null = null) => JSON.stringify({ stands_back: backoff, readiness: unready === null ? null : { unready: unready.map((resource) => ({ resource, message: 'no', since: WALL })), interval: 10 } })
  const transition = JSON.stringify({ direction: 'start', epoch: null, step: 1, of: 1, released: [], since: WALL, error: null })
  for (const node of ['plum', 'fig', 'quince', 'yew']) {
    await put(session, `/nodes/${node}/transition`, transition)
    await put(session, `/nodes/${node}/resources`, released)
  }
  // Another node has what they have lost; what they have found out since is what counts.
  await session.create('/nodes/fig/presence', presence(['dhcp']), { ephemeral: true })
  await session.create('/nodes/quince/presence', presence(null), { ephemeral: true })
  await put(session, '/nodes/plum/routerstate', 'secondary')
  await session.create('/nodes/plum/presence', presence([], { until: 'noon', why: 'no' }), { ephemeral: true })
  await put(session, '/nodes/yew/daemonstate', 'stop')
  for (const [node, subject] of [['fig', 'ip'], ['fig', 'dhcp'], ['quince', 'ip'], ['plum', 'ip'], ['yew', 'ip']] as const) await raiseFault(session, lost(node, subject), WALL)
  // A fencer's own, which no API has seen begin.
  await raiseFault(session, { kind: 'fence_probe', node: 'fig', detail: 'no answer' }, WALL)
  const app = await api(t, { port: server.port })
  const ids = async () => (await session.children('/faults')).names.sort()
  const stay = [faultId(lost('fig', 'dhcp')), faultId(lost('quince', 'ip')), faultId(lost('plum', 'ip'))].sort()
  await eventually(async () => (await ids()).length <= stay.length)
  t.strictSame(await ids(), stay)
  await session.set('/nodes/fig/presence', presence([]), ANY_VERSION)
  await session.set('/nodes/quince/presence', presence(['dhcp']), ANY_VERSION)
  await session.set('/nodes/plum/presence', presence([]), ANY_VERSION)
  await eventually(async () => (await ids()).length === 0)
  await eventually(async () => /"cluster_health":\{"health":\d+,"messages":\[[^\]]*lost a resource/.exec((await ask(t, app, 'GET', '/api/v1/status')).text) === null)
})
