/**
 * Values that nobody writes, in every znode that a daemon reads, changing twice: every daemon lives, and what it says of the other nodes is right.
 * The znodes come from the patterns that the daemons' own trees are made of, and from what they read besides, so that a new one cannot be forgotten.
 */
import t from 'tap'
import { apiPaths } from '../../../src/projection/api-interest.ts'
import { isNoNode, isNodeExists } from '../../../src/zookeeper/client/errors.ts'
import { FENCE_LOCK, NODES, PRIMARY_NODE } from '../../../src/cluster/layout.ts'
import { baseName, parentPath } from '../../../src/zookeeper/client/paths.ts'
import { ANY_VERSION, type Session } from '../../../src/zookeeper/session/session.ts'
import { askApi, askForSwitchover } from '../../support/api-client.ts'
import { cluster, quick } from '../../support/cluster.ts'
import { kazoo } from '../../support/zookeeper.ts'

/** Read directly, below a node and elsewhere. */
const direct = [`${NODES}/{node}/ipmihostname`, '/logs/{node}/messages', FENCE_LOCK]

const brackets = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
const poisons: ReadonlyArray<readonly [string, readonly [string, string]]> = [
  ['deep', [`{"data":${brackets(2_500)}}`, `{"data":${brackets(2_501)}}`]],
  ['deeper', [brackets(60_000), brackets(60_001)]],
  ['huge', ['x'.repeat(200_000), 'y'.repeat(200_000)]],
  ['many words', ['a '.repeat(60_000), 'b '.repeat(60_000)]],
  ['numbers', ['{"epoch":1e999,"timeout":1e999,"base":9007199254740991,"czxid":"x","cause":"request","takeover_time":1e300}', '1e999']],
  ['binary', ['\u0001\u0002\ufffd', '"\ud800']],
]

/** The znode that a pattern stands for here. */
const instance = (pattern: string, node: string) => pattern.replace('{node}', node).replace('{epoch}', '0000000099').replace(/monitoring_data\/\{name\}/, 'monitoring_data/poisoned').replace('{name}', 'poisoned')

async function put (session: Session, path: string, text: string): Promise<void> {
  try {
    await session.set(path, text, ANY_VERSION)
  } catch (error) {
    if (!isNoNode(error)) throw error
    await session.ensurePath(parentPath(path))
    await session.create(path, text).catch((failure: unknown) => { if (!isNodeExists(failure)) throw failure })
  }
}

t.test('every daemon lives, and the other nodes read as they are', { timeout: 300_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1', 'hv2', 'hv3'], ...quick })
  const session = await watcher.session()
  const api = await made.startApi('hv1')
  const { name: first } = await watcher.settled()
  t.comment(`the poisoned node is ${first === 'hv3' ? 'the primary' : 'a secondary'}`)
  // One that is not there, and one that runs.
  const victims = ['ghost', 'hv3']
  const paths = [...new Set([...Object.keys(apiPaths), ...direct].flatMap((pattern) => victims.map((victim) => instance(pattern, victim))))]
  t.ok(paths.length > 60, `${paths.length} znodes`)

  for (const [kind, texts] of poisons) {
    for (const text of texts) {
      for (const path of paths) {
        // The list of checks names the poisoned one while that is read for the first time.
        const written = baseName(path) === 'monitoring_plugins' && text === texts[0] ? 'poisoned' : text
        // A presence is its session's own: written if it is there, never made.
        if (path.endsWith('/presence')) await session.set(path, written, ANY_VERSION).catch((error: unknown) => { if (!isNoNode(error)) throw error })
        else await put(session, path, written)
      }
      for (const name of ['hv1', 'hv2']) {
        t.match(await askApi(`${api}/api/v1/node/${name}?consistent`), { status: 200, body: [{ name, daemon_state: 'run', pvc_version: /^\d/ }] }, `${kind}: ${name} reads as it is`)
      }
      for (const path of ['/api/v1/node', '/api/v1/status', '/api/v1/primary', '/api/v1/switchover', '/api/v1/switchover/eligibility', '/metrics', '/api/v1/node/hv3', '/api/v1/node/hv3/log']) {
        const { status, text } = await askApi(`${api}${path}`)
        t.ok(status < 500 && text.length < 2_000_000, `${kind}: ${path}: ${status}, ${text.length} characters ${status < 500 ? '' : text.slice(0, 300)}`)
      }
    }
    for (const daemon of [...made.nodes.values(), ...made.apis.values()]) t.ok(daemon.running, `${kind}: ${daemon.name} lives`)
  }
  for (const daemon of [...made.nodes.values(), ...made.apis.values()]) {
    t.same(daemon.log.filter(({ level }) => level === 'fatal').map(({ msg }) => msg), [], `${daemon.name} says nothing fatal`)
  }

  // Names that nobody gives, in every folder whose children are read.
  const folders = new Set(Object.keys(apiPaths).flatMap((pattern) => /^(.*)\/\{\w+\}/.exec(pattern)?.[1]?.replace('{node}', 'hv3').replace('{name}', 'poisoned') ?? []))
  t.ok(folders.size >= 4, [...folders].join(' '))
  // Ours cannot give all of them.
  const python = await kazoo(t, made.zookeeper, `
for line in sys.stdin:
    path = line.rstrip("\\n")
    zk.ensure_path(path)
    zk.ensure_path(path + "/state")
    say("made")
`)
  for (const folder of folders) {
    for (const name of ['n'.repeat(300), 'n'.repeat(30_000), '\u00e9'.repeat(300), 'a b', '%2f', '-', '__proto__']) t.equal(await python.ask(`${folder}/${name}`), 'made')
  }
  for (const name of ['hv1', 'hv2']) t.match(await askApi(`${api}/api/v1/node/${name}?consistent`), { body: [{ name, daemon_state: 'run' }] }, 'beside names')
  for (const path of ['/api/v1/node', '/api/v1/status', '/api/v1/primary', '/api/v1/switchover', '/api/v1/switchover/eligibility', '/api/v1/faults', '/api/v1/metrics', '/api/v1/metrics/health', '/metrics', '/api/v1/node/hv3']) {
    const { status, headers, text } = await askApi(`${api}${path}`)
    t.equal(headers['x-view-stale'], undefined)
    t.ok(status < 500, `names: ${path}: ${status} ${text.slice(0, 300)}`)
  }
  await python.kill()

  // A new API starts with all of it there.
  const another = await made.startApi('hv2')
  t.match(await askApi(`${another}/api/v1/node/hv1?consistent`), { body: [{ name: 'hv1', daemon_state: 'run' }] })

  // The poisoned node starts again, the other one is taken away: the cluster has a primary, and the role moves when it is asked to.
  await made.nodes.get('hv3')?.kill()
  const keys = await session.children(`${NODES}/ghost`)
  for (const key of keys.names) await removeTree(session, `${NODES}/ghost/${key}`)
  await removeTree(session, `${NODES}/ghost`)
  await session.set(PRIMARY_NODE, 'hv1', ANY_VERSION)
  made.startNode('hv3')
  // A takeover that began among the poisons has the bound of its record, and what it does at that bound may be to give the key back.
  const { name: primary } = await watcher.settled(undefined, 120_000)
  const to = primary === 'hv1' ? 'hv2' : 'hv1'
  t.match(await askForSwitchover(another, { to }, '?wait=60'), { status: 200, body: { became: to } }, `from ${primary} to ${to}`)
})

async function removeTree (session: Session, path: string): Promise<void> {
  for (const name of (await session.children(path)).names) await removeTree(session, `${path}/${name}`)
  await session.delete(path, ANY_VERSION)
}
