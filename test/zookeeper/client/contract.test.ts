// What the port promises, of a real server and of the simulator's model alike: what the simulator shows is worth as much as this.
import t, { type Test } from 'tap'
import type { ConnectionEvent, WatchKind } from '../../../src/zookeeper/client/connection.ts'
import { isZooKeeperError } from '../../../src/zookeeper/client/errors.ts'
import { modelWorld, realWorld, type Peer, type World } from '../../support/contract-worlds.ts'

const PLAIN = { ephemeral: false, sequential: false }
const EPHEMERAL = { ephemeral: true, sequential: false }
const SEQUENTIAL = { ephemeral: false, sequential: true }

const codeOf = async (work: Promise<unknown>): Promise<string> => await work.then(() => 'done', (error: unknown) => {
  if (!isZooKeeperError(error)) throw error
  return error.maybeApplied ? `${error.code}, maybe applied` : error.code
})
const watchOf = (path: string, kind?: WatchKind) => (event: ConnectionEvent) => event.type === 'watch' && event.path === path && (kind === undefined || event.kind === kind)
const fired = ({ events }: Peer, path: string) => events.flatMap((event) => event.type === 'watch' && event.path === path ? event.kind : [])
const disconnected = ({ type }: ConnectionEvent) => type === 'disconnected'
const connected = ({ type }: ConnectionEvent) => type === 'connected'

/** Reads that arm a watch, what is done to the znode, and what is heard of it. */
const watching: ReadonlyArray<readonly [read: 'get' | 'exists' | 'children', exists: boolean, deed: 'create' | 'set' | 'delete' | 'child' | 'childless', heard: readonly WatchKind[]]> = [
  ['get', true, 'set', ['changed']],
  ['get', true, 'delete', ['deleted']],
  ['get', true, 'child', []],
  ['exists', true, 'set', ['changed']],
  ['exists', true, 'delete', ['deleted']],
  ['exists', false, 'create', ['created']],
  ['children', true, 'child', ['children']],
  ['children', true, 'childless', ['children']],
  ['children', true, 'set', []],
  ['children', true, 'delete', ['deleted']],
]

/** A client in a chroot watches that for itself: it always has something to arm again. */
type Place = 'at the root' | 'in a chroot'

async function contract (t: Test, make: () => Promise<World>, place: Place = 'at the root'): Promise<void> {
  const world = await make()
  const [one, two] = await Promise.all([world.connect(), world.connect()])

  t.test('values, versions, statistics', async (t) => {
    const { connection } = one
    t.equal(await connection.create('/a', 'ä', PLAIN), '/a')
    const made = await connection.get('/a', false)
    t.match(made, { data: 'ä', stat: { version: 0, cversion: 0, ephemeralOwner: '0', numChildren: 0, dataLength: 2 } })
    t.match(made.stat.czxid, /^[0-9a-f]{16}$/)
    t.equal(made.stat.czxid, made.stat.mzxid)
    const set = await connection.set('/a', 'b', 0)
    t.match(set, { version: 1, czxid: made.stat.czxid, dataLength: 1 })
    t.ok(set.mzxid > made.stat.mzxid)
    await connection.create('/a/c', '', PLAIN)
    await connection.delete('/a/c', 0)
    const after = await connection.exists('/a', false)
    t.match(after, { version: 1, cversion: 2, numChildren: 0, mzxid: set.mzxid })
    t.ok((after?.pzxid ?? '') > set.mzxid)
    t.equal((await connection.set('/a', '', -1)).version, 2, 'any version')
    t.equal(await connection.exists('/none', false), null)
    t.strictSame((await connection.children('/a', false)).names, [])
  })

  t.test('data that are longer than the caller takes read as empty, with their statistics', async (t) => {
    const { connection } = one
    for (const [name, data, length, bytes] of [['ascii', 'a'.repeat(40), 40, 40], ['three', '€'.repeat(40), 40, 120], ['pair', '😀'.repeat(20), 40, 80]] as const) {
      await connection.create(`/long-${name}`, data, PLAIN)
      t.match(await connection.get(`/long-${name}`, false, length), { data, stat: { dataLength: bytes } }, name)
      for (const less of [length - 1, 1]) t.match(await connection.get(`/long-${name}`, false, less), { data: '', stat: { dataLength: bytes } }, `${name}, ${less}`)
      t.equal((await connection.get(`/long-${name}`, false)).data, data, `${name}, any length`)
    }
  })

  t.test('refusals', async (t) => {
    const { connection } = one
    t.equal(await codeOf(connection.get('/none', false)), 'no_node')
    t.equal(await codeOf(connection.children('/none', false)), 'no_node')
    t.equal(await codeOf(connection.set('/none', '', -1)), 'no_node')
    t.equal(await codeOf(connection.delete('/none', -1)), 'no_node')
    t.equal(await codeOf(connection.create('/none/child', '', PLAIN)), 'no_node')
    t.equal(await codeOf(connection.create('/a', '', PLAIN)), 'node_exists')
    t.equal(await codeOf(connection.set('/a', '', 7)), 'bad_version')
    t.equal(await codeOf(connection.delete('/a', 7)), 'bad_version')
    await connection.create('/a/b', '', EPHEMERAL)
    t.equal(await codeOf(connection.delete('/a', -1)), 'not_empty')
    t.equal(await codeOf(connection.create('/a/b/c', '', PLAIN)), 'no_children_for_ephemerals')
    t.equal(await codeOf(connection.set('a', '', 0)), 'invalid_argument')
  })

  t.test('numbers of sequential znodes count what was created', async (t) => {
    const { connection } = one
    await connection.create('/line', '', PLAIN)
    t.equal(await connection.create('/line/x', '', SEQUENTIAL), '/line/x0000000000')
    t.equal(await connection.create('/line/y', '', SEQUENTIAL), '/line/y0000000001')
    await connection.delete('/line/x0000000000', -1)
    t.equal(await connection.create('/line/x', '', SEQUENTIAL), '/line/x0000000002')
    t.strictSame((await connection.children('/line', false)).names.sort(), ['x0000000002', 'y0000000001'])
  })

  t.test('a transaction makes all of its znodes at once, or none', async (t) => {
    const { connection } = one
    await connection.create('/all', '', PLAIN)
    const znode = (path: string, data = '', ephemeral = false) => ({ path, data, ephemeral })
    await two.connection.sync('/')
    await two.connection.children('/all', true)
    await connection.createAll([znode('/all/n', 'ä'), znode('/all/n/a', '1'), znode('/all/n/b'), znode('/all/n/mine', 'x', true)])
    await two.told((event) => event.type === 'watch' && event.path === '/all')
    t.strictSame((await two.connection.children('/all/n', false)).names.sort(), ['a', 'b', 'mine'], 'who is told of the first reads the others')
    const [node, child, mine] = await Promise.all(['/all/n', '/all/n/a', '/all/n/mine'].map(async (path) => await connection.get(path, false)))
    t.match([node, child], [{ data: 'ä', stat: { version: 0, ephemeralOwner: '0' } }, { data: '1', stat: { version: 0 } }])
    t.strictSame(new Set([node, child, mine].flatMap((each) => [each?.stat.czxid, each?.stat.mzxid])).size, 1, 'in one transaction')
    t.not(mine?.stat.ephemeralOwner, '0')

    t.equal(await codeOf(connection.createAll([znode('/all/new'), znode('/all/n')])), 'node_exists')
    t.equal(await codeOf(connection.createAll([znode('/all/new'), znode('/all/none/child'), znode('/all/n')])), 'no_node', 'the first reason')
    t.equal(await codeOf(connection.createAll([znode('/all/new'), znode('/all/n/mine/child')])), 'no_children_for_ephemerals')
    t.strictSame((await connection.children('/all', false)).names, ['n'])
    t.equal(await codeOf(connection.createAll([])), 'invalid_argument')
    t.equal(await codeOf(connection.createAll([znode('/all/new'), znode('all')])), 'invalid_argument')
    t.equal(await codeOf(connection.createAll(Array.from({ length: 11 }, (_, index) => znode(`/all/${index}`, 'x'.repeat(100_000))))), 'invalid_argument')
  })

  t.test('a transaction deletes all of its znodes at once, or none, and only while others are unchanged', async (t) => {
    const { connection } = one
    const at = (path: string, version = -1) => ({ path, version })
    for (const path of ['/several', '/several/n', '/several/n/a', '/several/n/b', '/several/key']) await connection.create(path, '', PLAIN)
    await connection.set('/several/n/b', 'x', 0)
    const whole = [at('/several/n/a', 0), at('/several/n/b', 1), at('/several/n', 0)]
    await two.connection.sync('/')
    await two.connection.get('/several/n/a', true)

    t.equal(await codeOf(connection.deleteAll([at('/several/n/a', 0), at('/several/n', 0)], [])), 'not_empty', 'a child that was not named')
    t.equal(await codeOf(connection.deleteAll([at('/several/n/a', 0), at('/several/n/b', 0), at('/several/n', 0)], [])), 'bad_version')
    t.equal(await codeOf(connection.deleteAll(whole, [at('/several/key', 1)])), 'bad_version', 'what has to be unchanged is not')
    t.equal(await codeOf(connection.deleteAll(whole, [at('/several/none')])), 'no_node')
    t.equal(await codeOf(connection.deleteAll([...whole, at('/several/none')], [])), 'no_node')
    t.strictSame((await connection.children('/several/n', false)).names.sort(), ['a', 'b'], 'nothing is gone')
    t.strictSame(fired(two, '/several/n/a'), [])

    await connection.deleteAll(whole, [at('/several/key', 0), at('/several')])
    await two.told(watchOf('/several/n/a', 'deleted'))
    t.equal(await two.connection.exists('/several/n', false), null, 'a client that hears of the first deletion finds nothing of the others')
    t.strictSame((await connection.children('/several', false)).names, ['key'])
    t.equal(await codeOf(connection.deleteAll([], [at('/several/key')])), 'invalid_argument')
    t.equal(await codeOf(connection.deleteAll([at('gone')], [])), 'invalid_argument')
    t.equal(await codeOf(connection.deleteAll(Array.from({ length: 1_000 }, (_, index) => at(`/several/${'x'.repeat(1_000)}${index}`)), [])), 'invalid_argument')
  })

  t.test('a write whose guard does not hold is none', async (t) => {
    const { connection } = one
    const at = (path: string, version = -1) => ({ path, version })
    await connection.create('/guarded', '', PLAIN)
    for (const name of ['state', 'alive']) await connection.create(`/guarded/${name}`, '0', PLAIN)
    await connection.set('/guarded/alive', '1', 0)
    const guard = { unchanged: [at('/guarded/alive', 1)], absent: ['/guarded/here'] }
    await two.connection.sync('/')
    await two.connection.exists('/guarded/here', true)
    t.equal(await codeOf(connection.setGuarded('/guarded/state', 'x', 0, { ...guard, unchanged: [at('/guarded/alive', 0)] })), 'bad_version')
    t.equal(await codeOf(connection.setGuarded('/guarded/state', 'x', 1, guard)), 'bad_version', 'the znode itself')
    t.equal(await codeOf(connection.setGuarded('/guarded/none', 'x', 0, guard)), 'no_node')
    t.equal(await codeOf(connection.setGuarded('/guarded/state', 'x', 0, { ...guard, absent: ['/guarded/alive'] })), 'node_exists')
    t.equal(await codeOf(connection.setGuarded('/guarded/state', 'x', 0, { ...guard, absent: ['/guarded/none/here'] })), 'no_node', 'its parent')
    t.equal(await codeOf(connection.setGuarded('/guarded/state', 'x', 0, { ...guard, absent: ['here'] })), 'invalid_argument')
    t.match(await connection.get('/guarded/state', false), { data: '0', stat: { version: 0 } }, 'nothing was written')
    t.strictSame(fired(two, '/guarded/here'), [])

    await connection.setGuarded('/guarded/state', 'x', 0, guard)
    t.match(await connection.get('/guarded/state', false), { data: 'x', stat: { version: 1 } })
    await two.told(watchOf('/guarded/here', 'created'))
    t.equal(await two.connection.exists('/guarded/here', false), null, 'a client that hears of it finds nothing')
    t.match(await connection.get('/guarded/alive', false), { data: '1', stat: { version: 1 } })
    await connection.create('/guarded/here', '', EPHEMERAL)
    t.equal(await codeOf(connection.setGuarded('/guarded/state', 'y', 1, guard)), 'node_exists')
    await connection.setGuarded('/guarded/state', 'y', -1, { unchanged: [], absent: [] })
    t.match(await connection.get('/guarded/state', false), { data: 'y' })
  })

  t.test('requests of one connection are applied in their order', async (t) => {
    const { connection } = one
    await connection.create('/order', '0', PLAIN)
    const answers = await Promise.all([
      connection.set('/order', '1', 0), connection.get('/order', false), connection.set('/order', '2', 1), connection.get('/order', false), codeOf(connection.set('/order', '3', 1)),
    ])
    t.match(answers, [{ version: 1 }, { data: '1' }, { version: 2 }, { data: '2' }, 'bad_version'])
    await two.connection.sync('/')
    t.equal((await two.connection.get('/order', false)).data, '2', 'others see it after a sync')
  })

  t.test('watches: what fires them, once', async (t) => {
    for (const [read, exists, deed, heard] of watching) {
      const path = `/${read}-${deed}-${String(exists)}`
      if (exists) await two.connection.create(path, '', PLAIN)
      if (deed === 'childless') await two.connection.create(`${path}/child`, '', PLAIN)
      await one.connection.sync('/')
      await one.connection[read](path, true)
      const act = async () => {
        switch (deed) {
          case 'create': return await two.connection.create(path, '', PLAIN)
          case 'set': return await two.connection.set(path, '', -1)
          case 'delete': return await two.connection.delete(path, -1)
          case 'child': return await two.connection.create(`${path}/child`, '', PLAIN)
          case 'childless': return await two.connection.delete(`${path}/child`, -1)
        }
      }
      await act()
      // What was to be told is told before the answer to a request that comes later.
      await one.connection.sync('/')
      t.strictSame(fired(one, path), heard, `${read}, ${exists ? 'there' : 'not there'}, ${deed}`)
      if (deed === 'set') await two.connection.set(path, '', -1)
      await one.connection.sync('/')
      t.strictSame(fired(one, path), heard, 'and only once')
    }
    t.equal(await codeOf(one.connection.get('/unmade', true)), 'no_node')
    await two.connection.create('/unmade', '', PLAIN)
    await one.connection.sync('/')
    t.strictSame(fired(one, '/unmade'), [], 'a reading that fails arms nothing')
  })

  t.test('a watch is told of before newer data can be read', async (t) => {
    await two.connection.create('/news', '0', PLAIN)
    await one.connection.sync('/')
    for (let round = 1; round <= 20; round++) {
      await one.connection.get('/news', true)
      const written = two.connection.set('/news', String(round), -1)
      for (;;) {
        const { data } = await one.connection.get('/news', false)
        if (data !== String(round)) continue
        t.equal(fired(one, '/news').length, round)
        break
      }
      await written
    }
  })

  t.test('ephemerals go with their session; closing is final', async (t) => {
    const guest = await world.connect()
    await guest.connection.create('/guest', '', EPHEMERAL)
    const [hello] = guest.events
    await one.connection.sync('/')
    t.equal((await one.connection.exists('/guest', true))?.ephemeralOwner, hello?.type === 'connected' ? hello.sessionId : '')
    guest.connection.close()
    guest.connection.close()
    await one.told(watchOf('/guest', 'deleted'))
    t.equal(await codeOf(guest.connection.get('/', false)), 'closed')
    t.strictSame(guest.events.map(({ type }) => type), ['connected'], 'and nothing is told after it')
  })

  t.test('a broken connection: what was sent may have been applied, watches tell afterwards what has happened', async (t) => {
    for (const [path, exists] of [['/gone', true], ['/moved', true], ['/quiet', true], ['/new', false], ['/parent', true]] as const) {
      if (exists) await two.connection.create(path, '', PLAIN)
    }
    await one.connection.sync('/')
    await Promise.all([
      one.connection.get('/gone', true), one.connection.get('/moved', true), one.connection.get('/quiet', true), one.connection.exists('/new', true), one.connection.children('/parent', true),
    ])
    const sent = codeOf(one.connection.set('/quiet', 'x', 7))
    await one.cut()
    await one.told(disconnected)
    t.match(await sent, /^(connection_loss, maybe applied|bad_version)$/)
    await two.connection.delete('/gone', -1)
    await two.connection.set('/moved', '', -1)
    await two.connection.create('/new', '', PLAIN)
    await two.connection.create('/parent/child', '', PLAIN)
    t.strictSame(['/gone', '/moved', '/new', '/parent'].flatMap((path) => fired(one, path)), [])
    one.heal()
    await one.told(connected, 2)
    await Promise.all([one.told(watchOf('/gone', 'deleted')), one.told(watchOf('/moved', 'changed')), one.told(watchOf('/new', 'created')), one.told(watchOf('/parent', 'children'))])
    t.strictSame(fired(one, '/quiet'), [])
    await two.connection.set('/quiet', '', -1)
    await one.told(watchOf('/quiet', 'changed'))
    const again = one.events.filter(connected)
    t.strictSame(again[0], again[1], 'it is the same session')
  })

  t.test('expiry', async (t) => {
    const guest = await world.connect(1_000)
    await guest.connection.create('/expiring', '', EPHEMERAL)
    await two.connection.sync('/')
    await two.connection.exists('/expiring', true)
    await guest.cut()
    await two.told(watchOf('/expiring', 'deleted'))
    guest.heal()
    await guest.told(({ type }) => type === 'expired')
    t.equal(await codeOf(guest.connection.get('/', false)), 'closed')
    t.strictSame(guest.events.map(({ type }) => type), ['connected', 'disconnected', 'expired'])
  })

  t.test('access lists: what is denied, and the event that is withheld', async (t) => {
    await two.connection.create('/listed', '', PLAIN)
    await two.connection.create('/listed/child', '', PLAIN)
    await one.connection.sync('/')
    await one.connection.get('/listed', true)
    await world.permit('/listed', 'wcd')
    await one.connection.sync('/')
    t.equal(await codeOf(one.connection.get('/listed', true)), 'no_auth')
    t.equal(await codeOf(one.connection.children('/listed', true)), 'no_auth')
    t.equal((await one.connection.exists('/listed', false))?.version, 0, 'which needs no permission')
    await two.connection.set('/listed', '', 0)
    await one.connection.sync('/')
    await world.permit('/listed', 'r')
    await one.connection.sync('/')
    t.equal(await codeOf(one.connection.set('/listed', '', -1)), 'no_auth')
    t.equal(await codeOf(one.connection.create('/listed/other', '', PLAIN)), 'no_auth')
    t.equal(await codeOf(one.connection.delete('/listed/child', -1)), 'no_auth')
    t.equal(await codeOf(one.connection.set('/listed/child', '', -1)), 'done', 'a child has a list of its own')
    t.equal((await one.connection.get('/listed', false)).stat.version, 1)
    await world.permit('/listed', 'rwcd')
    await two.connection.set('/listed', '', 1)
    await one.connection.sync('/')
    t.strictSame(fired(one, '/listed'), [], 'and the watch is gone')
  })

  t.test('servers without their data refuse a client that has seen more than they have, and tell it of its end once they have more', async (t) => {
    const veteran = await world.connect()
    const { mzxid } = await veteran.connection.set('/a', '', -1)
    await world.loseData()
    await veteran.told(disconnected)
    await veteran.tried(3)
    const newcomer = await world.connect()
    t.equal(await newcomer.connection.exists('/a', false), null)
    t.strictSame(veteran.events.map(({ type }) => type), ['connected', 'disconnected'], 'it has been told nothing')
    await newcomer.connection.create('/a', '', PLAIN)
    while ((await newcomer.connection.set('/a', '', -1)).mzxid <= mzxid);
    await veteran.told(({ type }) => type === 'expired')
    t.strictSame(veteran.events.map(({ type }) => type), ['connected', 'disconnected', 'expired'])
  })

  t.test('servers that want sessions to authenticate say so to a request, and to no client that has watches to arm again', async (t) => {
    const [plain, watching] = await Promise.all([world.connect(), world.connect()])
    await watching.connection.exists('/', true)
    await world.requireAuthentication()
    await watching.told(disconnected, 3)
    t.equal(await codeOf(watching.connection.sync('/')), 'connection_loss')
    await plain.told(connected, 2)
    t.equal(await codeOf(plain.connection.exists('/', false)), place === 'at the root' ? 'auth_required' : 'connection_loss')
  })
}

t.test('a real server', async (t) => await contract(t, async () => await realWorld(t)))
t.test('a real server, in a chroot', async (t) => await contract(t, async () => await realWorld(t, '/clusters/a'), 'in a chroot'))
t.test('the model, one server', async (t) => await contract(t, async () => modelWorld(t, 1)))
t.test('the model, three servers', async (t) => await contract(t, async () => modelWorld(t, 3)))
t.test('the model, three servers, in a chroot', async (t) => await contract(t, async () => modelWorld(t, 3, '/clusters/a'), 'in a chroot'))
