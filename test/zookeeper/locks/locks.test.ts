// Our locks among themselves: order, time-outs, lost replies, lost sessions, verification, release, the book.
import t from 'tap'
import { getEventListeners } from 'node:events'
import { lockContenders } from '../../../src/zookeeper/locks/lock-order.ts'
import { ZooKeeperError, isZooKeeperError, type ErrorCode } from '../../../src/zookeeper/client/errors.ts'
import { acquireLock, type LockHandle, type LockOptions } from '../../../src/zookeeper/locks/locks.ts'
import { ANY_VERSION, type Session } from '../../../src/zookeeper/session/session.ts'
import { connect, dropConnection, eventually, expireSession, lockBook, proxy, reaches, zookeeper } from '../../support/zookeeper.ts'

const book = lockBook()

async function take (session: Session, path: string, options: Partial<LockOptions> = {}): Promise<LockHandle> {
  return await acquireLock(session, path, { book, kind: 'exclusive', identifier: 'me', timeout: 20_000, ...options })
}

async function codeOf (work: Promise<unknown>): Promise<ErrorCode | 'no error'> {
  return await work.then(() => 'no error' as const, (error: unknown) => {
    if (!isZooKeeperError(error)) throw error
    return error.code
  })
}

async function aborted (signal: AbortSignal): Promise<unknown> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
  return signal.reason
}

t.test('locks', async (t) => {
  const server = await zookeeper(t)
  const one = await connect(t, server)
  const two = await connect(t, server)
  const contenders = async (path: string): Promise<string[]> => lockContenders((await one.children(path)).names).map(({ name }) => name)

  // The watches below a path: wchp lists each watched path, and under it the sessions that watch it.
  const watched = async (below: string): Promise<Record<string, string[]>> => {
    const blocks = (await server.fourLetter('wchp')).split(/\n(?=\/)/).map((block) => block.trim().split(/\s+/))
    return Object.fromEntries(blocks.filter(([path]) => path?.startsWith(`${below}/`)).map(([path, ...ids]) => [path, ids.sort()]))
  }

  t.test('one at a time, in order; the name is kazoo\'s; the path is made', async (t) => {
    const first = await take(one, '/deep/down/lock', { identifier: 'number one' })
    t.match(first.name, /^[0-9a-f]{32}__lock__\d{10}$/)
    t.equal((await one.get(`/deep/down/lock/${first.name}`)).data, 'number one')
    t.ok(first.sound)
    const order: string[] = []
    const second = take(two, '/deep/down/lock').then((lock) => { order.push('second'); return lock })
    await eventually(async () => (await contenders('/deep/down/lock')).length === 2)
    const third = take(one, '/deep/down/lock').then((lock) => { order.push('third'); return lock })
    await eventually(async () => (await contenders('/deep/down/lock')).length === 3)
    t.strictSame(order, [])
    await first.release()
    await first.release()
    t.ok(first.released)
    t.notOk(first.sound)
    await (await second).release()
    await (await third)[Symbol.asyncDispose]()
    t.strictSame(order, ['second', 'third'])
    t.strictSame(await contenders('/deep/down/lock'), [])
  })

  t.test('a waiter watches its predecessor alone', async (t) => {
    const three = await connect(t, server)
    const first = await take(one, '/herd')
    const waiting = [take(two, '/herd')]
    await eventually(async () => (await contenders('/herd')).length === 2)
    waiting.push(take(three, '/herd'))
    await eventually(async () => (await contenders('/herd')).length === 3)
    const [front, middle] = await contenders('/herd')
    const expected = { [`/herd/${front}`]: [`0x${one.id}`, `0x${two.id}`].sort(), [`/herd/${middle}`]: [`0x${three.id}`] }
    await eventually(async () => Object.keys(await watched('/herd')).length === 2 && Object.values(await watched('/herd')).flat().length >= 3)
    t.strictSame(await watched('/herd'), expected, 'the holder its own child, each waiter the one in front')
    await first.release()
    for (const next of waiting) await (await next).release()
    t.strictSame(await watched('/herd'), {})
  })

  t.test('readers share, writers do not', async (t) => {
    const readers = [await take(one, '/rw', { kind: 'read' }), await take(two, '/rw', { kind: 'read' })]
    t.match(readers[0]?.name, /__rlock__/)
    t.equal(await codeOf(take(one, '/rw', { kind: 'write', timeout: 50 })), 'lock_timeout')
    const writer = take(one, '/rw', { kind: 'write' })
    await eventually(async () => (await contenders('/rw')).length === 3)
    t.equal(await codeOf(take(two, '/rw', { kind: 'read', timeout: 50 })), 'lock_timeout')
    for (const reader of readers) await reader.release()
    await (await writer).release()
  })

  t.test('out of time, aborted, given up: the child is gone', async (t) => {
    const holder = await take(one, '/gone')
    t.equal(await codeOf(take(two, '/gone', { timeout: 30 })), 'lock_timeout')
    t.equal((await contenders('/gone')).length, 1)
    const controller = new AbortController()
    const waiting = take(two, '/gone', { signal: controller.signal })
    await eventually(async () => (await contenders('/gone')).length === 2)
    controller.abort()
    t.equal(await codeOf(waiting), 'aborted')
    t.equal((await contenders('/gone')).length, 1)
    await holder.release()
    // On a path of its own, where the waiter is known by its watch. The holder watches there too.
    const other = await take(one, '/unwanted')
    let wanted = true
    const given = codeOf(take(two, '/unwanted', { onWake: () => wanted }))
    await eventually(async () => Object.values(await watched('/unwanted')).flat().includes(`0x${two.id}`))
    wanted = false
    await other.release()
    t.equal(await given, 'lock_abandoned')
    t.equal((await contenders('/unwanted')).length, 0)
    t.equal(await codeOf(take(one, '/gone', { timeout: Infinity })), 'invalid_argument')
    t.equal(await codeOf(take(one, '/gone', { timeout: 0 })), 'lock_timeout')
    t.strictSame(book.paths, [])
  })

  t.test('a sequential create whose reply was lost is found again: no orphan, no waiting on oneself', async (t) => {
    const path = await proxy(t, server)
    const session = await connect(t, path)
    await session.ensurePath('/lost')
    path.onRequest = (chunk) => {
      if (!chunk.includes('__lock__')) return
      path.onRequest = null
      path.swallowReplies()
    }
    const locking = take(session, '/lost')
    await eventually(async () => (await contenders('/lost')).length === 1)
    path.heal()
    const lock = await locking
    t.strictSame(await contenders('/lost'), [lock.name])
    await lock.release()
    t.strictSame(await contenders('/lost'), [])
  })

  t.test('an attempt whose child cannot be deleted is on the book, and bars the next until it is settled', async (t) => {
    const path = await proxy(t, server)
    const session = await connect(t, path)
    const holder = await take(one, '/booked')
    const waiting = codeOf(take(session, '/booked', { timeout: 300 }))
    await eventually(async () => (await contenders('/booked')).length === 2)
    path.blackHole()
    t.equal(await waiting, 'lock_timeout')
    t.strictSame(book.paths, ['/booked'])
    const { signal } = new AbortController()
    t.equal(await codeOf(take(two, '/booked', { timeout: 20, signal })), 'lock_unsettled')
    t.strictSame(getEventListeners(signal, 'abort'), [], 'what was given up listens no more')
    t.equal((await contenders('/booked')).length, 2, 'no other attempt was started')
    await holder.release()
    const next = take(two, '/booked')
    path.heal()
    const lock = await next
    t.strictSame(book.paths, [])
    t.strictSame(await contenders('/booked'), [lock.name])
    await lock.release()
  })

  t.test('a book that is closed sends nothing more', async (t) => {
    const path = await proxy(t, server)
    const session = await connect(t, path)
    const closed = lockBook()
    const holder = await take(one, '/closed')
    const waiting = codeOf(take(session, '/closed', { book: closed, timeout: 300 }))
    await eventually(async () => (await contenders('/closed')).length === 2)
    path.blackHole()
    t.equal(await waiting, 'lock_timeout')
    t.strictSame(closed.paths, ['/closed'])
    await closed.close()
    t.strictSame(closed.paths, [])
    path.heal()
    await eventually(async () => await session.sync('/closed').then(() => true, () => false))
    t.equal((await contenders('/closed')).length, 2, 'the child is left to the end of its session')
    await session.close()
    await eventually(async () => (await contenders('/closed')).length === 1)
    await holder.release()
  })

  t.test('a child of a session that we gave up is deleted through another', async (t) => {
    const path = await proxy(t, server)
    const session = await connect(t, path, { sessionTimeout: 50_000 })
    const holder = await take(one, '/helped')
    const waiting = take(session, '/helped').catch((error: unknown) => error)
    await eventually(async () => (await contenders('/helped')).length === 2)
    path.refuse()
    await reaches(session, 'suspended')
    session.destroy(new ZooKeeperError('aborted', { op: 'close' }))
    t.match(await waiting, { code: 'aborted' })
    t.strictSame(book.paths, ['/helped'])
    await holder.release()
    const lock = await take(two, '/helped')
    t.strictSame(await contenders('/helped'), [lock.name])
    await lock.release()
  })

  t.test('a child that comes back after its deletion, as from a backup of the servers, is deleted with the next connection', async (t) => {
    const path = await proxy(t, server)
    const restored = await connect(t, path)
    await (await take(restored, '/backup')).release()
    // Their names tell whose they were: neither is one that an attempt of this process has at present.
    await restored.createSequential('/backup/00000000000000000000000000000000__lock__', '', { ephemeral: true })
    await two.createSequential('/backup/11111111111111111111111111111111__lock__', '', { ephemeral: true })
    const waiting = take(restored, '/backup')
    await eventually(async () => (await contenders('/backup')).length === 3)
    await dropConnection(path, restored)
    await eventually(async () => (await contenders('/backup')).length === 2)
    const [others = ''] = await contenders('/backup')
    t.match(others, /^1{32}/, 'a child of another session stays, and so does that of an attempt in progress')
    await two.delete(`/backup/${others}`, ANY_VERSION)
    await (await waiting).release()
  })

  t.test('release says so only when it is true, across a reconnection', async (t) => {
    const path = await proxy(t, server)
    const session = await connect(t, path)
    const lock = await take(session, '/release')
    path.refuse()
    await reaches(session, 'suspended')
    t.notOk(lock.sound)
    let released = false
    const releasing = lock.release({ timeout: 60_000 }).then(() => { released = true })
    t.equal((await contenders('/release')).length, 1)
    t.notOk(released)
    path.heal()
    await releasing
    t.strictSame(await contenders('/release'), [])
    t.notOk(lock.lost.aborted, 'released, not lost')
  })

  t.test('a release that cannot be had in time rejects, and the book continues', async (t) => {
    const path = await proxy(t, server)
    const session = await connect(t, path)
    const lock = await take(session, '/late')
    path.blackHole()
    t.equal(await codeOf(lock.release({ timeout: 50 })), 'deadline')
    t.notOk(lock.released)
    t.strictSame(book.paths, ['/late'])
    path.heal()
    await eventually(async () => (await contenders('/late')).length === 0)
    await eventually(() => book.paths.length === 0)
  })

  t.test('a reconnection is followed by verification; a lost session loses the lock', async (t) => {
    const path = await proxy(t, server)
    const session = await connect(t, path, { sessionTimeout: 2_000 })
    const lock = await take(session, '/verify')
    await dropConnection(path, session)
    await eventually(() => lock.sound)
    await lock.verify()
    await expireSession(server, path, session)
    t.match(await aborted(lock.lost), { code: 'session_expired' })
    t.notOk(lock.sound)
    t.equal(await codeOf(lock.verify()), 'lock_lost')
    await lock.release()
    t.ok(lock.released)
  })

  t.test('a deleted child loses the lock: with contact, without, and while waiting', async (t) => {
    const lock = await take(one, '/deleted')
    await two.delete(`/deleted/${lock.name}`, ANY_VERSION)
    t.match(await aborted(lock.lost), { code: 'lock_lost' })

    const path = await proxy(t, server)
    const session = await connect(t, path)
    const away = await take(session, '/deleted')
    const suspended = reaches(session, 'suspended')
    path.refuse()
    await suspended
    await two.delete(`/deleted/${away.name}`, ANY_VERSION)
    path.heal()
    t.match(await aborted(away.lost), { code: 'lock_lost' })

    const holder = await take(one, '/deleted')
    // Taken in hand at once: it may fail while this waits for something else.
    const waiting = codeOf(take(two, '/deleted'))
    await eventually(async () => (await contenders('/deleted')).length === 2)
    await one.delete(`/deleted/${(await contenders('/deleted'))[1]}`, ANY_VERSION)
    await holder.release()
    t.equal(await waiting, 'lock_lost')
  })

  t.test('a child of the same name that is somebody else\'s is not ours', async (t) => {
    const path = await proxy(t, server)
    const session = await connect(t, path)
    const lock = await take(session, '/stolen')
    const suspended = reaches(session, 'suspended')
    path.refuse()
    await suspended
    await two.delete(`/stolen/${lock.name}`, ANY_VERSION)
    await two.create(`/stolen/${lock.name}`, '', { ephemeral: true })
    path.heal()
    t.match(await aborted(lock.lost), { code: 'lock_lost' })
    await two.delete(`/stolen/${lock.name}`, ANY_VERSION)
  })

  t.test('a waiter keeps its place through a reconnection', async (t) => {
    const path = await proxy(t, server)
    const session = await connect(t, path)
    const holder = await take(one, '/place')
    const waiting = take(session, '/place')
    await eventually(async () => (await contenders('/place')).length === 2)
    const suspended = reaches(session, 'suspended')
    path.refuse()
    await suspended
    await holder.release()
    path.heal()
    const lock = await waiting
    t.strictSame(await contenders('/place'), [lock.name])
    await lock.release()
  })
})
