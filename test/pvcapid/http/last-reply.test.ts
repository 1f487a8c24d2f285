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
import { api, ask, clusterTree, OPERATE } from '../support/api.ts'
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
      if (status === 405) t.match(last, /\r\nallow: DELETE, GET, HEAD, OPTIONS, POST, PUT\r\n/)
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

/** The status of each reply in `text`. */
const statuses = (text: string): readonly number[] => [...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status))

t.test('a request whose end cannot be told is refused, and nothing behind it is taken for another', async (t) => {
  const app = await api(t, { port: (await clusterTree(t)).server.port })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const behind = '2\r\n{}\r\n0\r\n\r\nPOST /api/v1/status?state=true HTTP/1.1\r\nHost: localhost\r\n\r\n'
  const get = 'GET /api/v1/primary HTTP/1.1\r\nHost: localhost\r\n\r\n'
  for (const coding of ['', ' ', 'xchunked', 'gzip', 'identity', '"chunked"', ',chunked', 'chunked,', 'chunked, chunked', 'chunked, gzip', 'chunked;a=b', 'chunked\r\nTransfer-Encoding: gzip']) {
    for (const [path, more] of [['/api/v1/switchover', behind], ['/api/v1/nothing', ''], ['/health/live', behind.slice(behind.indexOf('POST'))]] as const) {
      const { socket, said, errors, ended } = await client(t, port, `${get.repeat(20)}${post(path, `Transfer-Encoding: ${coding}`, more)}`)
      await ended
      t.strictSame(statuses(said()), [...Array.from({ length: 20 }, () => 200), 400], `${JSON.stringify(coding)} at ${path}`)
      t.match(said(), /connection: close\r\n/i)
      // Node's parser refuses some by itself, before there is a request.
      const isParsed = !/by HTTP: Invalid `Transfer-Encoding`/.test(said())
      t.match(problemOf(said()), { code: 'malformed_request', ...isParsed ? { instance: path, outcome: 'not_started', detail: /does not end with chunked, once/ } : {} })
      socket.end('x'.repeat(1_000))
      t.strictSame(errors, [])
    }
  }
  const old = await client(t, port, post('/api/v1/switchover', 'Transfer-Encoding: chunked', behind).replace('HTTP/1.1', 'HTTP/1.0'))
  await old.ended
  t.strictSame(statuses(old.said()), [400])
  t.match(problemOf(old.said()), { detail: /^HTTP\/1\.0 has no Transfer-Encoding/ })
  t.equal((await ask(t, app, 'GET', '/api/v1/status')).body['maintenance'], 'false', 'nothing was done')
  for (const shown of ['http_requests_waiting 0', 'http_requests_in_progress 0', 'http_request_bytes 0']) await eventually(async () => (await app.inject('/metrics')).body.includes(`\npvcapid_${shown}\n`))
})

t.test('a request that has its reply gets no second one for what is wrong with its body', async (t) => {
  const app = await api(t, { port: (await clusterTree(t)).server.port, authentication: true })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  for (const path of ['/api/v1/switchover', '/api/v1/status?state=true']) {
    for (const broken of ['zz\r\n', '1\r\nabc', '5\r\nab']) {
      const { socket, said, ended } = await client(t, port, `GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n${post(path, 'Transfer-Encoding: chunked', '')}`)
      await eventually(() => statuses(said()).length === 2)
      const first = statuses(said())
      t.notMatch(said(), /connection: close/i, 'kept, for the body that still comes')
      if (broken.endsWith('ab')) socket.end(broken)
      else socket.write(broken)
      await ended
      t.strictSame(statuses(said()), first, `${path}, ${JSON.stringify(broken)}`)
    }
    const whole = await client(t, port, post(path, 'Transfer-Encoding: chunked', ''))
    await eventually(() => statuses(whole.said()).length === 1)
    whole.socket.write('2\r\n{}\r\n0\r\n\r\nnonsense\r\n\r\n')
    await whole.ended
    t.strictSame(statuses(whole.said()).slice(1), [400], 'what is no request, behind a body that came whole, is told so')
  }
  const unanswered = await client(t, port, post('/api/v1/switchover', `X-Api-Key: ${OPERATE}\r\nTransfer-Encoding: chunked`, 'zz\r\n'))
  await unanswered.ended
  t.strictSame(statuses(unanswered.said()), [400], 'one without a reply gets this one')
})

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
