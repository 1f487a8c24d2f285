/** What is held for the requests of one connection: it is bounded, and released with the connection, whichever of them it was held for. */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { readdirSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { clientAddress, clientOf } from '../../../src/pvcapid/http/client-address.ts'
import { Connection, IN_PROGRESS, WAITING } from '../../../src/pvcapid/http/connection.ts'
import { PIECES } from '../../../src/pvcapid/http/request-body.ts'
import { isReset } from '../../../src/pvcapid/http/tcp-handle.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { eventually } from '../../support/zookeeper.ts'
import { api, ask, clusterTree } from '../support/api.ts'
import { bareServer, client } from '../support/bare-server.ts'

const listen = async (app: FastifyInstance): Promise<number> => {
  await app.listen({ host: '127.0.0.1', port: 0 })
  return (app.server.address() as AddressInfo).port
}

const figure = async (app: FastifyInstance, name: string): Promise<number> =>
  Number(new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (\\S+)$`, 'm').exec((await app.inject('/metrics')).body)?.[1])

/** On a busy machine the figures are kept for a moment. */
const shows = async (app: FastifyInstance, name: string, value: number): Promise<void> => { await eventually(async () => await figure(app, name) === value) }

t.test('what is held for pipelined requests is released with their connection', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  const port = await listen(app)
  const etag = String((await ask(t, app, 'GET', '/api/v1/primary')).headers['etag'])
  const wait = `GET /api/v1/primary?wait=3600 HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: ${etag}\r\n\r\n`
  const stream = 'GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n'
  const descriptors = () => readdirSync('/proc/self/fd').length

  const waiting = await client(t, port, wait.repeat(IN_PROGRESS + WAITING))
  await eventually(() => app.services.waiting() === IN_PROGRESS)
  await shows(app, 'pvcapid_http_requests_in_progress', IN_PROGRESS)
  // The rest waits.
  await shows(app, 'pvcapid_http_requests_waiting', WAITING)
  waiting.socket.resetAndDestroy()
  await eventually(() => app.services.waiting() === 0)

  const streaming = await client(t, port, stream.repeat(10))
  await eventually(() => app.services.streams() === 10)
  streaming.socket.resetAndDestroy()
  await eventually(() => app.services.streams() === 0)

  const before = descriptors()
  const clients = await Promise.all(Array.from({ length: 5 }, async () => await client(t, port, 'GET /docs/static/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(IN_PROGRESS + WAITING), false)))
  await eventually(async () => await figure(app, 'pvcapid_http_requests_in_progress') > 0)
  t.ok(descriptors() <= before + 10, 'the two ends of each connection, and no file')
  for (const { socket } of clients) socket.resetAndDestroy()
  for (const name of ['pvcapid_connections', 'pvcapid_http_requests_in_progress', 'pvcapid_http_requests_waiting', 'pvcapid_http_response_bytes_waiting']) await eventually(async () => await figure(app, name) === 0)
})

t.test('requests that wait are answered in their order, and far more of them end the connection', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  const port = await listen(app)
  const paths = Array.from({ length: 40 }, (_, index) => index % 2 === 0 ? `/api/v1/switchover/${index}?consistent` : `/nothing/${index}`)
  const many = await client(t, port, paths.map((path, index) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: ${index}\r\n${index === 39 ? 'Connection: close\r\n' : ''}\r\n`).join(''))
  await many.closed
  t.strictSame([...many.said().matchAll(/x-request-id: (\d+)/g)].map(([, id]) => Number(id)), paths.map((_, index) => index))

  t.comment('as many as there may be, all at once')
  const most = IN_PROGRESS + WAITING
  const full = await client(t, port, Array.from({ length: most }, (_, index) => `GET /api/v1/primary?consistent HTTP/1.1\r\nHost: localhost\r\n${index === most - 1 ? 'Connection: close\r\n' : ''}\r\n`).join(''))
  await full.closed
  t.equal([...full.said().matchAll(/HTTP\/1\.1 200 /g)].length, most)

  let parsed = 0
  app.server.on('request', () => { parsed += 1 })
  const far = await client(t, port, 'GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(IN_PROGRESS + WAITING + 1_000))
  await far.closed
  t.ok(parsed <= IN_PROGRESS + WAITING + 1, 'nothing is made of the rest')
  await shows(app, 'pvcapid_connections_ended_total{reason="pipelined"}', 1)
  await shows(app, 'pvcapid_http_requests_waiting', 0)
})

t.test('a client that has closed its side gets its replies, and no wait', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  const port = await listen(app)
  const etag = String((await ask(t, app, 'GET', '/api/v1/primary')).headers['etag'])
  const body = '{"to":"oak"}'
  for (const [text, expected] of [
    ['GET /api/v1/node/fig/log HTTP/1.1\r\nHost: localhost\r\n\r\n', /^HTTP\/1.1 200 /],
    ['GET /api/v1/status?consistent HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(40), 'HTTP/1.1 200 '],
    [`POST /api/v1/switchover?wait=60 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`, /^HTTP\/1.1 404 [^]*"not_started"/],
    [`GET /api/v1/primary?wait=3600 HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: ${etag}\r\n\r\n`, /^HTTP\/1.1 200 |^HTTP\/1.1 304 /],
    ['GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n', /^HTTP\/1.1 200 [^]*event: resync[^]*event: end/],
  ] as const) {
    const { socket, said, closed } = await client(t, port, text)
    socket.end()
    await closed
    if (typeof expected === 'string') t.equal(said().split(expected).length, 41, 'every one of them')
    else t.match(said(), expected, text.slice(0, 60))
  }
  t.equal(app.services.waiting() + app.services.streams(), 0)
})

t.test('a client that has closed its side in the middle of a body is not waited for, though the request was still waiting', async (t) => {
  const app = await api(t, { port: (await clusterTree(t)).server.port })
  const port = await listen(app)
  const etag = String((await ask(t, app, 'GET', '/api/v1/primary')).headers['etag'])
  const wait = `GET /api/v1/primary?wait=3600 HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: ${etag}\r\n\r\n`
  const { socket, said, closed } = await client(t, port, `${wait.repeat(IN_PROGRESS)}POST /api/v1/switchover HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"to":`)
  await eventually(() => app.services.waiting() === IN_PROGRESS)
  await eventually(async () => await figure(app, 'pvcapid_http_requests_waiting') === 1)
  socket.end()
  await closed
  t.equal(said().split(/HTTP\/1.1 (?:200|304) /).length, IN_PROGRESS + 1, 'each wait has its reply')
  t.match(said(), /HTTP\/1.1 400 [^]*"malformed_request"/)
  await eventually(async () => await figure(app, 'pvcapid_http_request_bytes') === 0)
})

t.test('clients that read get their replies, however many requests of all of them wait', async (t) => {
  const { port, ended } = await bareServer(t, {}, (_request, response) => { setImmediate(() => response.end('x')) })
  const clients = await Promise.all(Array.from({ length: 60 }, async () => await client(t, port, `${'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(39)}GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)))
  for (const { closed } of clients) await closed
  t.strictSame(clients.map(({ said }) => said().split('HTTP/1.1 200 ').length - 1), clients.map(() => 40))
  t.strictSame(ended, [])
})

t.test('the bytes of requests are bounded, and who holds most is ended', async (t) => {
  const held: ServerResponse[] = []
  const { port, connections, ended } = await bareServer(t, { requestBytes: 50_000 }, (request, response) => {
    if (request.url === '/wait') held.push(response)
    else response.end('x')
  })
  const wait = (bytes: number): string => `GET /wait HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(bytes)}\r\n\r\n`
  const small = await client(t, port, wait(10))
  await eventually(() => held.length === 1)
  const large = await client(t, port, wait(8_000).repeat(4))
  await eventually(() => held.length === 5)
  t.ok(connections.requestBytes > 32_000)
  const announces = await client(t, port, 'POST /wait HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20000\r\n\r\n')
  await large.closed
  t.strictSame(ended, ['bytes'], 'the one that holds most, and it alone')
  await eventually(() => held.length === 6)
  for (const response of held) response.end('x')
  await eventually(() => small.said().endsWith('x') && announces.said().endsWith('x'))
  t.equal(connections.requestBytes, 0)
  // One that waits behind others counts as well, and with it 256 KiB are what may wait.
  const queued = await client(t, port, wait(15_000).repeat(20))
  await queued.closed
  t.equal(connections.requestBytes, 0)
})

t.test('a client that has reset its connection costs nothing more, though its requests have not been read', async (t) => {
  const clock = new ManualClock()
  const sockets: Socket[] = []
  let work: (() => void) | null = null
  const { port, connections } = await bareServer(t, { clock }, (request, response) => {
    sockets.push(request.socket)
    if (request.url === '/work') work?.()
    if (request.url === '/work') response.end('x')
  })
  const waits = 'GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n'

  t.comment('its socket is not read because requests wait')
  const many = await client(t, port, waits.repeat(IN_PROGRESS + WAITING))
  await eventually(() => connections.waiting === WAITING)
  many.socket.resetAndDestroy()
  await eventually(() => sockets.every((socket) => isReset(socket)))
  clock.advance(100)
  await eventually(() => connections.open === 0)
  t.strictSame([connections.waiting, connections.inProgress, connections.requestBytes, clock.running], [0, 0, 0, 0])

  t.comment('it has come in a turn that was long, and is not read yet')
  const accepted: Socket[] = []
  const behind = createServer({ pauseOnConnect: true }, (socket) => { accepted.push(socket) }).listen(0, '127.0.0.1')
  t.teardown(() => behind.close())
  await once(behind, 'listening')
  const gone = await client(t, (behind.address() as AddressInfo).port, waits)
  const stays = await client(t, (behind.address() as AddressInfo).port, waits)
  await eventually(() => accepted.length === 2)
  gone.socket.resetAndDestroy()
  const [first, second] = accepted as [Socket, Socket]
  await eventually(() => isReset(first) && !isReset(second))
  const begun: Socket[] = []
  work = () => {
    clock.advance(100)
    for (const socket of accepted) connections.enter(socket, () => { begun.push(socket) })
  }
  await client(t, port, 'GET /work HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await eventually(() => begun.includes(second) && first.destroyed)
  t.strictSame(begun, [second])
  stays.socket.destroy()
})

t.test('a body counts from the moment at which its request has come', async (t) => {
  const held: ServerResponse[] = []
  const { port, connections } = await bareServer(t, {}, (_request, response) => { held.push(response) })
  const one = await client(t, port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(IN_PROGRESS))
  await eventually(() => connections.inProgress === IN_PROGRESS)
  const heads = connections.requestBytes
  one.socket.write(`POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n${'x'.repeat(5_000)}`)
  await eventually(() => connections.waiting === 1)
  const before = connections.requestBytes
  t.ok(before > heads + 60_000, `${heads} bytes, then ${before}`)
  held[0]?.end('x')
  await eventually(() => held.length === IN_PROGRESS + 1)
  t.ok(connections.requestBytes < before, 'and once')
  one.socket.resetAndDestroy()
  await eventually(() => connections.requestBytes === 0)
})

t.test('a client that does not read is given up after a while, and at once where too much is held', async (t) => {
  const clock = new ManualClock()
  const { port, connections, ended } = await bareServer(t, { clock }, Buffer.alloc(12 * 2 ** 20))
  const get = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'
  const idle = await client(t, port, get, false)
  await eventually(() => connections.held > 0)
  for (let at = 0; at < 19_750; at += 250) clock.advance(250)
  t.strictSame(ended, [])
  for (let at = 0; at < 500; at += 250) clock.advance(250)
  t.strictSame(ended, ['not_reading'])
  await eventually(() => connections.open === 0)
  idle.socket.destroy()

  // Ten replies of 12 MB of their own are more than may be held.
  const greedy = await Promise.all(Array.from({ length: 8 }, async () => await client(t, port, get, false)))
  await eventually(() => connections.inProgress === greedy.length && connections.held > 64 * 2 ** 20)
  for (let at = 0; at < 2_000; at += 250) clock.advance(250)
  t.ok(ended.length > 1 && ended.every((reason) => reason === 'not_reading'), ended.join())
  t.ok(connections.held <= 64 * 2 ** 20)
  const most = ended.length
  for (let at = 0; at < 21_000; at += 250) clock.advance(250)
  t.equal(ended.length, 9, `the other ${9 - most} later`)
  await eventually(() => connections.open === 0 && connections.inProgress === 0)
  for (const { socket } of greedy) socket.destroy()
})

t.test('a body is bounded in bytes and in pieces, whoever reads it', async (t) => {
  const app = await api(t, { port: (await clusterTree(t)).server.port })
  const port = await listen(app)
  const head = (path: string, more: string) => `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${more}\r\n\r\n`
  const pieces = (count: number) => '1\r\na\r\n'.repeat(count)
  const chunked = 'Transfer-Encoding: chunked'
  const ended = async () => await figure(app, 'pvcapid_connections_ended_total{reason="body"}')
  // A refusal before the body; no such route; one that takes none; a reading with a body.
  for (const [path, method] of [['/api/v1/switchover', 'POST'], ['/nothing', 'POST'], ['/health/live', 'POST'], ['/health/live', 'GET'], ['/openapi.json', 'GET']] as const) {
    const request = head(path, chunked).replace('POST', method)
    const kept = await client(t, port, `${request}${pieces(PIECES)}0\r\n\r\n`)
    await eventually(() => kept.said().startsWith('HTTP/1.1 '))
    if (!/connection: close/i.test(kept.said())) {
      const { length } = kept.said()
      kept.socket.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n')
      await eventually(() => kept.said().slice(length).includes('HTTP/1.1 200 OK'))
    }
    // Each is ended: by this bound, or, once it is refused, by its reply. Whichever it is, the client continues to send.
    for (const body of [pieces(20_000), `200000\r\n${'a'.repeat(0x200000)}\r\n`]) await (await client(t, port, `${request}${body}`)).closed
    t.pass(`${method} ${path}`)
  }
  t.ok(await ended() >= 1)
  const long = await client(t, port, `${head('/nothing', 'Content-Length: 5000000')}${'a'.repeat(2_000_000)}`)
  await long.closed
  await eventually(async () => await figure(app, 'pvcapid_http_request_bytes') === 0)
  await shows(app, 'pvcapid_http_requests_in_progress', 0)
})

t.test('of a body in far too many pieces no more is taken out, and the parser is as it was for the next connection', async (t) => {
  const { port, connections, ended } = await bareServer(t, {}, (request, response) => {
    const push = request.push.bind(request)
    request.push = (chunk: Buffer | null, ...more) => {
      if (chunk !== null) pieces += 1
      return push(chunk, ...more)
    }
    let length = 0
    request.on('data', (chunk: Buffer) => { length += chunk.length }).on('end', () => response.end(`${length} bytes`))
  })
  let pieces = 0
  const post = (body: string): string => `POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${body}`
  for (let round = 1; round <= 5; round++) {
    pieces = 0
    const many = await client(t, port, post('1\r\na\r\n'.repeat(5_000)))
    await many.closed
    t.equal(pieces, PIECES + 1)
    await eventually(() => connections.open === 0)
    const next = await client(t, port, post('3\r\nabc\r\n0\r\n\r\n'))
    await eventually(() => next.said().endsWith('3 bytes'))
    next.socket.destroy()
    await eventually(() => connections.open === 0)
  }
  t.strictSame(ended, Array.from({ length: 5 }, () => 'body'))
})

t.test('what a new connection waits for this process is told once, and not what it waits for its client', async (t) => {
  const clock = new ManualClock()
  const waited: number[] = []
  const { port, connections } = await bareServer(t, { clock, onBegun: (milliseconds) => { waited.push(milliseconds) } }, (request, response) => {
    // A long turn: the next request has all connections held, and some time passes before they are read again.
    if (request.url === '/work') {
      clock.advance(100)
      process.nextTick(() => clock.advance(50))
    }
    response.end('x')
  })
  const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`
  const busy = await client(t, port, get('/'))
  await eventually(() => busy.said().split('HTTP/1.1 200').length === 2)
  t.strictSame(waited, [0])
  const fresh = await client(t, port)
  await eventually(() => connections.open === 2)
  clock.advance(10)
  busy.socket.write(get('/work') + get('/next'))
  await eventually(() => busy.said().split('HTTP/1.1 200').length === 4)
  clock.advance(10_000)
  for (const path of ['/', '/again']) {
    const { length } = fresh.said()
    fresh.socket.write(get(path))
    await eventually(() => fresh.said().length > length)
  }
  t.strictSame(waited, [0, 50])
})

t.test('a connection is orderly once a request has come whole and has its reply, and not while part of the next one is missing', async (t) => {
  const conducts: Array<string | undefined> = []
  const held: ServerResponse[] = []
  const { port } = await bareServer(t, {}, (request, response) => {
    // What is asked of a connection while its request is in progress, and what of one whose body is left out.
    conducts.push(Connection.of(request.socket)?.conduct)
    request.resume()
    if (request.url === '/held') held.push(response)
    else response.end('x')
  })
  const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`
  const post = (body: string): string => `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n${body}`
  const { socket, said } = await client(t, port)
  let replies = 0
  const answered = async (text: string): Promise<void> => {
    socket.write(text)
    replies += 1
    await eventually(() => said().split('HTTP/1.1 200').length === replies + 1)
  }
  await answered(get('/'))
  await answered(get('/'))
  await answered(post('ab'))
  await answered('cd' + get('/'))
  await answered(get('/'))
  t.strictSame(conducts, ['new', 'orderly', 'new', 'new', 'orderly'])
  socket.write(get('/held') + get('/held'))
  await eventually(() => held.length === 2)
  t.equal(conducts.at(-1), 'pipelines')
  for (const response of held) response.end()
})

t.test('connections of one address are bounded, but not those of a trusted proxy', async (t) => {
  const { port, connections, ended } = await bareServer(t, { perAddress: 2 }, Buffer.from('x'))
  const first = await client(t, port)
  await client(t, port)
  await eventually(() => connections.open === 2)
  await (await client(t, port)).closed
  t.strictSame(ended, ['address'])
  first.socket.destroy()
  await eventually(() => connections.open === 1)
  await client(t, port)
  await eventually(() => connections.open === 2)

  const proxied = await bareServer(t, { perAddress: 2, exempt: ['127.0.0.0/8'] }, Buffer.from('x'))
  for (let count = 0; count < 5; count++) await client(t, proxied.port)
  await eventually(() => proxied.connections.open === 5)
})

t.test('whose address counts, and as whose', async (t) => {
  t.equal(clientOf('192.0.2.7'), '192.0.2.7')
  t.equal(clientOf('::ffff:192.0.2.7'), '192.0.2.7')
  t.equal(clientOf('2001:db8:1:2:3:4:5:6'), clientOf('2001:DB8:1:2::9'))
  t.equal(clientOf('2001:db8:0:0:1::'), clientOf('2001:db8::1:2:3:4'))
  t.not(clientOf('2001:db8:1:2::1'), clientOf('2001:db8:1:3::1'))
  t.equal(clientOf('fe80::1%eth0'), clientOf('fe80::2'))
  t.equal(clientOf('::1'), clientOf('::2'))
  t.equal(clientOf('64:ff9b::192.0.2.7'), '64:ff9b:0:0::/64')
  for (const zone of ['%lo', `%${'x'.repeat(5_000)}`, '%a\n{"level":"error"}']) {
    t.equal(clientAddress({ ip: `fe80::1${zone}`, ips: ['192.0.2.1', `fe80::1${zone}`] }), 'fe80::1', 'a zone can be any text')
    t.equal(clientAddress({ ip: `[fe80::1${zone}]:443`, ips: ['192.0.2.1', `[fe80::1${zone}]:443`] }), 'fe80::1')
  }
  t.equal(clientAddress({ ip: '192.0.2.1' }), '192.0.2.1')
  for (const [text, address] of [['192.0.2.1:99', '192.0.2.1'], ['[2001:db8::1]:99', '2001:db8::1'], ['[2001:db8::1]', '2001:db8::1'], ['::ffff:192.0.2.1', '192.0.2.1']] as const) t.equal(clientAddress({ ip: text, ips: ['10.0.0.1', text] }), address)
  t.equal(clientAddress({ ip: 'a\nb', ips: ['10.0.0.1', '10.0.0.2', 'a\nb'] }), '10.0.0.2')
})
