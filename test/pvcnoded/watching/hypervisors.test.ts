/** What hypervisors cost ZooKeeper: the production daemon, as many as there are; each asks for its own znodes alone, however many others there are. */
import t, { type Test } from 'tap'
import { nodePath, NODES, PRIMARY_NODE } from '../../../src/cluster/layout.ts'
import type { Connection, Connector } from '../../../src/zookeeper/client/connection.ts'
import { nativeConnector } from '../../../src/zookeeper/client/native.ts'
import { Hypervisors } from '../../../tools/testbed/hypervisors.ts'
import type { ZooKeeperServer } from '../../../tools/testbed/zookeeper-server.ts'
import { cluster, quick } from '../../support/cluster.ts'
import { eventually } from '../../support/zookeeper.ts'

interface Request { readonly op: string, readonly path: string }

/** The native client, and everything that is asked of it. */
function recorded (requests: Request[]): Connector {
  const native = nativeConnector()
  return (options) => new Proxy(native(options), {
    get (connection, name: keyof Connection) {
      const value = connection[name]
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        if (typeof args[0] === 'string') requests.push({ op: name, path: args[0] })
        return (value as (...args: unknown[]) => unknown).apply(connection, args)
      }
    },
  })
}

/** Session → the paths that ZooKeeper watches for it. */
async function watchesBySession (server: ZooKeeperServer): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>()
  let paths: string[] = []
  for (const line of (await server.fourLetter('wchc')).split('\n')) {
    const [, session] = /^0x([0-9a-f]+)/.exec(line) ?? []
    if (session !== undefined) found.set(session.padStart(16, '0'), paths = [])
    else if (line.startsWith('\t')) paths.push(line.trim())
  }
  return found
}

async function world (t: Test) {
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1'], ...quick })
  await watcher.settled('hv1')
  const requests = new Map<string, Request[]>()
  const hypervisors = new Hypervisors({
    servers: [made.zookeeper.connectString],
    sessionTimeout: 4,
    keepaliveInterval: 1,
    connector: (node) => {
      requests.set(node, [])
      return recorded(requests.get(node) as Request[])
    },
  })
  const session = await watcher.session()
  const sessionOf = async (node: string) => (JSON.parse((await session.get(nodePath(node, 'presence'))).data) as { session: string }).session.padStart(16, '0')
  const runs = async (node: string) => await watcher.sees(`${node} runs`, ({ members }) => members.some((member) => member.name === node && member.daemonState === 'run' && member.presence !== null))
  const start = async (...nodes: string[]) => {
    for (const node of nodes) await hypervisors.start(node)
    for (const node of nodes) await runs(node)
  }
  /** The hypervisors end before ZooKeeper does. */
  const end = async () => await hypervisors[Symbol.asyncDispose]()
  return { zookeeper: made.zookeeper, watcher, session, hypervisors, start, sessionOf, requests, [Symbol.asyncDispose]: end }
}

t.test('a hypervisor watches and reads its own znodes alone', { timeout: 120_000 }, async (t) => {
  await using made = await world(t)
  const { zookeeper, watcher, session, hypervisors, start, sessionOf, requests } = made
  const own = (node: string) => [nodePath(node, 'daemonstate'), nodePath(node, 'domainstate')]
  const watched = async (node: string) => [...(await watchesBySession(zookeeper)).get(await sessionOf(node)) ?? []].sort()
  const totals: number[] = []
  const total = async () => [...(await watchesBySession(zookeeper)).values()].reduce((sum, paths) => sum + paths.length, 0)

  /** Once those of the coordinator are all there: nothing is added while a node writes two keepalives. */
  const steadyTotal = async (node: string) => {
    for (;;) {
      const before = await total()
      const { stat } = await session.get(nodePath(node, 'keepalive'))
      await eventually(async () => (await session.get(nodePath(node, 'keepalive'))).stat.version >= stat.version + 2)
      if (await total() === before) return before
    }
  }

  totals.push(await steadyTotal('hv1'))
  await start('n1', 'n2', 'n3')
  for (const node of ['n1', 'n2', 'n3']) await eventually(async () => (await watched(node)).length >= 2)
  for (const node of ['n1', 'n2', 'n3']) t.strictSame(await watched(node), own(node), `${node}, one of three`)
  totals.push(await steadyTotal('n1'))

  const before = requests.get('n1')?.length ?? 0
  await start('n4', 'n5', 'n6', 'n7', 'n8', 'n9')
  for (const node of ['n4', 'n9']) await eventually(async () => (await watched(node)).length >= 2)
  for (const node of ['n1', 'n9']) t.strictSame(await watched(node), own(node), `${node}, one of nine`)
  await eventually(async () => {
    const now = await total()
    return now - (totals[1] ?? 0) === 2 * ((totals[1] ?? 0) - (totals[0] ?? 0))
  })
  t.pass('six more cost all sessions together twice the watches of the first three')

  await hypervisors.stop('n4')
  await watcher.writeKeyBlindly('none')
  await watcher.settled('hv1')
  const { stat } = await session.get(nodePath('n1', 'keepalive'))
  await eventually(async () => (await session.get(nodePath('n1', 'keepalive'))).stat.version >= stat.version + 2)
  const asked = (requests.get('n1') ?? []).slice(before)
  t.ok(asked.some(({ path }) => path === nodePath('n1', 'keepalive')), 'its keepalives continue')
  const isOwn = ({ op, path }: Request) => path === nodePath('n1') || path.startsWith(`${nodePath('n1')}/`) || op === 'sync'
  t.strictSame(asked.filter((request) => !isOwn(request)), [], 'others came and went, and the role moved: nothing of that was asked for')
  t.notOk((requests.get('n1') ?? []).some(({ path }) => path === PRIMARY_NODE || path.startsWith('/switchovers')), 'nothing of the role, from its start on')
  const others = (requests.get('n9') ?? []).filter(({ path }) => path.startsWith(`${NODES}/`) && path !== nodePath('n9') && !path.startsWith(`${nodePath('n9')}/`))
  t.ok(others.every(({ op, path }) => op === 'get' && path.endsWith('/activeschema')), 'of others, a start asks for the version of the layout alone')
})

t.test('one that a coordinator has judged dead begins again', { timeout: 60_000 }, async (t) => {
  await using made = await world(t)
  const { session, start, sessionOf } = made
  await start('n1')
  const former = await sessionOf('n1')
  await session.set(nodePath('n1', 'daemonstate'), 'dead', (await session.get(nodePath('n1', 'daemonstate'))).stat.version)
  await eventually(async () => await sessionOf('n1').catch(() => former) !== former && (await session.get(nodePath('n1', 'daemonstate'))).data === 'run')
  t.equal((await session.get(nodePath('n1', 'routerstate'))).data, 'client', 'as a hypervisor is at rest')
})
