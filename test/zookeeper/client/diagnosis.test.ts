/** Why no session can be opened, against servers that do each of these things; and servers by names and addresses of both families. */
import t, { type Test } from 'tap'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, Socket, type AddressInfo } from 'node:net'
import { systemClock } from '../../../src/runtime/clock.ts'
import { diagnose } from '../../../src/zookeeper/client/diagnosis.ts'
import { nativeConnector } from '../../../src/zookeeper/client/native.ts'
import { hostLookup } from '../../../src/runtime/process/name-lookup.ts'
import { resolveEach } from '../../../src/zookeeper/client/resolve.ts'
import { Session } from '../../../src/zookeeper/session/session.ts'
import { proxy, zookeeper } from '../../support/zookeeper.ts'

async function listening (t: Test, serve: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    t.teardown(() => socket.destroy())
    serve(socket)
  }).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}
const ask = async (...servers: string[]) => await diagnose(servers, systemClock, hostLookup, 10_000)

t.test('each reason is told from the others', async (t) => {
  const real = await zookeeper(t)
  const silent = await listening(t, () => {})
  const web = await listening(t, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  const closing = await listening(t, (socket) => socket.end())
  const gone = createServer().listen(0, '127.0.0.1')
  await once(gone, 'listening')
  const refused = `127.0.0.1:${(gone.address() as AddressInfo).port}`
  gone.close()
  t.match(await ask(real.connectString), { reason: 'serves' })
  t.match(await ask(silent), { reason: 'silent', sentence: `${silent} says nothing` })
  t.match(await ask(web), { reason: 'not_zookeeper' })
  t.match(await ask(closing), { reason: 'not_serving' })
  t.match(await ask(refused), { reason: 'refused', sentence: /refuses connections/ })
  t.match(await ask(refused, silent), { reason: 'mixed', sentence: `${refused} refuses connections: nothing listens there; ${silent} says nothing` })
  t.match(await diagnose(['nowhere'], systemClock, async () => { throw Object.assign(new Error(), { code: 'ENOTFOUND' }) }, 10_000), { reason: 'unresolved', sentence: 'nowhere cannot be resolved: it has no address (ENOTFOUND)' })
  const lookup = async (host: string): Promise<readonly string[]> => host === 'hosts' ? ['127.0.0.1'] : await new Promise(() => {})
  t.match(await diagnose(['quiet:1', 'quieter:1'], systemClock, lookup, 10_000), { reason: 'silent', sentence: 'quiet cannot be resolved: the name server does not answer; quieter cannot be resolved: the name server does not answer' })
  t.match(await diagnose(['quiet:1', `hosts:${refused.split(':')[1]}`], systemClock, lookup, 10_000), { reason: 'mixed', sentence: `quiet cannot be resolved: the name server does not answer; ${refused} refuses connections: nothing listens there` })
})

t.test('a server that answers too slowly is said to do so', async (t) => {
  const reply = Buffer.alloc(41)
  reply.writeInt32BE(37, 0)
  reply.writeInt32BE(4_000, 8)
  reply.writeInt32BE(1, 16)
  reply.writeInt32BE(16, 20)
  const trickling = await listening(t, (socket) => {
    let at = 0
    const timer = setInterval(() => socket.write(reply.subarray(at, ++at)), 100)
    socket.on('close', () => clearInterval(timer))
  })
  t.match(await ask(trickling), { reason: 'slow', sentence: `${trickling} answers too slowly for a session`, someServe: false })
  /** Milliseconds: the client gives a server a quarter of the session time-out. This server's slowness is what is tested; nothing waits for it. */
  const patience = 100
  const late = await listening(t, (socket) => {
    const timer = setTimeout(() => socket.write(reply), 2 * patience)
    socket.on('close', () => clearTimeout(timer))
  })
  t.match(await diagnose([late], systemClock, hostLookup, 4 * patience), { reason: 'slow' }, 'the client does not wait that long')
  t.match(await diagnose([late], systemClock, hostLookup, 60_000), { reason: 'serves' }, 'the client waits longer')
})

t.test('a server that resets each connection can be reached', async (t) => {
  const resetting = spawn(process.execPath, ['-e', 'require("net").createServer((socket) => socket.resetAndDestroy()).listen(0, "127.0.0.1", function () { console.log(this.address().port) })'], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => resetting.kill())
  const [port] = await once(resetting.stdout, 'data') as [Buffer]
  const address = `127.0.0.1:${String(port).trim()}`
  t.match(await ask(address), { reason: 'not_serving' })
  // The loop of this process is held up from the moment at which it has begun to connect: the reset is there before it knows of a connection.
  const original = Socket.prototype.connect
  t.teardown(() => { Socket.prototype.connect = original })
  Socket.prototype.connect = function (this: Socket, ...args: Parameters<typeof original>) {
    const socket = original.apply(this, args)
    process.nextTick(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300))
    return socket
  } as typeof original
  t.match(await ask(address), { reason: 'not_serving', sentence: new RegExp(`^${address} closes the connection`) })
})

t.test('what keeps from connecting is said as it is', async (t) => {
  const failing = async (code: string): Promise<unknown> => {
    const original = Socket.prototype.connect
    Socket.prototype.connect = function (this: Socket) { return this.destroy(Object.assign(new Error(code), { code })) } as typeof original
    try {
      return await ask('127.0.0.1:1', '[fd77::1]:2')
    } finally {
      Socket.prototype.connect = original
    }
  }
  t.match(await failing('EHOSTUNREACH'), { reason: 'unreachable', sentence: '127.0.0.1:1 cannot be reached: there is no route to it; [fd77::1]:2 cannot be reached: there is no route to it' })
  t.match(await failing('EMFILE'), { reason: 'unreachable', sentence: '127.0.0.1:1 cannot be connected to (EMFILE); [fd77::1]:2 cannot be connected to (EMFILE)' })
})

t.test('a name server that says nothing keeps no other server from being used', async (t) => {
  const failed: string[] = []
  let asked = 0
  const lookup = async (host: string): Promise<readonly string[]> => {
    if (host !== 'silent') return ['10.0.0.2', 'fd77::2']
    asked += 1
    return await new Promise(() => {})
  }
  const options = { lookup, clock: systemClock, onFailure: (host: string) => failed.push(host) }
  t.same(await resolveEach(['silent:1', 'both:2', '10.0.0.1:3'], options), [[], ['10.0.0.2:2', '[fd77::2]:2'], ['10.0.0.1:3']])
  t.same(failed, ['silent'])
  await resolveEach(['silent:1', '10.0.0.1:3'], options)
  t.equal(asked, 2, 'a question that has had its time is asked again')
  await t.rejects(resolveEach(['silent:1'], options), { code: 'resolve_failed', message: /the name server does not answer/ })
})

t.test('a name that can no longer be resolved stands for the addresses that it had last', async (t) => {
  const known = new Map<string, readonly string[]>()
  const failed: string[] = []
  const options = { clock: systemClock, known, onFailure: (host: string) => failed.push(host) }
  const gone = async () => { throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }) }
  await t.rejects(resolveEach(['zk:1'], { ...options, lookup: gone }), { code: 'resolve_failed', message: /ENOTFOUND/ })
  await resolveEach(['zk:1'], { ...options, lookup: async () => ['10.0.0.2', '10.0.0.3'] })
  t.same(await resolveEach(['zk:1', 'zk:2'], { ...options, lookup: gone }), [['10.0.0.2:1', '10.0.0.3:1'], ['10.0.0.2:2', '10.0.0.3:2']])
  t.same(failed, ['zk', 'zk', 'zk'])
})

for (const [how, server, lookup] of [['by address', '[::1]', hostLookup], ['by a name that has this address alone', 'only-six', async () => ['::1']]] as const) {
  t.test(`IPv6 ${how}`, async (t) => {
    const path = await proxy(t, await zookeeper(t))
    t.teardown(await path.alsoOn('::1', path.port))
    const session = new Session({ connector: nativeConnector({ lookup }), servers: [`${server}:${path.port}`], sessionTimeout: 4_000, clock: systemClock })
    t.teardown(async () => await session.close())
    await session.whenConnected({ deadline: 9_000 })
    t.equal(session.state, 'connected')
  })
}
