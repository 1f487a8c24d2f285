/** What makes the API safe to expose: limits, headers, the audit line, and what is in no reply and no log. */
import { once } from 'node:events'
import { copyFileSync } from 'node:fs'
import { connect as connectSocket, type AddressInfo } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { eventually } from '../../../support/zookeeper.ts'
import { api, ask, clusterTree, everything, openApi, OPERATE, READ, wish } from '../../support/api.ts'
import { makeCertificate } from '../../support/certificate.ts'

t.test('limits by the minute', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port, authentication: true, limits: { failedAuthentications: 3, writes: 2 } })
  const path = '/api/v1/node/fig/domain-state'
  const get = async (key: string) => await ask(t, app, 'GET', path, { headers: { 'x-api-key': key } })
  for (let count = 1; count <= 3; count++) t.equal((await get(`guess ${count}`)).status, 401)
  t.match(await get('guess 4'), { status: 429, headers: { 'retry-after': /^\d+$/ }, body: { code: 'too_many_requests' } })
  t.equal((await get(READ)).status, 200, 'nobody is locked out by it')
  t.match(await ask(t, app, 'POST', `${path}?state=flush`, { headers: { 'x-api-key': 'guess 5' } }), { status: 429, body: { outcome: 'not_started' } })
  const post = async (state: string) => await ask(t, app, 'POST', `${path}?state=${state}`, { headers: { 'x-api-key': OPERATE } })
  t.strictSame([(await post('flush')).status, (await post('ready')).status], [200, 200])
  const before = await everything(session)
  t.match(await post('flush'), { status: 429, headers: { 'retry-after': /^\d+$/ }, body: { code: 'too_many_requests', outcome: 'not_started' } })
  t.strictSame(await everything(session), before, 'nothing was written')
  t.equal((await get(OPERATE)).status, 200, 'readings are not counted')
})

t.test('headers, request ids, the audit line, and secrets', async (t) => {
  const { server, session } = await clusterTree(t)
  for (const [child, value] of [['ipmihostname', 'bmc-of-fig'], ['ipmiusername', 'bmc-user'], ['ipmipassword', 'bmc-secret'], ['cpuload', 'not a number but zk-payload']] as const) await session.create(`/nodes/fig/${child}`, value)
  const lines: string[] = []
  const app = await api(t, { port: server.port, authentication: true, logTo: lines })
  const asked = await wish(t, app, { to: 'fig', reason: 'tea' }, '', { 'x-api-key': OPERATE, 'x-request-id': 'tea-1' })
  t.match(asked, { status: 202, headers: { 'x-request-id': 'tea-1', 'x-content-type-options': 'nosniff', 'content-security-policy': /default-src 'none'/, 'cache-control': 'no-store', 'x-frame-options': 'DENY' } })
  await wish(t, app, { to: 'oak' }, '', { 'x-api-key': OPERATE })
  await wish(t, app, { to: 'fig' }, '', { 'x-api-key': 'a-wrong-key-that-is-no-key' })
  await ask(t, app, 'POST', '/api/v1/node/fig/domain-state?state=flush', { headers: { 'x-api-key': OPERATE } })
  const odd = await ask(t, app, 'GET', '/api/v1/node/fig', { headers: { 'x-api-key': READ, 'x-request-id': 'a b\tc' } })
  t.match(odd.headers['x-request-id'], /^[0-9a-f]{16}-\d+$/, 'an id that is none is replaced')
  t.equal(odd.headers['cache-control'], 'no-cache')
  const written = lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => msg === 'a write was asked for')
  t.match(written, [
    { request_id: 'tea-1', by: 'ops', from: '127.0.0.1', method: 'POST', path: '/api/v1/switchover', status: 202, outcome: 'in_progress', asked: { to: 'fig', reason: 'tea' }, location: '/api/v1/switchover/1' },
    { by: 'ops', status: 404, code: 'node_unknown', outcome: 'not_started', asked: { to: 'oak' } },
    { by: null, status: 401, code: 'key_unknown', outcome: 'not_started' },
    { by: 'ops', path: '/api/v1/node/fig/domain-state', status: 200, outcome: 'done', asked: { state: 'flush' } },
  ])
  t.comment('everything that it says')
  const replies = await Promise.all(['/api/v1/node', '/api/v1/node/fig', '/api/v1/status', '/api/v1/node/fig/log', '/api/v1/node/ipmipassword', '/openapi.json', '/health/ready', '/role/primary?node=fig'].map(async (url) => (await app.inject({ url, headers: { 'x-api-key': READ } })).body))
  const said = [...replies, ...lines].join('\n')
  for (const secret of ['bmc-of-fig', 'bmc-user', 'bmc-secret', 'zk-payload', OPERATE, READ, 'a-wrong-key-that-is-no-key']) t.notOk(said.includes(secret), secret)
})

/** What the server answers to `text`, until it closes the connection. */
async function raw (t: Test, app: FastifyInstance, text: string): Promise<string> {
  const socket = connectSocket((app.server.address() as AddressInfo).port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  let answer = ''
  socket.on('data', (chunk: Buffer) => { answer += chunk.toString() })
  socket.write(text)
  await once(socket, 'close')
  return answer
}

t.test('every reply has the headers that all have, and pipelined ones come in order', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const asked = [
    ['GET', '/api/v1/node/fig', ''], ['GET', '/api/v1/primary', ''], ['GET', '/api/v1/primary', 'If-None-Match: *\r\n'], ['HEAD', '/api/v1/node', ''], ['GET', '/api/v1/node/nobody', ''],
    ['GET', '/api/v1/status?consistent', ''], ['GET', '/health/live', ''], ['GET', '/api/v1/primary?wait=x', ''], ['GET', '/nowhere', ''], ['GET', '/api/%zz', ''], ['GET', '/', ''], ['POST', '/api/v1/switchover', 'Content-Length: 0\r\n'],
    ['GET', '/api/v1/node', 'Connection: close\r\n'],
  ] as const
  const answer = await raw(t, app, asked.map(([method, path, header], at) => `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: r${at}\r\n${header}\r\n`).join(''))
  const heads = answer.split(/(?=HTTP\/1\.1 \d{3} )/).map((reply) => reply.slice(0, reply.indexOf('\r\n\r\n')))
  t.strictSame(heads.map((head) => head.split(' ')[1]), ['200', '200', '304', '200', '404', '200', '200', '400', '404', '400', '200', '400', '200'])
  for (const [at, head] of heads.entries()) {
    t.match(head, new RegExp(`\r\nx-request-id: r${at}(\r|$)`), `${asked[at]?.join(' ').trim()}: its own, in its place`)
    for (const name of ['x-view-age: [0-9.]+', 'x-content-type-options: nosniff', 'x-frame-options: DENY', 'content-security-policy: default-src \'none\'', 'cache-control: no-(cache|store)', 'date: .*']) t.match(head, new RegExp(`\r\n${name}`, 'i'))
  }
})

t.test('what never becomes a request', async (t) => {
  const app = await openApi(t, { port: 1 })
  await app.listen({ host: '127.0.0.1', port: 0 })
  for (const [text, status, code] of [
    ['nonsense\r\n\r\n', 400, 'malformed_request'],
    ['GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'malformed_request'],
    ['GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', 400, 'malformed_request'],
    [`GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 431, 'headers_too_large'],
    [`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
  ] as const) {
    const answer = await raw(t, app, text)
    t.match(answer, new RegExp(`^HTTP/1.1 ${status} `), code)
    t.match(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))), { code, status, detail: String, message: String })
  }
})

t.test('a client that was refused and does not hang up', async (t) => {
  const app = await openApi(t, { port: 1 })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const socket = connectSocket({ port: (app.server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true })
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  socket.resume()
  socket.write('nonsense\r\n\r\n')
  const connections = async () => await new Promise<number>((resolve) => app.server.getConnections((_error, count) => resolve(count)))
  await once(socket, 'end')
  await eventually(async () => await connections() === 0)
  t.pass('its connection is ended for it')
})

t.test('HTTPS: not before TLS 1.2, and a certificate that is renewed', async (t) => {
  const folder = t.testdir()
  const [first, second] = [makeCertificate(folder, 'first'), makeCertificate(folder, 'second')]
  const app = await openApi(t, { port: 1, tls: first })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const open = async (options: object = {}): Promise<TLSSocket> => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
    t.teardown(() => socket.destroy())
    await once(socket, 'secureConnect')
    return socket
  }
  await t.rejects(open({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }))
  t.equal((await open({ maxVersion: 'TLSv1.2' })).getProtocol(), 'TLSv1.2')
  await t.rejects(open({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' }), 'no cipher without authenticated encryption')
  app.reload({ ...app.config, tls: { ...first, minVersion: 'TLSv1.3' } })
  await t.rejects(open({ maxVersion: 'TLSv1.2' }), 'no older version than is set')
  const kept = await open()
  t.equal(kept.getPeerCertificate().subject.CN, 'first')
  copyFileSync(second.certFile, first.certFile)
  copyFileSync(second.keyFile, first.keyFile)
  app.reload({ ...app.config, tls: first })
  t.equal((await open()).getPeerCertificate().subject.CN, 'second')
  let answer = ''
  kept.on('data', (chunk: Buffer) => { answer += chunk.toString() })
  kept.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await eventually(() => answer.startsWith('HTTP/1.1 200'))
  t.match(answer, /strict-transport-security/i, 'a connection that was there continues')
  copyFileSync(first.certFile, first.keyFile)
  t.throws(() => app.reload({ ...app.config, tls: first }), 'files that cannot be used change nothing')
  t.equal((await open()).getPeerCertificate().subject.CN, 'second')
})

t.test('a wait ends with the key that it was asked with', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port, authentication: true })
  const etag = String((await ask(t, app, 'GET', '/api/v1/primary', { headers: { 'x-api-key': READ } })).headers['etag'])
  const wait = async (key: string) => await ask(t, app, 'GET', '/api/v1/primary?wait=3600', { headers: { 'x-api-key': key, 'if-none-match': etag } })
  const [reader, operator] = [wait(READ), wait(OPERATE)]
  await eventually(() => app.services.waiting() === 2)
  const [ops] = app.config.tokens ?? []
  app.reload({ ...app.config, tokens: app.config.tokens?.filter((token) => token !== ops) })
  t.match(await operator, { status: 401, body: { code: 'key_unknown' } })
  t.equal(app.services.waiting(), 1, 'the others wait on')
  app.reload(app.config)
  const wished = wish(t, app, { to: 'fig' }, '?wait=60', { 'x-api-key': OPERATE })
  t.equal((await reader).status, 200)
  await eventually(() => app.services.waiting() === 1 && app.services.view.board.get(1) !== null)
  app.reload({ ...app.config, tokens: app.config.tokens?.filter((token) => token !== ops) })
  t.match(await wished, { status: 401, headers: { location: '/api/v1/switchover/1' }, body: { code: 'key_unknown', outcome: 'in_progress' } })
})

t.test('connections that say nothing, or no TLS, are ended', { timeout: 60_000 }, async (t) => {
  const secure = await openApi(t, { port: 1, tls: makeCertificate(t.testdir(), 'silent') })
  const plain = await openApi(t, { port: 1 })
  const open = async (app: FastifyInstance, text: string): Promise<void> => {
    const socket = connectSocket({ port: (app.server.address() as AddressInfo).port, host: '127.0.0.1' })
    t.teardown(() => socket.destroy())
    socket.on('error', () => {})
    socket.resume()
    socket.write(text)
    await new Promise<void>((resolve) => { socket.once('close', () => resolve()) })
  }
  for (const app of [secure, plain]) await app.listen({ host: '127.0.0.1', port: 0 })
  await Promise.all([open(secure, ''), open(secure, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'), open(secure, '\x16\x03\x01\x02\x00'), open(plain, ''), open(plain, 'GET')])
  t.match((await secure.inject('/metrics')).body, /pvcapid_connections_refused_total\{reason="handshake"\} [123]/)
})

t.test('refused writes are logged once, and then as a number', async (t) => {
  const lines: string[] = []
  const app = await openApi(t, { port: 1, authentication: true, limits: { failedAuthentications: 0 }, logTo: lines })
  for (let count = 0; count < 50; count++) await ask(t, app, 'POST', '/api/v1/status?state=true')
  await app.close()
  const written = lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => /write|were refused/.test(String(msg)))
  t.match(written, [{ code: 'key_missing', status: 401, from: '127.0.0.1' }, { code: 'key_missing', count: 49, from: '127.0.0.1' }])
  t.equal(written.length, 2)
})

t.test('keys that are replaced', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port, authentication: true })
  const status = async (key: string) => (await ask(t, app, 'GET', '/api/v1/node', { headers: { 'x-api-key': key } })).status
  t.equal(await status(READ), 200)
  const [, reader] = app.config.tokens ?? []
  app.reload({ ...app.config, tokens: [{ description: 'new', role: 'read', digest: app.config.tokens?.[0]?.digest ?? Buffer.alloc(32) }] })
  t.strictSame([await status(READ), await status(OPERATE)], [401, 200])
  t.equal((await wish(t, app, { to: 'fig' }, '', { 'x-api-key': OPERATE })).status, 403, 'with the new role')
  app.reload({ ...app.config, tokens: reader === undefined ? [] : [reader] })
  t.strictSame([await status(READ), await status(OPERATE)], [200, 401])
})
