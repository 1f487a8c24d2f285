/** The HTTP server below the application, with an application of the test's own, and clients of it. */
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { connect as connectSocket, type AddressInfo, type Socket } from 'node:net'
import type { Test } from 'tap'
import { defaultLimits } from '../../../src/pvcapid/config/schema.ts'
import { Connections, type ConnectionsOptions } from '../../../src/pvcapid/http/connections.ts'
import { httpServer } from '../../../src/pvcapid/http/http-server.ts'
import { ManualClock } from '../../support/manual-clock.ts'

/** A client that collects what it is sent, unless it is not to read. */
export async function client (t: Test, port: number, text = '', reads = true): Promise<{ readonly socket: Socket, readonly said: () => string, readonly closed: Promise<unknown> }> {
  const socket = connectSocket({ port, host: '127.0.0.1', allowHalfOpen: true })
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  let said = ''
  socket.on('error', () => {})
  socket.on('end', () => socket.end())
  // Not `once`, which a reset would reject.
  const closed = new Promise<void>((resolve) => { socket.once('close', () => resolve()) })
  if (reads) socket.on('data', (chunk: Buffer) => { said += chunk.toString('latin1') })
  else socket.pause()
  socket.write(text)
  return { socket, said: () => said, closed }
}

export async function bareServer (t: Test, options: Partial<ConnectionsOptions>, body: Buffer | RequestListener): Promise<{ readonly port: number, readonly connections: Connections, readonly ended: string[] }> {
  const ended: string[] = []
  const connections = new Connections({
    clock: new ManualClock(), perAddress: 100, exempt: [], onEnded: (reason) => { ended.push(reason) }, onRefused: (reason) => { ended.push(reason) }, ...options,
  })
  const server = httpServer({ config: { tls: undefined, limits: defaultLimits }, connections }, typeof body === 'function' ? body : (_request, response) => { response.end(body) })
  t.teardown(() => { server.closeAllConnections(); server.close() })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, connections, ended }
}
