/**
 * A name in a list whose own znodes have not been read yet is in no reply; one whose znodes are missing, or cannot be read, is, with the values that PVC's
 * clients expect.
 */
import { isDeepStrictEqual } from 'node:util'
import t, { type Test } from 'tap'
import { ClusterSnapshots } from '../../src/cluster/cluster-snapshots.ts'
import { raiseFault } from '../../src/cluster/fault-writer.ts'
import { put } from '../../src/cluster/put.ts'
import { apiInterest, apiRoots } from '../../src/projection/api-interest.ts'
import { ApiSnapshot } from '../../src/projection/api-snapshot.ts'
import { newFence } from '../../src/core/model/fence-record.ts'
import { faultId } from '../../src/core/pvc/fault.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { ZooKeeperError } from '../../src/zookeeper/client/errors.ts'
import { ANY_VERSION, type Session } from '../../src/zookeeper/session/session.ts'
import { only } from '../../src/zookeeper/cache/session-source.ts'
import { ZnodeCache } from '../../src/zookeeper/cache/znode-cache.ts'
import { makeCluster } from '../pvcapid/support/api.ts'
import { holdBack } from '../support/held-answers.ts'
import { connect, eventually, proxy, reaches, zookeeper } from '../support/zookeeper.ts'

const WALL = '2026-01-01T00:00:00.000Z'

async function putAll (session: Session, texts: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(texts)) await put(session, path, text)
}

const checkTexts = (name: string) => Object.fromEntries([['', name], ['/last_run', '5'], ['/health_delta', '3'], ['/message', 'hot'], ['/data', '{"of":"it"}']]
  .map(([key, text]) => [`/nodes/fig/monitoring_data/${name}${key}`, text ?? '']))

/** A view of a cluster, and every snapshot of it from when it had been read once. */
async function world (t: Test) {
  const server = await zookeeper(t)
  const writer = await connect(t, server)
  await makeCluster(writer)
  await putAll(writer, { '/nodes/fig/transition': '{}', '/nodes/plum/monitoring_data': '', '/nodes/fig/monitoring_data': '' })
  const path = await proxy(t, server)
  const session = await connect(t, path)
  const tree = new ZnodeCache({
    sessions: only(session),
    clock: systemClock,
    roots: apiRoots,
    interest: apiInterest,
  })
  t.teardown(() => tree.close())
  const feed = new ClusterSnapshots(tree)
  const snapshots: ApiSnapshot[] = []
  tree.onChange((found, changed) => { snapshots.push(ApiSnapshot.next(found, feed.view, snapshots.at(-1) ?? null, changed)) })
  await tree.ready
  const latest = (): ApiSnapshot => snapshots.at(-1) as ApiSnapshot
  return { writer, path, session, tree, snapshots, latest }
}

const status = (snapshot: ApiSnapshot) => snapshot.status([], false)

interface Case {
  readonly what: string
  /** What is read late: below it is what the list names. */
  readonly late: readonly [operation: 'get' | 'children', path: string]
  /** The list, if the znodes that it names are its own children; it is not read before they have their texts. */
  readonly list?: string
  /** The texts first, and then the list that names them, if that is a text. */
  readonly write: (writer: Session) => Promise<void>
  /** Whether the list has been read. */
  readonly isListed: (tree: ZnodeCache) => boolean
  readonly shown: (snapshot: ApiSnapshot) => unknown
  readonly without: unknown
  readonly whole: unknown
}
type Late = Omit<Case, 'what' | 'late'>

const disk = { name: 'disk', last_run: 5, health_delta: 3, message: 'hot', data: { of: 'it' } }
const checks: Late = {
  write: async (writer) => await putAll(writer, { ...checkTexts('disk'), '/nodes/fig/monitoring_plugins': 'disk' }),
  isListed: ({ snapshot }) => snapshot.get('/nodes/fig/monitoring_plugins')?.data === 'disk',
  shown: (snapshot) => [snapshot.node('fig')?.reply.health_plugins, snapshot.node('fig')?.reply.health_details],
  without: [[], []],
  whole: [['disk'], [disk]],
}
const dead = { kind: 'node_dead', node: 'plum' } as const
const text = 'Node plum is dead; what it may hold is not known to be released'
const fault: Late = {
  list: '/faults',
  write: async (writer) => await raiseFault(writer, dead, WALL),
  isListed: ({ snapshot }) => snapshot.get(`/faults/${faultId(dead)}/last_time`) !== undefined,
  shown: (snapshot) => [snapshot.faults, status(snapshot).cluster_health.messages],
  without: [[], []],
  whole: [
    [{ id: faultId(dead), status: 'new', health_delta: 50, message: text, last_reported: '2026-01-01 00:00:00', first_reported: '2026-01-01 00:00:00', acknowledged_at: '' }],
    [{ id: faultId(dead), health_delta: 50, text }],
  ],
}
const node: Late = {
  list: '/nodes',
  write: async (writer) => await putAll(writer, { '/nodes/new': 'coordinator', '/nodes/new/daemonmode': 'coordinator', '/nodes/new/daemonstate': 'run', '/nodes/new/pvcversion': '1', '/nodes/new/routerstate': 'secondary' }),
  isListed: ({ snapshot }) => snapshot.get('/nodes/new/daemonstate') !== undefined,
  shown: (snapshot) => snapshot.nodes.filter(({ name }) => name === 'new').map(({ daemon_state: daemon, coordinator_state: state, pvc_version: version }) => [daemon, state, version]),
  without: [],
  whole: [['run', 'secondary', '1']],
}
const member: Late = {
  ...node,
  shown: ({ cluster }) => cluster?.members.filter(({ name }) => name === 'new').map(({ mode, daemonState, coordinatorState }) => [mode, daemonState, coordinatorState]),
  whole: [['coordinator', 'run', 'secondary']],
}

const cases: readonly Case[] = [
  { what: 'a check, by the list of all', late: ['children', '/nodes/fig/monitoring_data'], ...checks },
  { what: 'a check, by the list of its texts', late: ['children', '/nodes/fig/monitoring_data/disk'], ...checks },
  { what: 'a check, by one text', late: ['get', '/nodes/fig/monitoring_data/disk/message'], ...checks },
  { what: 'a fault, by the list of its texts', late: ['children', `/faults/${faultId(dead)}`], ...fault, isListed: ({ snapshot }) => snapshot.children('/faults').length === 1 },
  { what: 'a fault, by its message', late: ['get', `/faults/${faultId(dead)}/message`], ...fault },
  { what: 'a fault, by its cost', late: ['get', `/faults/${faultId(dead)}/delta`], ...fault },
  { what: 'a node, by one text', late: ['get', '/nodes/new/pvcversion'], ...node },
  { what: 'a member, by its state', late: ['get', '/nodes/new/routerstate'], ...member },
  {
    what: 'a domain in the status',
    late: ['get', '/domains/u1/state'],
    list: '/domains',
    write: async (writer) => await putAll(writer, { '/domains/u1': 'mail', '/domains/u1/state': 'stop', '/domains/u1/node': 'fig' }),
    isListed: ({ snapshot }) => snapshot.get('/domains/u1')?.data === 'mail',
    shown: (snapshot) => [status(snapshot).vms, status(snapshot).detail.vm, snapshot.domainsOn('fig')],
    without: [{ total: 0 }, [], []],
    whole: [{ total: 1, stop: 1 }, [{ uuid: 'u1', name: 'mail', state: 'stop' }], []],
  },
  {
    what: 'a domain of a node',
    late: ['get', '/domains/u1'],
    write: async (writer) => await putAll(writer, { '/domains/u1': 'mail', '/nodes/fig/runningdomains': 'u1' }),
    isListed: ({ snapshot }) => snapshot.get('/nodes/fig/runningdomains')?.data === 'u1',
    shown: (snapshot) => snapshot.node('fig')?.reply.running_domains,
    without: [],
    whole: ['mail'],
  },
  {
    what: 'a dead node and its fence record',
    late: ['get', '/nodes/plum/fence'],
    write: async (writer) => await putAll(writer, {
      '/nodes/plum/fence': JSON.stringify(newFence('fig', 'presence_gone', { presence: null, renewal: null, keepalive: null }, WALL)), '/nodes/plum/daemonstate': 'dead',
    }),
    isListed: ({ snapshot }) => snapshot.get('/nodes/plum/daemonstate')?.data === 'dead',
    shown: (snapshot) => status(snapshot).fencing?.dead.map(({ node, state }) => [node, state]),
    without: [],
    whole: [['plum', 'pending']],
  },
]

for (const { what, late, list, write, isListed, shown, without, whole } of cases) {
  t.test(`${what}: listed once it has been read`, async (t) => {
    const { writer, session, tree, snapshots, latest } = await world(t)
    const held = holdBack(session, ...late)
    const children = list === undefined ? null : holdBack(session, 'children', list)
    await write(writer)
    children?.release()
    await held.asked
    await eventually(() => isListed(tree))
    t.strictSame(shown(latest()), without, 'not yet')
    held.release()
    await eventually(() => isDeepStrictEqual(shown(latest()), whole))
    for (const snapshot of snapshots) t.ok([without, whole].some((each) => isDeepStrictEqual(each, shown(snapshot))), 'nothing in between')
  })
}

t.test('what is missing in ZooKeeper is listed', async (t) => {
  const { writer, session, tree, latest } = await world(t)
  const reply = (name: string) => latest().node(name)?.reply
  await putAll(writer, { '/nodes/fig/monitoring_data/part': 'part', '/nodes/fig/monitoring_data/part/message': 'fine' })
  const held = holdBack(session, 'children', '/nodes/plum/monitoring_data')
  await writer.create('/nodes/plum/monitoring_data/other', 'other')
  await held.asked
  await putAll(writer, { '/nodes/fig/monitoring_plugins': 'gone part', '/nodes/fig/runningdomains': 'u9', '/nodes/plum/monitoring_plugins': 'gone', '/nodes/bare': 'coordinator', '/faults/F0000000': '' })
  await eventually(() => latest().names.includes('bare') && tree.snapshot.get('/nodes/plum/monitoring_plugins') !== undefined && latest().faults.length === 1)
  t.match(reply('bare'), { daemon_state: 'unknown', pvc_version: 'N/A' })
  t.match(latest().faults, [{ id: 'F0000000', message: '', health_delta: 0 }])
  t.strictSame(reply('fig')?.running_domains, ['u9'])
  t.strictSame(reply('fig')?.health_details, [
    { name: 'gone', last_run: 0, health_delta: 0, message: '', data: {} }, { name: 'part', last_run: 0, health_delta: 0, message: 'fine', data: {} },
  ])
  t.strictSame(reply('plum')?.health_plugins, [], 'it may be in a list that is still to come')
  held.release()
  await eventually(() => reply('plum')?.health_plugins.length === 1)
  t.strictSame(reply('plum')?.health_details, [{ name: 'gone', last_run: 0, health_delta: 0, message: '', data: {} }], 'it is not in it')
})

t.test('what is missing after contact was lost is listed once every list has been read again, though none has changed', async (t) => {
  const { writer, path, session, tree, latest } = await world(t)
  const held = holdBack(session, 'children', '/nodes/plum/monitoring_data')
  const suspended = reaches(session, 'suspended')
  path.cut()
  await suspended
  await put(writer, '/nodes/plum/monitoring_plugins', 'gone')
  await held.asked
  await eventually(() => tree.snapshot.get('/nodes/plum/monitoring_plugins') !== undefined)
  t.strictSame(latest().node('plum')?.reply.health_plugins, [])
  held.release()
  await eventually(() => latest().node('plum')?.reply.health_plugins.length === 1)
  t.strictSame(latest().node('plum')?.reply.health_plugins, ['gone'])
})

t.test('what cannot be read is listed', async (t) => {
  const { writer, session, latest } = await world(t)
  const get = session.get.bind(session)
  session.get = async (path, options) => {
    if (path.endsWith('/message')) throw new ZooKeeperError('no_auth', { op: 'get', path })
    return await get(path, options)
  }
  await putAll(writer, { ...checkTexts('disk'), '/nodes/fig/monitoring_plugins': 'disk' })
  await eventually(() => latest().node('fig')?.reply.health_plugins.length === 1)
  t.strictSame(latest().node('fig')?.reply.health_details, [{ ...disk, message: '' }])
})

t.test('what is shown stays while its list is read again', async (t) => {
  const { writer, session, tree, latest } = await world(t)
  await putAll(writer, { '/nodes/fig/monitoring_plugins': 'gone', '/nodes/fig/pvcversion': '1' })
  // All of it: a list that is held back before it has shown a new znode would keep that from being read.
  await eventually(() => latest().node('fig')?.reply.health_plugins.length === 1 && latest().node('fig')?.reply.pvc_version === '1')
  const lists = [holdBack(session, 'children', '/nodes/fig/monitoring_data'), holdBack(session, 'children', '/nodes/fig'), holdBack(session, 'children', '/nodes')]
  await putAll(writer, { ...checkTexts('other'), '/nodes/fig/fence': '', '/nodes/new': 'coordinator' })
  await Promise.all(lists.map(async ({ asked }) => await asked))
  await writer.set('/nodes/fig/pvcversion', '2', ANY_VERSION)
  await eventually(() => latest().node('fig')?.reply.pvc_version === '2')
  t.strictSame(latest().node('fig')?.reply.health_plugins, ['gone'])
  t.strictSame(latest().names, ['fig', 'plum', 'quince', 'yew'])
  for (const { release } of lists) release()
  await eventually(() => latest().names.includes('new') && tree.snapshot.children('/nodes/fig/monitoring_data').length === 1)
})
