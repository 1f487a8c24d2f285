/** Two clusters of the same node names under two chroots of one ensemble: each is blind to the other, also while both switch over at once. */
import t, { type Test } from 'tap'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Cluster } from '../../../tools/testbed/cluster.ts'
import { askApi, askForSwitchover } from '../../support/api-client.ts'
import { cluster, quick, watch } from '../../support/cluster.ts'
import { notifications } from '../../support/network/notify-socket.ts'
import { ANY_VERSION, type Session } from '../../../src/zookeeper/session/session.ts'
import { connect, eventually, kazoo, zookeeper } from '../../support/zookeeper.ts'

const names = async (session: Session, path: string) => (await session.children(path)).names

const switchTo = async (api: string, to: string) => await askForSwitchover(api, { to }, '?wait=60')

async function deleteAll (t: Test, to: { connectString: string }, path: string): Promise<void> {
  const client = await kazoo(t, to, `
def paths(at):
    for name in zk.get_children(at):
        yield from paths(at + '/' + name)
    yield at
for line in sys.stdin:
    transaction = zk.transaction()
    for path in paths(line.strip()):
        transaction.delete(path)
    say('done' if all(result is True for result in transaction.commit()) else 'again')
`)
  // What the daemons make between the listing and the transaction keeps it from being applied.
  while (await client.ask(path) !== 'done');
}

t.test('apart', { timeout: 180_000 }, async (t) => {
  const server = await zookeeper(t)
  const run = t.testdir({})
  const options = (chroot: string) => ({ nodes: ['hv1', 'hv2'], zookeeper: server, chroot, system: () => ({ run_directory: run }), ...quick })
  const [a, b] = await Promise.all([cluster(t, options('/clusters/a')), cluster(t, options('/clusters/b'))])
  const [primaryOfA, primaryOfB] = await Promise.all([a.watcher.settled(), b.watcher.settled()])
  const [apiOfA, apiOfB] = await Promise.all([a.cluster.startApi('hv1'), b.cluster.startApi('hv1')])

  t.test('a switchover in each at the same time', async (t) => {
    const other = (name: string) => name === 'hv1' ? 'hv2' : 'hv1'
    const [ofA, ofB] = await Promise.all([switchTo(apiOfA, other(primaryOfA.name)), switchTo(apiOfB, other(primaryOfB.name))])
    t.match(ofA, { status: 200, body: { outcome: 'succeeded', became: other(primaryOfA.name) } })
    t.match(ofB, { status: 200, body: { outcome: 'succeeded', became: other(primaryOfB.name) } })
    const before = await b.watcher.settled()
    t.match(await switchTo(apiOfA, primaryOfA.name), { status: 200, body: { outcome: 'succeeded' } })
    await a.watcher.settled(primaryOfA.name)
    t.strictSame(await b.watcher.settled(), before, 'another one in a alone is nothing to b')
    t.strictSame([...a.cluster.collisions(), ...b.cluster.collisions()], [])
  })

  t.test('everything of them is below their chroots', async (t) => {
    const root = await connect(t, server)
    t.strictSame(await names(root, '/'), ['clusters', 'zookeeper'])
    t.strictSame(await names(root, '/clusters'), ['a', 'b'])
    t.strictSame(await names(root, '/clusters/a/nodes'), ['hv1', 'hv2'])
    const sessionOf = async (path: string) => (await root.exists(path))?.ephemeralOwner
    t.not(await sessionOf('/clusters/a/nodes/hv1/presence'), await sessionOf('/clusters/b/nodes/hv1/presence'), 'a name is taken in its own cluster alone')
  })

  t.test('status, pages, metrics, logs and lock files tell them apart', async (t) => {
    for (const [chroot, api, made] of [['/clusters/a', apiOfA, a.cluster], ['/clusters/b', apiOfB, b.cluster]] as const) {
      t.match(await askApi(`${api}/api/v1/status`), { status: 200, body: { cluster: chroot } })
      t.match((await askApi(`${api}/`)).text, `<h1>Coordinators of ${chroot}</h1>`)
      t.match((await askApi(`${api}/docs/`)).text, `Status of the cluster ${chroot}`)
      t.match((await askApi(`${api}/metrics`)).text, `pvc_cluster_info{cluster="${chroot}"} 1`)
      for (const { log } of [...made.nodes.values(), ...made.apis.values()]) {
        t.ok(log.length > 0)
        t.strictSame(log.filter(({ cluster }) => cluster !== chroot), [], 'each line')
      }
    }
    const notes = readdirSync(run).map((name) => readFileSync(join(run, name), 'utf8'))
    for (const place of ['hv1 in /clusters/a', 'hv2 in /clusters/a', 'hv1 in /clusters/b', 'hv2 in /clusters/b']) t.equal(notes.filter((note) => note.includes(`of node ${place}, process `)).length, 1, place)
    const refused = await a.cluster.release('hv1')
    t.match(refused, { code: 75, log: [{ level: 'fatal', code: 'daemon_running', cluster: '/clusters/a', holder: /of node hv1 in \/clusters\/a, process \d+/ }] })
  })

  t.test('a chroot that is deleted: its daemons release everything, say so once, and wait; the other cluster continues', async (t) => {
    const before = await b.watcher.settled()
    const primary = a.cluster.nodes.get(primaryOfA.name)
    await deleteAll(t, server, '/clusters/a')
    for (const node of a.cluster.nodes.values()) await node.logged((line) => line['reason'] === 'chroot_deleted')
    await eventually(() => a.cluster.holder('r1') === null)
    t.equal(primary?.running, true)
    await eventually(async () => (await askApi<{ reasons?: string[] }>(`${apiOfA}/health/ready`)).body.reasons?.some((reason) => reason.includes('chroot was deleted')) === true)
    t.match(await askForSwitchover(apiOfA, { to: 'hv1' }), { status: 503, body: { code: 'chroot_unusable', outcome: 'not_started', detail: /"\/clusters\/a": the cluster's chroot was deleted/ } })
    const root = await connect(t, server)
    t.strictSame(await names(root, '/clusters'), ['b'], 'no daemon has made it again')
    t.strictSame(await b.watcher.settled(), before)
    await root.create('/clusters/a', '')
    const again = await watch(t, a.cluster)
    await again.settled()
    for (const { log } of a.cluster.nodes.values()) t.equal(log.filter((line) => line['reason'] === 'chroot_deleted').length, 1, 'one line')
    t.strictSame([...a.cluster.collisions(), ...b.cluster.collisions()], [])
  })
})

t.test('servers that come back without their data: the chroot is made again, and a primary is there without a restart', { timeout: 150_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1', 'hv2'], chroot: '/clusters/a', ...quick })
  await watcher.settled()
  const pids = [...made.nodes.values()].map(({ pid }) => pid)
  await made.zookeeper.kill()
  await made.zookeeper.wipe()
  await made.zookeeper.start()
  await watcher.settled(undefined, 60_000)
  t.same([...made.nodes.values()].map(({ pid, running }) => running ? pid : 0), pids)
  t.same(made.collisions(), [])
})

t.test('a chroot that may not be made: both daemons say which znode is closed, and are there once it is open', { timeout: 120_000 }, async (t) => {
  const made = new Cluster({ nodes: [], chroot: '/clusters/a', ...quick })
  t.teardown(async () => await made.close())
  await made.start()
  const root = await connect(t, made.zookeeper)
  await root.create('/clusters', '')
  const owner = await kazoo(t, made.zookeeper, `
from kazoo.security import make_acl, make_digest_acl, OPEN_ACL_UNSAFE
zk.add_auth('digest', 'owner:secret')
for line in sys.stdin:
    zk.set_acls('/clusters', OPEN_ACL_UNSAFE if line.strip() == 'open' else [make_digest_acl('owner', 'secret', all=True), make_acl('world', 'anyone', read=True)])
    say('done')
`)
  await owner.ask('close')
  const { path, said } = await notifications(t)
  const node = made.startNode('hv1', {}, { env: { NOTIFY_SOCKET: path } })
  const api = await made.startApi('hv1')
  t.match(await node.logged((line) => line['reason'] === 'chroot_denied'), { level: 'warn', msg: /^ZooKeeper cannot be used; still trying: create "\/clusters\/a": .*does not permit/, cluster: '/clusters/a' })
  await made.apis.get('hv1')?.logged((line) => line['reason'] === 'chroot_denied')
  t.match(await askApi(`${api}/api/v1/node`), { status: 503, body: { code: 'chroot_unusable', detail: /create "\/clusters\/a": .*does not permit/ } })
  t.match((await askApi<{ reasons: string[] }>(`${api}/health/ready`)).body.reasons, [/^Nothing has been read/, /does not permit/])
  await eventually(() => said.some((line) => /^STATUS=waiting for ZooKeeper: .*does not permit/.test(line)))
  await owner.ask('open')
  await node.logged((line) => line.msg === 'registered')
  await eventually(() => said.includes('STATUS=registered as hv1 in /clusters/a'))
  await eventually(async () => (await askApi(`${api}/api/v1/node`)).status === 200)
  await root.set('/clusters/a', 'a note of the operator\'s', ANY_VERSION)
  t.ok(node.running)
})
