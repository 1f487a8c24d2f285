/** In which order the client tries addresses, and which it is not given. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { systemClock } from '../../../src/runtime/clock.ts'
import { nativeConnector } from '../../../src/zookeeper/client/native.ts'
import { connectionOrder } from '../../../src/zookeeper/client/server-order.ts'
import { withoutSilent } from '../../../src/zookeeper/client/silent-addresses.ts'
import { eventually } from '../../support/zookeeper.ts'

const serverOf = (address: string): string => address.split('.').at(-2) ?? ''

t.test('an address is followed by one of another server, from the last to the first too', (t) => {
  const lists = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 5 })
  fc.assert(fc.property(lists, fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 40, maxLength: 40 }), (counts, chances) => {
    const servers = counts.map((count, server) => Array.from({ length: count }, (_, at) => `10.0.${server}.${at}:2181`))
    let drawn = 0
    const order = connectionOrder(servers, () => chances[drawn++ % chances.length] ?? 0)
    t.strictSame([...new Set(order)].sort(), servers.flat().sort(), 'all are tried')
    for (const [at, address] of order.entries()) {
      const next = order[(at + 1) % order.length] ?? ''
      if (serverOf(address) === serverOf(next)) t.fail(`${address} is followed by ${next} in ${order.join(' ')}`)
    }
  }))
  t.end()
})

t.test('clients begin in different places, and a family that falls silent leaves no two silent addresses in a row', (t) => {
  const servers = [1, 2, 3].map((server) => [`[fd77::${server}]:2181`, `10.0.0.${server}:2181`])
  const orders = Array.from({ length: 200 }, () => connectionOrder(servers, Math.random))
  t.equal(new Set(orders.map(([first]) => first)).size, 6)
  for (const order of orders) {
    const turns = order.filter((address, at) => address.startsWith('[') !== order.at(at - 1)?.startsWith('[')).length
    t.equal(turns, 6, order.join(' '))
  }
  t.strictSame(connectionOrder([['10.0.0.1:1']], () => 0.9), ['10.0.0.1:1'])
  t.end()
})

/** The port of a listener on an address. */
async function listening (t: Test, host: string, port = 0): Promise<number> {
  const server = createServer((socket) => socket.destroy()).listen(port, host)
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

/** A process stands still whose line of connections is full: another is neither accepted nor refused, as behind a firewall that drops it. */
async function silent (t: Test, host: string, port: number): Promise<void> {
  const child = spawn(process.execPath, ['-e', `require('node:net').createServer().listen({ host: '${host}', port: ${port}, backlog: 1 }, () => console.log('listening'))`], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  await once(child.stdout, 'data')
  child.kill('SIGSTOP')
  const filling = Array.from({ length: 4 }, () => connect({ host, port }).on('error', () => {}))
  t.teardown(async () => {
    for (const socket of filling) socket.destroy()
    child.kill('SIGKILL')
    await ended
  })
  await Promise.all(filling.slice(0, 2).map(async (socket) => await once(socket, 'connect')))
}

for (const count of [1, 2, 3, 4]) {
  t.test(`a client without contact goes round all of ${count}, for as long as that lasts`, async (t) => {
    const visits: number[] = []
    const servers: string[] = []
    for (let at = 0; at < count; at++) {
      const server = createServer((socket) => {
        visits.push(at)
        socket.end()
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      t.teardown(() => server.close())
      servers.push(`127.0.0.1:${(server.address() as AddressInfo).port}`)
    }
    const connection = nativeConnector({ random: () => 0 })({ servers, sessionTimeout: 1_000, onEvent: () => {} })
    t.teardown(() => connection.close())
    await eventually(() => visits.length >= 5 * count)
    t.strictSame(visits.slice(0, 5 * count), Array.from({ length: 5 * count }, (_, at) => at % count))
  })
}

t.test('an address that says nothing is left out, where the server answers at another', async (t) => {
  const port = await listening(t, '127.0.0.1')
  await silent(t, '::1', port)
  await silent(t, '127.0.0.3', port)
  const [four, six, dead, refused] = [`127.0.0.1:${port}`, `[::1]:${port}`, `127.0.0.3:${port}`, `127.0.0.9:${port}`]
  t.strictSame(await withoutSilent([[four, six], [dead, four, refused], [six]], systemClock), [[four], [four, refused], [six]])
  const mute = createServer(() => {}).listen(port, '127.0.0.4')
  await once(mute, 'listening')
  t.teardown(() => mute.close())
  t.strictSame(await withoutSilent([[`127.0.0.4:${port}`, four]], systemClock), [[`127.0.0.4:${port}`, four]], 'one name')
  t.strictSame(await withoutSilent([[`127.0.0.4:${port}`, four], [six]], systemClock), [[four], [six]], 'a connection that is accepted is no answer')
  t.strictSame(await withoutSilent([[dead, six], [four]], systemClock), [[dead, six], [four]], 'none answers')
  t.strictSame(await withoutSilent([[four, dead, six]], systemClock), [[four, dead]], 'one name for a whole ensemble: a machine that is down is kept, a family that is dead is not')
})
