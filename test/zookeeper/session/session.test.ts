// One ZooKeeper session against a real server: operations, versions, deadlines, suspension, expiry, the end.
import t, { type Test } from 'tap'
import { systemClock } from '../../../src/runtime/clock.ts'
import { isZooKeeperError, type ErrorCode } from '../../../src/zookeeper/client/errors.ts'
import { ANY_VERSION, Session } from '../../../src/zookeeper/session/session.ts'
import { connect, connector, dropConnection, eventually, expireSession, openSession, proxy, reaches, zookeeper } from '../../support/zookeeper.ts'

async function codeOf (work: Promise<unknown>): Promise<ErrorCode | 'no error'> {
  return await work.then(() => 'no error' as const, (error: unknown) => {
    if (!isZooKeeperError(error)) throw error
    return error.code
  })
}

t.test('operations', async (t) => {
  const server = await zookeeper(t)
  const session = await connect(t, server)

  t.test('values, statistics and versions', async (t) => {
    await session.create('/a', 'one')
    const first = await session.get('/a')
    t.equal(first.data, 'one')
    t.match(first.stat, { version: 0, ephemeralOwner: '0', numChildren: 0, dataLength: 3 })
    t.match(first.stat.czxid, /^[0-9a-f]{16}$/)
    const second = await session.set('/a', 'zwei ü', 0)
    t.equal(second.version, 1)
    t.ok(second.mzxid > first.stat.mzxid, 'transactions compare as text')
    t.equal(second.czxid, first.stat.czxid)
    t.equal((await session.get('/a')).data, 'zwei ü')
    t.ok(Object.isFrozen(second))
  })

  t.test('every refusal has its own code, and a refused write was not applied', async (t) => {
    t.equal(await codeOf(session.get('/none')), 'no_node')
    t.equal(await codeOf(session.create('/a', '')), 'node_exists')
    t.equal(await codeOf(session.create('/none/b', '')), 'no_node')
    t.equal(await codeOf(session.delete('/', 0)), 'invalid_argument')
    await session.create('/e', '', { ephemeral: true })
    t.equal((await session.exists('/e'))?.ephemeralOwner, session.id)
    t.equal(await codeOf(session.create('/e/child', '')), 'no_children_for_ephemerals')
    await session.ensurePath('/p/q/r')
    await session.ensurePath('/p/q/r')
    t.equal(await codeOf(session.delete('/p', 0)), 'not_empty')
    const error = await session.set('/a', 'secret', 0).catch((error: unknown) => error)
    t.match(error, { code: 'bad_version', zkCode: -103, maybeApplied: false, op: 'set', path: '/a' })
  })

  t.test('version 0 is a version; any version must be asked for by name', async (t) => {
    await session.create('/v', 'x')
    await session.set('/v', 'y', 0)
    t.equal(await codeOf(session.set('/v', 'z', 0)), 'bad_version')
    t.equal(await codeOf(session.set('/v', 'z', -1)), 'invalid_argument')
    t.equal(await codeOf(session.delete('/v', -1)), 'invalid_argument')
    t.equal((await session.get('/v')).data, 'y')
    t.equal((await session.set('/v', 'z', ANY_VERSION)).version, 2)
    await session.delete('/v', ANY_VERSION)
    t.equal(await session.exists('/v'), null)
  })

  t.test('children are sorted', async (t) => {
    for (const name of ['c', 'a', 'b']) await session.ensurePath(`/kids/${name}`)
    t.strictSame((await session.children('/kids')).names, ['a', 'b', 'c'])
  })

  t.test('a watch fires once, before newer data can be read', async (t) => {
    await session.create('/w', '0')
    const other = await connect(t, server)
    const seen: string[] = []
    const listener = session.onWatch('/w', (kind) => seen.push(kind))
    for (let i = 0; i < 200; i++) {
      const before = seen.length
      const { data } = await session.get('/w', { watch: true })
      const write = other.set('/w', String(i + 1), ANY_VERSION)
      let now = data
      while (now === data) {
        now = (await session.get('/w')).data
        if (now !== data && seen.length === before) t.fail('newer data came before the notification')
      }
      await write
      t.equal(seen.length, before + 1)
    }
    listener[Symbol.dispose]()
  })

  t.test('an aborted signal ends an operation', async (t) => {
    const controller = new AbortController()
    const read = session.get('/a', { signal: controller.signal })
    controller.abort()
    t.equal(await codeOf(read), 'aborted')
    t.equal(await codeOf(session.get('/a', { signal: controller.signal })), 'aborted')
  })
})

t.test('accidents', async (t) => {
  const server = await zookeeper(t)

  t.test('an operation has a deadline, and a write given up may have been applied', async (t) => {
    // The deadline is what is tested, not the time after which a silent server is left.
    const session = await connect(t, server, { sessionTimeout: 30_000 })
    await session.create('/deadline', 'before')
    await server.pause()
    const write = await session.set('/deadline', 'after', 0, { deadline: 50 }).catch((error: unknown) => error)
    const read = await session.get('/deadline', { deadline: 50 }).catch((error: unknown) => error)
    server.resume()
    t.match(write, { code: 'deadline', maybeApplied: true })
    t.match(read, { code: 'deadline', maybeApplied: false })
    t.equal((await session.get('/deadline')).data, 'after', 'and was')
  })

  /** A write that was applied, and whose reply the proxy keeps from the session. */
  async function unanswered (t: Test, znode: string) {
    const path = await proxy(t, server)
    const session = await connect(t, path)
    const other = await connect(t, server)
    await session.create(znode, 'before')
    path.swallowReplies()
    const write = session.set(znode, 'after', 0).catch((error: unknown) => error)
    while ((await other.get(znode)).data !== 'after');
    // It is applied before it is answered.
    await eventually(() => path.swallowed > 0)
    return { path, session, write }
  }

  t.test('a write whose reply is lost may have been applied', async (t) => {
    const { path, write } = await unanswered(t, '/lost-reply')
    path.heal()
    t.match(await write, { code: 'connection_loss', zkCode: -4, maybeApplied: true })
  })

  t.test('replies out of order, as servers give them around an election: a broken connection like any other', async (t) => {
    const { path, session, write } = await unanswered(t, '/out-of-order')
    path.leaveOut()
    const read = session.get('/out-of-order').catch((error: unknown) => error)
    t.match(await write, { code: 'connection_loss', zkCode: -2, maybeApplied: true })
    t.match(await read, { code: 'connection_loss', maybeApplied: false })
    await reaches(session, 'connected')
    t.equal((await session.get('/out-of-order')).data, 'after', 'the same session continues')
  })

  t.test('suspended: refused at once, nothing sent, no watch armed; then the same session', async (t) => {
    const path = await proxy(t, server)
    const session = await connect(t, path)
    const id = session.id
    await session.create('/suspended', 'x', { ephemeral: true })
    const suspended = reaches(session, 'suspended')
    path.refuse()
    await suspended
    const seen: string[] = []
    session.onWatch('/suspended', (kind) => seen.push(kind))
    // A deadline of an hour: the test would hang if the refusal did not come at once.
    t.match(await session.get('/suspended', { watch: true, deadline: 3_600_000 }).catch((error: unknown) => error), { code: 'connection_loss', zkCode: 0 })
    t.match(await session.set('/suspended', 'y', 0, { deadline: 3_600_000 }).catch((error: unknown) => error), { code: 'connection_loss', maybeApplied: false })
    path.heal()
    await reaches(session, 'connected')
    t.equal(session.id, id)
    t.equal((await session.get('/suspended')).data, 'x')
    await session.set('/suspended', 'z', 0)
    await session.sync('/')
    t.strictSame(seen, [])
  })

  t.test('a watch survives a disconnection and tells of what happened meanwhile', async (t) => {
    const path = await proxy(t, server)
    const session = await connect(t, path)
    const other = await connect(t, server)
    await session.create('/meanwhile', 'x')
    await session.get('/meanwhile', { watch: true })
    const fired = new Promise<string>((resolve) => session.onWatch('/meanwhile', resolve))
    const suspended = reaches(session, 'suspended')
    path.refuse()
    await suspended
    await other.set('/meanwhile', 'y', 0)
    path.heal()
    t.equal(await fired, 'changed')
  })

  t.test('expiry: lost, for good, with the reason', async (t) => {
    const path = await proxy(t, server)
    const session = await connect(t, path, { sessionTimeout: 2_000 })
    const states: string[] = []
    session.onState((state) => states.push(state))
    await session.create('/expiring', '', { ephemeral: true })
    await expireSession(server, path, session)
    t.strictSame([states[0], states.at(-1)], ['suspended', 'lost'])
    t.match(session.lost, { aborted: true, reason: { code: 'session_expired' } })
    t.equal(await codeOf(session.get('/')), 'session_expired')
    await session.close()
    t.equal(session.state, 'lost', 'a terminal state is never left')
    t.equal(await (await connect(t, server)).exists('/expiring'), null)
  })

  t.test('partial replies are not taken for an expiry', async (t) => {
    const path = await proxy(t, server)
    const session = await connect(t, path)
    await session.create('/large', 'x'.repeat(900_000))
    path.trickle(1_000)
    for (let i = 0; i < 3; i++) t.equal((await session.get('/large', { deadline: 30_000, maxLength: 900_000 })).data.length, 900_000)
    t.equal(session.state, 'connected')
  })

  t.test('a session whose watches could not be re-armed is given up, not retried for ever', async (t) => {
    const path = await proxy(t, server)
    const session = await connect(t, path)
    const parent = `/${'p'.repeat(250)}/${'q'.repeat(250)}/${'r'.repeat(250)}/${'s'.repeat(200)}`
    for (let i = 0; i < 1_100; i += 100) {
      await Promise.all(Array.from({ length: 100 }, async (_, j) => await session.exists(`${parent}/${i + j}`, { watch: true })))
    }
    const over = reaches(session, 'lost')
    path.cut()
    await over
    t.match(session.lost.reason, { code: 'watch_overflow' })
  })

  t.test('a broken connection alone costs nothing', async (t) => {
    const path = await proxy(t, server)
    const session = await connect(t, path)
    const id = session.id
    for (let i = 0; i < 3; i++) await dropConnection(path, session)
    t.equal(session.id, id)
  })
})

t.test('the ends of a session', async (t) => {
  const server = await zookeeper(t)

  t.test('close waits for what is in progress, begins nothing, and is one', async (t) => {
    const session = await connect(t, server)
    const write = session.create('/closing', '', { ephemeral: true })
    const closing = session.close()
    t.equal(session.close(), closing)
    t.equal(await codeOf(session.get('/')), 'closed')
    await write
    await closing
    t.equal(session.state, 'closed')
    t.match(session.lost, { aborted: true, reason: { code: 'closed' } })
    t.equal(await codeOf(session.get('/')), 'closed')
    t.equal(await (await connect(t, server)).exists('/closing'), null, 'the servers know')
  })

  t.test('destroy fails what is in progress', async (t) => {
    const session = await connect(t, server)
    const { ZooKeeperError } = await import('../../../src/zookeeper/client/errors.ts')
    const read = session.get('/')
    const write = session.create('/destroyed', '').catch((error: unknown) => error)
    session.destroy(new ZooKeeperError('aborted', { op: 'close' }))
    session.destroy(new ZooKeeperError('unknown', { op: 'close' }))
    t.equal(await codeOf(read), 'aborted')
    t.match(await write, { code: 'aborted', maybeApplied: true })
    t.equal(session.state, 'lost')
  })

  t.test('no server: the connect deadline', async (t) => {
    const session = openSession(t, { connectString: '127.0.0.1:1' }, { connectTimeout: 50 })
    t.equal(await codeOf(session.get('/')), 'connection_loss')
    t.equal(await codeOf(session.whenConnected()), 'connect_timeout')
    t.equal(session.state, 'lost')
  })

  t.test('no such server: the names are resolved here', async (t) => {
    const session = openSession(t, { connectString: 'nowhere.invalid' })
    t.equal(await codeOf(session.whenConnected()), 'resolve_failed')
  })

  t.test('a name is resolved', async (t) => {
    await connect(t, { connectString: `localhost:${server.port}` })
  })

  t.test('waiting to be connected can be given up', async (t) => {
    const session = new Session({ connector, servers: ['127.0.0.1:1'], sessionTimeout: 4_000, clock: systemClock })
    const controller = new AbortController()
    const waiting = session.whenConnected({ signal: controller.signal })
    controller.abort()
    t.equal(await codeOf(waiting), 'aborted')
    t.equal(await codeOf(session.whenConnected({ deadline: 1 })), 'deadline')
    await session.close()
    t.equal(await codeOf(session.whenConnected()), 'closed')
  })
})
