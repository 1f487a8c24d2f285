/**
 * A server withholds the event of a change from a session that may not read the znode at that moment, and its watch is gone; nothing tells that the
 * permission is back.
 */
import t, { type Test } from 'tap'
import { systemClock } from '../../../src/runtime/clock.ts'
import { hasCode } from '../../../src/zookeeper/client/errors.ts'
import { ANY_VERSION, type Session } from '../../../src/zookeeper/session/session.ts'
import { only } from '../../../src/zookeeper/cache/session-source.ts'
import { ZnodeCache, type ZnodeCacheOptions } from '../../../src/zookeeper/cache/znode-cache.ts'
import { connect, eventually, kazoo, zookeeper } from '../../support/zookeeper.ts'

/** `<path> <permissions>` sets what anybody may do with a znode, `r`, `w`, `c` and `d`. */
const LISTS = `
from kazoo.security import make_acl
zk.ensure_path('/key')
zk.ensure_path('/nodes/a/state')
for line in sys.stdin:
    path, allowed = line.split()
    zk.set_acls(path, [make_acl('world', 'anyone', read='r' in allowed, write='w' in allowed, create='c' in allowed, delete='d' in allowed, admin=True)])
    say('done')
`

const interest: ZnodeCacheOptions['interest'] = (path) => ({ data: path !== '/nodes', children: path.split('/').length <= 3 && path !== '/key' })

async function world (t: Test, options: Partial<ZnodeCacheOptions> = {}) {
  const server = await zookeeper(t)
  const lists = await kazoo(t, server, LISTS)
  const permit = async (path: string, allowed: string) => { t.equal(await lists.ask(`${path} ${allowed}`), 'done') }
  await permit('/key', 'rwcd')
  const [session, writer] = [await connect(t, server), await connect(t, server)]
  const missed: string[] = []
  const denied: string[] = []
  const tree = new ZnodeCache({
    sessions: only(session),
    clock: systemClock,
    roots: ['/key', '/nodes'],
    interest,
    probeInterval: 20,
    onMissed: (path) => { missed.push(path) },
    onError: (error, path) => { if (hasCode(error, 'no_auth')) denied.push(path); else t.fail(`${path}: ${String(error)}`) },
    ...options,
  })
  t.teardown(() => tree.close())
  await tree.ready
  return { tree, writer, permit, missed, denied }
}

type Change = (writer: Session) => Promise<unknown>
const changes: ReadonlyArray<readonly [what: string, path: string, change: Change, isShown: (tree: ZnodeCache) => boolean]> = [
  ['the first root is written', '/key', async (writer) => await writer.set('/key', 'new', ANY_VERSION), ({ snapshot }) => snapshot.get('/key')?.data === 'new'],
  ['another znode is written', '/nodes/a/state', async (writer) => await writer.set('/nodes/a/state', 'new', ANY_VERSION), ({ snapshot }) => snapshot.get('/nodes/a/state')?.data === 'new'],
  ['a child is made', '/nodes', async (writer) => await writer.create('/nodes/b', 'b'), ({ snapshot }) => snapshot.get('/nodes/b')?.data === 'b'],
  ['a child is deleted', '/nodes', async (writer) => await writer.delete('/nodes/b', ANY_VERSION), ({ snapshot }) => snapshot.get('/nodes/b') === undefined && !snapshot.children('/nodes').includes('b')],
  ['a root is deleted, and comes back', '/key', async (writer) => { await writer.delete('/key', ANY_VERSION); await writer.create('/key', 'again') }, ({ snapshot }) => snapshot.get('/key')?.data === 'again'],
]

t.test('a change while reading was not permitted is seen once it is', async (t) => {
  const { tree, writer, permit, missed, denied } = await world(t)
  for (const [what, path, change, isShown] of changes) {
    t.comment(what)
    await permit(path, 'wcd')
    await change(writer)
    if (path !== '/key' || what.includes('written')) await permit(path, 'rwcd')
    await eventually(() => isShown(tree))
    await writer.set('/nodes/a/state', what, ANY_VERSION)
    await eventually(() => tree.snapshot.get('/nodes/a/state')?.data === what)
  }
  t.ok(missed.includes('/key') && missed.includes('/nodes') && missed.includes('/nodes/a/state'), missed.join())

  t.comment('and while it is not, nothing newer is claimed')
  denied.length = 0
  await permit('/nodes/a/state', 'wcd')
  await writer.set('/nodes/a/state', 'unseen', ANY_VERSION)
  await eventually(() => denied.includes('/nodes/a/state'))
  const known = systemClock.monotonic()
  await eventually(() => denied.length >= 3)
  t.ok(tree.snapshot.asOf <= known)
  await permit('/nodes/a/state', 'rwcd')
  await eventually(() => tree.snapshot.get('/nodes/a/state')?.data === 'unseen' && tree.snapshot.asOf > known)
})

t.test('a caller of caughtUp does not wait for a probe of the first root', async (t) => {
  const { tree, writer, permit } = await world(t, { probeInterval: 600_000 })
  await permit('/key', 'wcd')
  await writer.set('/key', 'new', ANY_VERSION)
  await permit('/key', 'rwcd')
  t.equal((await tree.caughtUp(AbortSignal.timeout(10_000))).get('/key')?.data, 'new')
})

t.test('a change that ZooKeeper has notified is not called missed', async (t) => {
  const { tree, writer, missed } = await world(t, { probeInterval: 1 })
  for (let at = 0; at < 500; at++) await Promise.all([writer.set('/key', String(at), ANY_VERSION), writer.set('/nodes/a/state', String(at), ANY_VERSION), at % 2 === 0 ? writer.create('/nodes/b', '') : writer.delete('/nodes/b', ANY_VERSION)])
  await eventually(() => tree.snapshot.get('/key')?.data === '499' && tree.snapshot.get('/nodes/a/state')?.data === '499' && tree.snapshot.get('/nodes/b') === undefined)
  t.strictSame(missed, [])
})
