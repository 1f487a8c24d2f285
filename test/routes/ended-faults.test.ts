/** The fault of an event ends with its condition, also where no API has seen the condition: a fence can be over within half a second. */
import t from 'tap'
import { put } from '../../src/cluster/put.ts'
import { raiseFault } from '../../src/cluster/fault-writer.ts'
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
  await raiseFault(session, dead('plum'), WALL)
  await raiseFault(session, { kind: 'fence_unconfirmed', node: 'plum', detail: 'no answer' }, WALL)
  await raiseFault(session, left, WALL)
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
})
