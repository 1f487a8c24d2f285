// What the native client would do to the process, and does not. Where it could end or wedge it, the test is a process.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import type { ConnectionEvent, Connection } from '../../src/zookeeper/client/connection.ts'
import { ZooKeeperError, isZooKeeperError } from '../../src/zookeeper/client/errors.ts'
import { nativeZooKeeper, isPatched } from '../../src/zookeeper/client/native-client.ts'
import { nativeConnector, type NativeOptions } from '../../src/zookeeper/client/native.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { areLiterals, parseServer, resolveEach, uniqueAddresses } from '../../src/zookeeper/client/resolve.ts'
import { acquireLock } from '../../src/zookeeper/locks/locks.ts'
import { ANY_VERSION } from '../../src/zookeeper/session/session.ts'
import { asUser } from '../../tools/testbed/daemon-process.ts'
import { spy } from '../support/native-calls.ts'
import { connect, connector, dropConnection, eventually, expireSession, keep, lockBook, openSession, proxy, reaches, zookeeper } from '../support/zookeeper.ts'

const here = import.meta.dirname

interface Ending { code: number | null, signal: NodeJS.Signals | null, output: string }

/** Runs `fixtures/<name>` in a process of its own and tells it `end` on standard input after `meanwhile`. */
async function inProcess (name: string, args: readonly string[], { flags = [], meanwhile = async () => {} }: { flags?: readonly string[], meanwhile?: () => Promise<void> } = {}): Promise<Ending> {
  const [program, ...words] = asUser([process.execPath, ...flags, join(here, 'fixtures', `${name}.js`), ...args])
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'] })
  // It may have ended before it is told to.
  child.stdin.on('error', () => {})
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => { output += chunk.toString() })
  // Longer than anything here takes, so that a hanging process is an answer too.
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000)
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  await meanwhile()
  child.stdin.end('end\n')
  const [code, signal] = await closed
  clearTimeout(timer)
  return { code, signal, output }
}

async function open (t: { teardown: (action: () => void) => void }, connectString: string, options?: NativeOptions): Promise<{ connection: Connection, events: ConnectionEvent[] }> {
  const events: ConnectionEvent[] = []
  const connection = (options === undefined ? connector : nativeConnector(options))({ servers: [connectString], sessionTimeout: 4_000, onEvent: (event) => events.push(event) })
  t.teardown(() => connection.close())
  await eventually(() => events.length > 0)
  return { connection, events }
}

const turn = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve))

t.test('guards', async (t) => {
  const server = await zookeeper(t)

  for (const name of ['close-in-watch', 'socket-on-disconnect', 'open-and-close', 'stray-reply']) {
    t.test(name, async (t) => {
      const ending = await inProcess(name, [String(server.port)])
      t.strictSame({ ...ending, output: ending.output.trim() }, { code: 0, signal: null, output: 'done' })
    })
  }

  t.test('the package alone does abort, so that the test above could fail', async (t) => {
    t.match(await inProcess('raw-close-in-watch', [String(server.port)]), { signal: 'SIGABRT' })
  })

  t.test('what the native client releases belongs to others at once: no socket or child of the process is disturbed by lost connections', async (t) => {
    const lossy = await zookeeper(t)
    const ending = await inProcess('descriptors', [String(lossy.port)], {
      meanwhile: async () => {
        for (let round = 0; round < 4; round++) {
          await lossy.kill()
          await delay(3_000)
          await lossy.start()
        }
      },
    })
    t.strictSame({ ...ending, output: ending.output.trim() }, { code: 0, signal: null, output: 'done' })
  })

  t.test('a connection found broken while sending is a lost connection: it is told, what was sent is answered, and all is well afterwards', async (t) => {
    const between = await proxy(t, server)
    const session = await connect(t, between)
    const bound = { deadline: 20_000 }
    between.refuse()
    // The first request is answered by a reset before this turn ends, the second meets it; the event loop has seen neither.
    const sent = await Promise.allSettled([session.exists('/', bound), session.exists('/', bound), session.exists('/', bound)])
    t.strictSame(sent.map((one) => one.status === 'rejected' && isZooKeeperError(one.reason) ? one.reason.code : one.status), ['connection_loss', 'connection_loss', 'connection_loss'])
    t.equal(session.state, 'suspended')
    const again = reaches(session, 'connected')
    between.heal()
    await again
    t.ok(await session.exists('/', bound))
  })

  t.test('answers that have come together are taken together, not one in each turn of the loop', async (t) => {
    const session = await connect(t, server)
    const count = 200
    const waiting = { over: false, turns: 0 }
    const answers = Promise.all(Array.from({ length: count }, async () => await session.exists('/', { deadline: 20_000 }))).finally(() => { waiting.over = true })
    // This process does nothing meanwhile: the answers wait in its socket.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_000)
    for (; !waiting.over; waiting.turns++) await turn()
    await answers
    t.ok(waiting.turns < count / 2, `${waiting.turns} turns`)
  })

  t.test('a native client without that repair is refused', async (t) => {
    const { native } = new (nativeZooKeeper())({ connect: '127.0.0.1:1', timeout: 4_000, debug_level: 0, host_order_deterministic: false, response_counter_limit: 1 }) as unknown as { native: { constructor: object } }
    t.equal(isPatched({ native }), true)
    t.equal(isPatched({ native: { constructor: {} } }), false)
    t.equal(isPatched({ native: { constructor: { POLLS_DUPLICATE: true } } }), false, 'built with an older patch, which had no transactions')
    t.equal(isPatched({ native: { constructor: { POLLS_DUPLICATE: true }, a_create_all: () => 0 } }), false, 'built with a patch that could not delete several znodes at once')
    t.equal(isPatched({ native: { constructor: { POLLS_DUPLICATE: true }, a_create_all: () => 0, a_delete_all: () => 0 } }), false, 'built with a patch that could not guard a write')
    t.equal(isPatched({ native: { constructor: { POLLS_DUPLICATE: true }, a_create_all: () => 0, a_delete_all: () => 0, a_set_guarded: () => 0 } }), false, 'built with a patch that took whatever answers for a session, and did not go round all servers')
    t.equal(isPatched({}), false)
  })

  t.test('no worker threads', async (t) => {
    const ending = await inProcess('in-a-worker', [String(server.port)])
    t.strictSame({ ...ending, output: ending.output.trim() }, { code: 0, signal: null, output: 'failed: invalid_argument' })
  })

  t.test('re-arming a watch leaks nothing; with a watch function for each, as the package offers it, it does', async (t) => {
    const ending = await inProcess('rearm', [String(server.port)], { flags: ['--expose-gc'] })
    t.match(ending, { code: 0, signal: null })
    type Growth = Record<'heap' | 'rss', number>
    const { ours, raw } = JSON.parse(ending.output) as Record<'ours' | 'raw', Growth>
    t.comment(ending.output)
    // 5,000 times: the package alone keeps some 300 bytes of heap for each, 1,500,000 in all.
    t.ok(ours.heap < 300_000 && ours.rss < 20_000_000, 'ours')
    t.ok(raw.heap > 1_000_000, 'the package alone')
  })

  t.test('asking for the session leaves nothing behind, as AbortSignal.any would', async (t) => {
    const ending = await inProcess('ready-again', [String(server.port)], { flags: ['--expose-gc'] })
    t.match(ending, { code: 0, signal: null })
    t.ok(Number(ending.output) < 30, `${ending.output.trim()} bytes a call; fifty with it`)
  })

  t.test('nothing of ours runs inside a native callback, nor in a microtask after one', async (t) => {
    // Between the native call and ours there must be a turn of the event loop: an immediate queued first runs first.
    type Methods = Record<string, (...args: unknown[]) => unknown>
    const { native } = new (nativeZooKeeper())({ connect: '127.0.0.1:1', timeout: 4_000, debug_level: 0, host_order_deterministic: false, response_counter_limit: 1 })
    const operations = Object.getPrototypeOf(native) as Methods
    let order: string[] = []
    const note = (): void => { setImmediate(() => order.push('a turn')) }
    const methods = ['a_get', 'a_exists', 'a_get_children2', 'a_create', 'a_set', 'a_delete_', 'a_sync']
    for (const name of methods) {
      const original = operations[name] as (...args: unknown[]) => unknown
      operations[name] = function (...args) {
        const done = args.pop() as (...result: unknown[]) => void
        return original.call(this, ...args, (...result: unknown[]) => { note(); done(...result) })
      }
      t.teardown(() => { operations[name] = original })
    }
    const prototype = nativeZooKeeper().prototype as unknown as Methods
    const emit = prototype['emit'] as (...args: unknown[]) => unknown
    prototype['emit'] = function (...args) { note(); return emit.call(this, ...args) }
    t.teardown(() => { prototype['emit'] = emit })

    const between = await proxy(t, server)
    const connection = connector({ servers: [between.connectString], sessionTimeout: 4_000, onEvent: ({ type }) => order.push(type) })
    t.teardown(() => connection.close())
    await eventually(() => order.includes('connected'))
    t.strictSame(order, ['a turn', 'connected'])
    const calls: [string, () => Promise<unknown>][] = [
      ['create', () => connection.create('/turns', '', { ephemeral: false, sequential: false })],
      ['get', () => connection.get('/turns', false)],
      ['exists', () => connection.exists('/turns', false)],
      ['children', () => connection.children('/turns', true)],
      ['sync', () => connection.sync('/')],
      ['set', () => connection.set('/turns', 'x', 0)],
      ['a refusal', () => connection.set('/turns', 'x', 0).catch(() => {})],
    ]
    for (const [what, call] of calls) {
      order = []
      await call().then(() => order.push('ours'))
      t.strictSame(order, ['a turn', 'ours'], what)
    }
    order = []
    await connection.delete('/turns', -1).then(() => order.push('ours'))
    await eventually(() => order.includes('watch'))
    t.equal(order.indexOf('a turn') < order.indexOf('watch'), true, 'a watch')
    order = []
    between.cut()
    await eventually(() => order.includes('disconnected'))
    t.strictSame(order.slice(0, 2), ['a turn', 'disconnected'])
  })

  t.test('arguments that would abort the process, or mean something else, are refused and nothing is sent', async (t) => {
    const { connection } = await open(t, server.connectString)
    await connection.create('/arguments', 'x', { ephemeral: false, sequential: false })
    const wrong: [what: string, call: () => Promise<unknown>][] = [
      ['a BigInt version', () => connection.set('/arguments', 'y', 0n as unknown as number)],
      ['a version that is no whole number', () => connection.set('/arguments', 'y', 0.5)],
      ['a version beyond 32 bits', () => connection.delete('/arguments', 2 ** 32)],
      ['no version', () => connection.delete('/arguments', undefined as unknown as number)],
      ['undefined data', () => connection.set('/arguments', undefined as unknown as string, 0)],
      ['null data', () => connection.create('/arguments/null', null as unknown as string, { ephemeral: false, sequential: false })],
      ['too much data', () => connection.set('/arguments', 'ü'.repeat(500_001), 0)],
      ['a NUL in the path', () => connection.set('/arguments\0/more', 'y', 0)],
      ['a relative path', () => connection.get('arguments', false)],
      ['a dot', () => connection.get('/./arguments', false)],
      ['two dots', () => connection.get('/x/../arguments', false)],
      ['an empty component', () => connection.get('//arguments', false)],
      ['a trailing slash', () => connection.get('/arguments/', false)],
      ['a path that is none', () => connection.get(undefined as unknown as string, false)],
      ['a path without end', () => connection.exists(`/${`${'x'.repeat(250)}/`.repeat(20)}x`, false)],
      ['a flag that is none', () => connection.get('/arguments', undefined as unknown as boolean)],
    ]
    for (const [what, call] of wrong) await t.rejects(call(), { name: 'ZooKeeperError', code: 'invalid_argument', maybeApplied: false }, what)
    const { data, stat } = await connection.get('/arguments', false)
    t.match({ data, version: stat.version }, { data: 'x', version: 0 })
    t.equal((await connection.set('/arguments', 'x'.repeat(1_000_000), 0)).dataLength, 1_000_000, 'as much as is allowed does pass')
  })

  t.test('no payload in any error', async (t) => {
    const path = await proxy(t, server)
    const session = await connect(t, path)
    const secret = 'hunter2'
    await session.create('/payload', secret)
    const failures: unknown[] = []
    const fails = async (work: Promise<unknown>): Promise<void> => { failures.push(await work.then(() => t.fail('did not fail'), (error: unknown) => error)) }
    await fails(session.set('/payload', secret, 7))
    await fails(session.create('/payload', secret))
    await fails(session.create('/none/payload', secret))
    await fails(session.set('/payload', secret.repeat(200_000), ANY_VERSION))
    await fails(session.set('/pay\0load', secret, ANY_VERSION))
    path.blackHole()
    const sent = fails(session.set('/payload', secret, 0, { deadline: 20 }))
    await sent
    path.heal()
    await reaches(session, 'connected')
    await session.close()
    await fails(session.set('/payload', secret, 0))
    t.equal(failures.length, 7)
    for (const error of failures) {
      t.ok(isZooKeeperError(error))
      const everything = `${JSON.stringify(error)} ${String(error)} ${(error as Error).stack} ${String((error as Error).cause)}`
      t.notOk(everything.includes(secret))
    }
  })

  t.test('a closed connection is not called, and closes once', async (t) => {
    const { connection, events } = await open(t, server.connectString)
    const reading = connection.get('/', false)
    connection.close()
    connection.close()
    await t.rejects(reading, { code: 'closed', zkCode: -116 }, 'what was in progress settles')
    await t.rejects(connection.get('/', false), { code: 'closed', zkCode: 0 })
    await new Promise((resolve) => setImmediate(resolve))
    t.equal(events.length, 1, 'no event after the close')
  })

  t.test('one start and one end for each client; a new session is a new client', async (t) => {
    const { calls, configs } = spy(t)
    const count = (call: string): number => calls.filter((made) => made === call).length
    const path = await proxy(t, server)
    const { keeper } = keep(t, path, { sessionTimeout: 2_000 })
    const first = await keeper.ready()
    await dropConnection(path, first)
    await first.get('/')
    t.equal(count('1.init'), 1, 'the client reconnects by itself')
    await expireSession(server, path, first)
    const lost = calls.length
    const second = await keeper.ready()
    await t.rejects(first.get('/'), { code: 'session_expired' })
    await first.close()
    await second.get('/')
    await keeper.close()
    t.equal(count('1.close'), 0, 'it has closed itself')
    t.strictSame(calls.slice(lost).filter((call) => call.startsWith('1.')), [], 'nothing reaches it any more')
    t.match(calls.at(-1), /^\d\.close$/, 'the end is the last')
    // The new session's client, and the one that was tried beside the first session while that was out of contact.
    const others = [...new Set(calls.map((call) => call.slice(0, 1)))].filter((client) => client !== '1')
    t.ok(others.length >= 1)
    for (const client of others) t.strictSame([count(`${client}.init`), count(`${client}.close`)], [1, 1], `client ${client}`)
    for (const config of configs) t.match(config, { connect: path.connectString, timeout: 2_000, debug_level: 0, response_counter_limit: 2_147_483_647 })
  })

  t.test('a closed client is not called, one that was never wanted not made', async (t) => {
    const { calls } = spy(t)
    const { connection } = await open(t, server.connectString)
    const before = calls.length
    connection.close()
    connection.close()
    const work: Promise<unknown>[] = [
      connection.get('/', true), connection.exists('/', true), connection.children('/', true), connection.create('/x', '', { ephemeral: true, sequential: true }),
      connection.set('/x', '', 0), connection.delete('/x', 0), connection.sync('/'),
    ]
    for (const call of await Promise.allSettled(work)) t.match(call, { status: 'rejected', reason: { code: 'closed' } })
    t.strictSame(calls.slice(before), ['1.close'])
    const early = connector({ servers: [server.connectString], sessionTimeout: 4_000, onEvent: ({ type }) => t.fail(type) })
    early.close()
    for (let i = 0; i < 10; i++) await turn()
    t.strictSame(calls.slice(before), ['1.close'])
  })

  t.test('closing comes last: after the answers to what is in progress, and so after a lock that is being released', async (t) => {
    const { calls } = spy(t)
    const session = await connect(t, server)
    const lock = await acquireLock(session, '/closing/lock', { book: lockBook(), kind: 'exclusive', identifier: 'me', timeout: 20_000 })
    const observer = await connect(t, server)
    t.equal((await observer.children('/closing/lock')).names.length, 1)
    const released = lock.release()
    // No turn of the event loop, in which the answer could come.
    for (let i = 0; i < 1000 && !calls.includes('1.a_delete_'); i++) await Promise.resolve()
    t.strictSame(calls.filter((call) => call.startsWith('1.a_delete_')), ['1.a_delete_'], 'the release is in progress')
    await session.close()
    await released
    const ends = ['1.a_delete_', '1.a_delete_ answered', '1.close']
    t.strictSame(calls.filter((call) => ends.includes(call)), ends)
    t.strictSame((await observer.children('/closing/lock')).names, [])
  })

  t.test('a client that cannot be started says so at once; one that gets no answer, at the deadline', async (t) => {
    // An address to JavaScript, but not one to the C client: the interface does not exist.
    const bad = openSession(t, { connectString: 'fe80::1%nowhere' }, { connectTimeout: 5_000 })
    await t.rejects(bad.whenConnected(), { code: 'connect_failed' })
    t.equal(bad.state, 'lost')
    const path = await proxy(t, server)
    path.blackHole()
    const silent = openSession(t, path, { connectTimeout: 100 })
    await t.rejects(silent.whenConnected(), { code: 'connect_timeout' })
    t.equal(silent.state, 'lost')
    const prototype = nativeZooKeeper().prototype
    const init = prototype.init
    t.teardown(() => { prototype.init = init })
    prototype.init = () => { throw new Error('no more file descriptors') }
    const thrown = openSession(t, server, { connectTimeout: 5_000 })
    await t.rejects(thrown.whenConnected(), { code: 'connect_failed' })
  })

  t.test('the native client gets addresses only, and hides a bad one from nobody', async (t) => {
    const asked: string[] = []
    const lookup = async (host: string): Promise<string[]> => { asked.push(host); return ['127.0.0.1', 'not-an-address'] }
    const { events } = await open(t, `some-name:${server.port}`, { lookup })
    t.match(events[0], { type: 'connected' })
    t.strictSame(asked, ['some-name'])
    const failed = await open(t, 'some-name', { lookup: async () => ['not-an-address'] })
    t.match(failed.events, [{ type: 'failed', error: { code: 'resolve_failed' } }])
    await t.rejects(failed.connection.get('/', false), { code: 'closed' })
    const bad = await open(t, 'some-name', { lookup: async () => { throw new Error('no DNS') } })
    t.match(bad.events, [{ type: 'failed', error: { code: 'resolve_failed' } }])
  })

  t.test('servers that have moved: the connection gives up once the session can hardly live, so that the next one finds them', async (t) => {
    const path = await proxy(t, server)
    let address = '127.0.0.1'
    const lookup = async (): Promise<string[]> => [address]
    const { keeper, reports } = keep(t, { connectString: `mover:${path.port}` }, { connector: nativeConnector({ lookup, resolveInterval: 10 }), sessionTimeout: 2_000 })
    const first = await keeper.ready()
    // The same port on another loopback address stands for the servers' new address.
    const moved = await proxy(t, server)
    t.teardown(await moved.alsoOn('127.0.0.2', path.port))
    address = '127.0.0.2'
    path.refuse()
    await reaches(first, 'lost')
    t.match(first.lost.reason, { code: 'connect_failed' })
    const second = await keeper.ready()
    t.equal(await second.exists('/nowhere'), null)
    t.match(reports.map(({ event }) => event), ['session_opened', 'session_suspended', 'session_lost', 'session_opened'])
  })

  t.test('watches leave nothing behind that grows', async (t) => {
    const { connection } = await open(t, server.connectString)
    await connection.create('/rearm', '', { ephemeral: false, sequential: false })
    t.equal(connection.watchBytes, 0)
    for (let i = 0; i < 100; i++) await connection.get('/rearm', true)
    const bytes = '/rearm'.length + 4
    t.equal(connection.watchBytes, bytes, 'one watch, however often it is asked for')
    await connection.children('/rearm', true)
    await connection.exists('/not-there', true)
    t.equal(connection.watchBytes, 2 * bytes + '/not-there'.length + 4)
    await connection.set('/rearm', 'x', -1)
    await connection.create('/not-there', '', { ephemeral: false, sequential: false })
    t.equal(connection.watchBytes, bytes)
    await connection.create('/rearm/child', '', { ephemeral: false, sequential: false })
    t.equal(connection.watchBytes, 0)
    await t.rejects(connection.get('/nowhere', true), { code: 'no_node' })
    t.equal(connection.watchBytes, 0, 'a refused reading arms nothing')
    t.match(await server.fourLetter('wchs'), /Total watches:0/)
  })
})

t.test('servers', async (t) => {
  t.strictSame(['h', 'h:1', '10.0.0.1', '[::1]', '[::1]:5', 'fe80::1'].map(parseServer), [
    { host: 'h', port: 2181 }, { host: 'h', port: 1 }, { host: '10.0.0.1', port: 2181 }, { host: '::1', port: 2181 }, { host: '::1', port: 5 }, { host: 'fe80::1', port: 2181 }
  ])
  for (const text of ['', 'h:', 'h:0', 'h:65536', 'h:x', 'a b', 'h/chroot', 'h,i']) t.throws(() => parseServer(text), { code: 'invalid_argument' }, text)
  t.ok(areLiterals(['10.0.0.1', '[::1]:5']))
  t.notOk(areLiterals(['10.0.0.1', 'h']))
  const failed: string[] = []
  const lookup = async (host: string): Promise<string[]> => { if (host === 'bad') throw new ZooKeeperError('unknown', { op: 'connect' }); return ['10.0.0.1', '::1'] }
  t.strictSame(uniqueAddresses(await resolveEach(['good:7', 'bad', '10.0.0.1:7'], { lookup, clock: systemClock, onFailure: (host) => failed.push(host) })), ['10.0.0.1:7', '[::1]:7'])
  t.strictSame(failed, ['bad'])
})
