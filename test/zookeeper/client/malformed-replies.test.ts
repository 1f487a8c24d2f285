/** Servers that answer a request for a session with anything but ZooKeeper's reply: no session comes of it, one reason is given, and the pace is that of any other cause. */
import t, { type Test } from 'tap'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { systemClock } from '../../../src/runtime/clock.ts'
import { hostLookup } from '../../../src/runtime/process/name-lookup.ts'
import { diagnose } from '../../../src/zookeeper/client/diagnosis.ts'
import { nativeConnector } from '../../../src/zookeeper/client/native.ts'
import { SessionKeeper, type KeeperReport } from '../../../src/zookeeper/session/session-keeper.ts'
import { eventually, proxy, reaches, zookeeper } from '../../support/zookeeper.ts'

async function impostor (t: Test, answer: (socket: Socket, request: Buffer) => void): Promise<{ readonly address: string, readonly connections: () => number }> {
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    socket.on('error', () => {})
    t.teardown(() => socket.destroy())
    socket.once('data', (request) => answer(socket, request))
  }).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, connections: () => connections }
}

function keep (t: Test, servers: readonly string[], connectTimeout: number): { readonly keeper: SessionKeeper, readonly reports: KeeperReport[] } {
  const reports: KeeperReport[] = []
  const keeper = new SessionKeeper({
    connector: nativeConnector({ random: () => 0 }),
    servers,
    sessionTimeout: 6_000,
    clock: systemClock,
    random: () => 0.5,
    connectTimeout,
    backoff: { min: 10, max: 100 },
    diagnose: async (all) => await diagnose(all, systemClock, hostLookup, 10_000),
    report: (report) => reports.push(report),
  })
  t.teardown(async () => await keeper.close())
  return { keeper, reports }
}

/** A reply to a request for a session, by its fields. */
function reply ({ length = 37, timeout = 10_000, session = 0x1234, password = 16 }: { length?: number, timeout?: number, session?: number, password?: number }): Buffer {
  const text = Buffer.alloc(41)
  text.writeInt32BE(length, 0)
  text.writeInt32BE(timeout, 8)
  text.writeBigInt64BE(BigInt(session), 12)
  text.writeInt32BE(password, 20)
  return text
}

const refusal = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'
const foreign: ReadonlyArray<readonly [what: string, answer: (socket: Socket, request: Buffer) => void]> = [
  ['40,000 zero bytes', (socket) => socket.write(Buffer.alloc(40_000))],
  ['session 0', (socket) => socket.write(reply({ session: 0 }))],
  ['a time-out of 0', (socket) => socket.write(reply({ timeout: 0 }))],
  ['a negative time-out', (socket) => socket.write(reply({ timeout: -1 }))],
  ['what was asked', (socket, request) => socket.write(request)],
  ['a web server', (socket) => socket.end(refusal)],
  ['a short reply, padded', (socket) => socket.write(reply({ length: 10 }))],
  ['a short reply', (socket) => socket.end(reply({ length: 10 }).subarray(0, 14))],
  ['a password of an absurd length', (socket) => socket.write(reply({ password: 2_000_000_000 }))],
  ['a password of a negative length', (socket) => socket.write(reply({ password: -1 }))],
]

for (const [what, answer] of foreign) {
  t.test(`${what}: no session, one reason, the pace of a server that closes`, async (t) => {
    const [{ address, connections }, closing] = [await impostor(t, answer), await impostor(t, (socket) => socket.end())]
    const [{ reports }, beside] = [keep(t, [address], 1_000), keep(t, [closing.address], 1_000)]
    const failures = (all: readonly KeeperReport[]): number => all.filter(({ event }) => event === 'connect_failed').length
    await eventually(() => failures(reports) >= 2 && failures(beside.reports) >= 2)
    t.ok(connections() <= 2 * closing.connections(), `${connections()} connections, where a server that closes has ${closing.connections()}`)
    t.strictSame([...new Set(reports.map(({ event }) => event))].sort(), ['connect_failed', 'diagnosed'], 'no session was opened, and none lost')
    t.match(reports[0], { event: 'diagnosed', diagnosis: { reason: 'not_zookeeper', sentence: `${address} is no ZooKeeper server, by what it answers`, someServe: false } })
  })

  t.test(`${what} from one server: the other is used, and a session outlives it`, async (t) => {
    const real = await zookeeper(t)
    const path = await proxy(t, real)
    const { address, connections } = await impostor(t, answer)
    // The order is known: the impostor is tried first.
    const { keeper, reports } = keep(t, [address, path.connectString], 10_000)
    const session = await keeper.ready()
    t.equal(await session.exists('/nowhere'), null)
    t.match(reports, [{ event: 'session_opened', negotiatedTimeout: 6_000 }])
    t.equal(reports.length, 1, 'nothing else is said')
    const before = connections()
    path.refuse()
    await eventually(() => connections() > before + 1)
    path.heal()
    await reaches(session, 'connected')
    t.equal(await session.exists('/nowhere'), null)
    t.strictSame(reports.map(({ event }) => event).filter((event) => event !== 'diagnosed'), ['session_opened', 'session_suspended', 'session_resumed'])
  })
}
