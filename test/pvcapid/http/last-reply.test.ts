/** A connection that is ended for what its client sends gets a last reply first, which no reset destroys; what the client sends after it is bounded. */
import { once } from 'node:events'
import { connect as connectSocket, type AddressInfo, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
import { IN_PROGRESS, WAITING } from '../../../src/pvcapid/http/connection.ts'
import { Connections } from '../../../src/pvcapid/http/connections.ts'
import { httpServer, refuseConnection } from '../../../src/pvcapid/http/http-server.ts'
import { DISCARDED } from '../../../src/pvcapid/http/last-reply.ts'
import { PIECES } from '../../../src/pvcapid/http/request-body.ts'
import { defaultLimits } from '../../../src/pvcapid/config/schema.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { eventually } from '../../support/zookeeper.ts'
import { api, ask, clusterTree } from '../support/api.ts'
import { makeCertificate } from '../support/certificate.ts'

interface Client { readonly socket: Socket, readonly said: () => string, readonly errors: string[], readonly ended: Promise<unknown> }

/** A client that leaves its own side open. */
async function client (t: Test, port: number, text: string, tls = false): Promise<Client> {
  const socket = tls ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, allowHalfOpen: true } as object) : connectSocket({ port, host: '127.0.0.1', allowHalfOpen: true })
  t.teardown(() => socket.destroy())
  await once(socket, tls ? 'secureConnect' : 'connect')
  let said = ''
  const errors: string[] = []
  socket.on('data', (chunk: Buffer) => { said += chunk.toString('latin1') })
  socket.on('error', (error: NodeJS.ErrnoException) => { errors.push(error.code ?? '') })
  const ended = new Promise((resolve) => { socket.once('end', resolve).once('close', resolve) })
  socket.write(text)
  return { socket, said: () => said, errors, ended }
}

const problemOf = (text: string) => JSON.parse(text.slice(text.lastIndexOf('\r\n\r\n') + 4)) as Record<string, unknown>
const post = (path: string, headers: string, body: string) => `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${headers}\r\n\r\n${body}`

for (const tls of [false, true]) {
  t.test(`what the client sent is refused in so many words${tls ? ', over TLS' : ''}`, async (t) => {
    const app = await api(t, { port: (await clusterTree(t)).server.port, config: { basePath: '/pvc' }, ...tls ? { tls: makeCertificate(t.testdir({}), 'api') } : {} })
    await app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = app.server.address() as AddressInfo
    const many = IN_PROGRESS + WAITING + 200
    const get = 'GET /api/v1/primary?consistent HTTP/1.1\r\nHost: localhost\r\n\r\n'
    for (const [what, text, status, code, instance, outcome] of [
      ['a body in pieces', post('/api/v1/switchover', 'Transfer-Encoding: chunked', '1\r\n \r\n'.repeat(PIECES + 5_000)), 413, 'body_in_pieces', '/pvc/api/v1/switchover', 'not_started'],
      ['a body in pieces, with the path of the proxy', post('/pvc/api/v1/switchover', 'Transfer-Encoding: chunked', '1\r\n \r\n'.repeat(PIECES + 1)), 413, 'body_in_pieces', '/pvc/api/v1/switchover', 'not_started'],
      ['pipelined', get.repeat(many), 429, 'too_many_pipelined', '/pvc/api/v1/primary', 'not_started'],
      ['headers', `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large', '/pvc/', undefined],
      ['no HTTP', `nonsense\r\n\r\n${'x'.repeat(100_000)}`, 400, 'malformed_request', '/pvc/', undefined],
      ['a tunnel', 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nabc', 405, 'method_not_allowed', '/pvc/', undefined],
      ['a long body', post('/api/v1/switchover', 'Content-Length: 900000', 'x'.repeat(900_000)), 413, 'body_too_large', '/pvc/api/v1/switchover', 'not_started'],
    ] as const) {
      const { socket, said, errors, ended } = await client(t, port, text, tls)
      await ended
      const last = said().slice(said().lastIndexOf('HTTP/1.1 '))
      t.match(last, new RegExp(`^HTTP/1.1 ${status} [^]*connection: close\r\n`, 'i'), what)
      t.match(problemOf(said()), { status, code, instance, ...outcome === undefined ? {} : { outcome } }, what)
      if (what === 'pipelined') t.ok(said().split('HTTP/1.1 200 ').length - 1 <= IN_PROGRESS && /HTTP\/1\.1 200 [^]*HTTP\/1\.1 429 /.test(said()), 'those in progress are answered before it, and none behind it')
      // It sends more, and still was not reset.
      socket.write('x'.repeat(50_000))
      socket.end()
      await eventually(async () => /^pvcapid_connections 0$/m.test((await app.inject('/metrics')).body))
      t.strictSame(errors, [], `${what}: no reset`)
    }
    // On a busy machine the figures are kept for a moment.
    for (const shown of ['connections_ended_total{reason="pipelined"} 1', 'http_requests_waiting 0', 'http_requests_in_progress 0', 'http_request_bytes 0']) {
      await eventually(async () => (await app.inject('/metrics')).body.includes(`\npvcapid_${shown}\n`))
    }
    t.equal((await ask(t, app, 'GET', '/api/v1/primary')).body['epoch'], 0, 'nothing was done')
  })
}

t.test('a client that stays behind its last reply, or sends on, is given up', async (t) => {
  const clock = new ManualClock()
  const ended: string[] = []
  const connections = new Connections({ clock, perAddress: 100, exempt: [], onEnded: (reason) => { ended.push(reason) }, onRefused: () => {} })
  const server = httpServer({ config: { tls: undefined, limits: defaultLimits }, connections }, () => {})
  server.on('clientError', (error, socket) => refuseConnection(error, socket, '/', connections))
  t.teardown(() => { server.closeAllConnections(); server.close() })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const inPieces = post('/', 'Transfer-Encoding: chunked', '1\r\n \r\n'.repeat(PIECES + 1))
  for (const text of [inPieces, 'nonsense\r\n\r\n']) {
    const stays = await client(t, port, text)
    await stays.ended
    stays.socket.write('x'.repeat(DISCARDED / 2))
    t.equal(connections.open, 1)
    t.strictSame([connections.inProgress, connections.waiting, connections.requestBytes], [0, 0, 0], 'nothing is held for it')
    clock.advance(2_000)
    await eventually(() => connections.open === 0)
    t.equal(clock.running, 0)
    stays.socket.destroy()

    const sends = await client(t, port, text)
    await sends.ended
    sends.socket.write('x'.repeat(DISCARDED + 100_000))
    await eventually(() => connections.open === 0)
    t.equal(clock.running, 0)
    sends.socket.destroy()
  }
  t.strictSame(ended, ['body', 'body'])
})
