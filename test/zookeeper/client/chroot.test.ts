/** Chroots of one ensemble: made by the first client, apart from each other, and missed when they are deleted. What else a connection promises is in the contract. */
import t, { type Test } from 'tap'
import { ANY_VERSION, type Session } from '../../../src/zookeeper/session/session.ts'
import type { ZooKeeperServer } from '../../../tools/testbed/zookeeper-server.ts'
import { connect, dropConnection, eventually, kazoo, keep, openSession, proxy, reaches, zookeeper } from '../../support/zookeeper.ts'

const inChroot = (path: string, create = true) => ({ chroot: { path, create } })

/** Nobody but their owner may make anything below `path` from now on. */
async function close (t: Test, server: ZooKeeperServer, path: string): Promise<void> {
  const owner = await kazoo(t, server, `
from kazoo.security import make_acl, make_digest_acl
zk.add_auth('digest', 'owner:secret')
for line in sys.stdin:
    zk.set_acls(line.strip(), [make_digest_acl('owner', 'secret', all=True), make_acl('world', 'anyone', read=True, write=True, delete=True)])
    say('done')
`)
  await owner.ask(path)
}

const names = async (session: Session, path: string) => (await session.children(path)).names

t.test('several clients make one chroot at once, with what is missing above it', async (t) => {
  const server = await zookeeper(t)
  const sessions = await Promise.all(Array.from({ length: 8 }, async () => await connect(t, server, inChroot('/clusters/north/a'))))
  await sessions[0]?.create('/nodes', 'of a')
  for (const session of sessions) {
    await session.sync('/')
    t.equal((await session.get('/nodes')).data, 'of a')
  }
  const root = await connect(t, server)
  t.match(await root.get('/clusters/north/a'), { data: '', stat: { ephemeralOwner: '0', numChildren: 1 } })
  t.equal((await root.get('/clusters/north/a/nodes')).data, 'of a')
})

t.test('two clusters are blind to each other, whatever they name', async (t) => {
  const server = await zookeeper(t)
  const [a, b, beside] = await Promise.all([connect(t, server, inChroot('/c/a')), connect(t, server, inChroot('/c/b')), connect(t, server, inChroot('/c/ab'))])
  const heard: string[] = []
  b.onWatch('/x', (kind) => heard.push(kind))
  await b.exists('/x', { watch: true })
  await a.create('/x', '1')
  await a.set('/x', '2', ANY_VERSION)
  t.equal(await a.createSequential('/x/s-', '', { ephemeral: true }), '/x/s-0000000000', 'a name that the servers made is of the cluster, too')
  await a.createAll([{ path: '/m', data: '', ephemeral: false }, { path: '/m/n', data: 'n', ephemeral: false }])
  t.strictSame(await names(a, '/'), ['m', 'x'])
  t.strictSame(await names(b, '/'), [])
  t.strictSame(await names(beside, '/'), [], 'nor is one whose name begins alike')
  for (const path of ['/../a/x', '/./x', 'b/x', '/x/', '//x']) {
    await t.rejects(a.exists(path), { code: 'invalid_argument' }, path)
    await t.rejects(a.createAll([{ path, data: '', ephemeral: false }]), { code: 'invalid_argument' }, path)
  }
  t.strictSame(heard, [])
  await b.create('/x', '')
  await eventually(() => heard.length === 1)
  t.strictSame(heard, ['created'])
})

t.test('a chroot that may not be made is said with the znode that is closed; one that is there is used', async (t) => {
  const server = await zookeeper(t)
  const root = await connect(t, server)
  await root.create('/clusters', '')
  await root.create('/clusters/a', '')
  await close(t, server, '/clusters')
  const refused = openSession(t, server, inChroot('/clusters/b/deeper'))
  await reaches(refused, 'lost')
  t.match(refused.lost.reason, { code: 'chroot_denied', op: 'create', path: '/clusters/b', zkCode: -102, maybeApplied: false })
  t.match(String(refused.lost.reason), /create "\/clusters\/b": .*does not permit this process to make it/)
  t.equal(await root.exists('/clusters/b'), null)
  const used = await connect(t, server, inChroot('/clusters/a'))
  await used.create('/x', '')
  t.ok(await root.exists('/clusters/a/x'))
})

t.test('what a cluster is denied names the path as the servers have it', async (t) => {
  const server = await zookeeper(t)
  const session = await connect(t, server, inChroot('/clusters/a'))
  await session.create('/nodes', '')
  await close(t, server, '/clusters/a/nodes')
  await t.rejects(session.create('/nodes/hv1', ''), { code: 'no_auth', path: '/clusters/a/nodes/hv1' })
})

t.test('a chroot that is deleted ends the session, also while it is out of contact; one that is written to or filled does not', async (t) => {
  const server = await zookeeper(t)
  const path = await proxy(t, server)
  const root = await connect(t, server)
  const session = await connect(t, path, inChroot('/a'))
  const heard: string[] = []
  session.onWatch('/', (kind) => heard.push(kind))
  await root.set('/a', 'changed', ANY_VERSION)
  await session.sync('/')
  await dropConnection(path, session)
  t.equal((await session.get('/', { watch: true })).data, 'changed')
  await root.set('/a', 'again', ANY_VERSION)
  await eventually(() => heard.length === 1)
  await root.create('/a/x', '')
  await root.delete('/a/x', ANY_VERSION)
  await session.sync('/')
  t.strictSame(heard, ['changed'], 'what was asked for alone')
  t.equal(session.state, 'connected')

  const suspended = reaches(session, 'suspended')
  path.refuse()
  await suspended
  await root.delete('/a', ANY_VERSION)
  path.heal()
  await reaches(session, 'lost')
  t.match(session.lost.reason, { code: 'chroot_deleted', path: '/a' })

  const second = await connect(t, server, inChroot('/b'))
  await root.delete('/b', ANY_VERSION)
  await reaches(second, 'lost')
  t.match(second.lost.reason, { code: 'chroot_deleted', path: '/b' })
  await t.rejects(second.create('/x', ''), { code: 'chroot_deleted' })
})

t.test('a keeper does not make a deleted chroot again, and is back once another client has made it', async (t) => {
  const server = await zookeeper(t)
  const root = await connect(t, server)
  const { keeper, reports } = keep(t, server, { chroot: '/clusters/a' })
  const first = await keeper.ready()
  await root.delete('/clusters/a', ANY_VERSION)
  await reaches(first, 'lost')
  const failures = () => reports.filter((report) => report.event === 'connect_failed')
  await eventually(() => failures().length >= 2)
  t.match(reports.find(({ event }) => event === 'session_lost'), { error: { code: 'chroot_deleted' } })
  t.ok(failures().every(({ error, retryIn }) => error.code === 'chroot_deleted' && retryIn >= 200), 'and the longest pause is made at once')
  t.equal(keeper.current, null)
  t.match(keeper.failure, { code: 'chroot_deleted' })
  t.equal(await root.exists('/clusters/a'), null)
  const { keeper: restarted } = keep(t, server, { chroot: '/clusters/a' })
  await restarted.ready()
  t.not((await keeper.ready()).id, first.id)
  t.equal(keeper.failure, null)
})

t.test('servers without their data are no deletion: the keeper makes the chroot again', { timeout: 60_000 }, async (t) => {
  const server = await zookeeper(t)
  const { keeper, reports } = keep(t, server, { chroot: '/clusters/a', sessionTimeout: 2_000 })
  const first = await keeper.ready()
  for (const name of ['/x', '/y', '/z']) await first.create(name, '')
  await server.kill()
  await server.wipe()
  await server.start()
  await reaches(first, 'lost')
  t.match(first.lost.reason, { code: 'session_refused' })
  const second = await keeper.ready()
  t.strictSame(await names(second, '/'), [])
  t.notOk(reports.some((report) => report.event === 'connect_failed' && report.error.code === 'chroot_deleted'))
})

t.test('kazoo in the same chroot, as ZooKeeper writes it, is in the same cluster', async (t) => {
  const server = await zookeeper(t)
  const session = await connect(t, server, inChroot('/clusters/a'))
  await session.create('/nodes', 'ours')
  const peer = await kazoo(t, { connectString: `${server.connectString}/clusters/a` }, `
for line in sys.stdin:
    say(zk.get('/nodes')[0].decode() if line.strip() == 'get' else str(zk.exists('/nodes/hv1') is not None))
`)
  t.equal(await peer.ask('get'), 'ours')
  await session.create('/nodes/hv1', '')
  t.equal(await peer.ask('exists'), 'True')
})
