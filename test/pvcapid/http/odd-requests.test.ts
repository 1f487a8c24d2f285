/** Requests that no client library would send: each is refused for what it is, and none is a fault of the API or is counted against another. */
import { once } from 'node:events'
import { METHODS } from 'node:http'
import { connect as connectSocket, type AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { parseForm } from '../../../src/pvcapid/plugins/forms.ts'
import { repeatedField } from '../../../src/pvcapid/plugins/repeated-fields.ts'
import { requestsIn, RequestType } from '../../support/requests.ts'
import { proxy, eventually } from '../../support/zookeeper.ts'
import { api, ask, askOnce, clusterTree, openApi, OPERATE, swallowRepliesToWritesOf, wish } from '../support/api.ts'

/** What the server answers to `text`, until it closes the connection. */
async function raw (t: Test, app: FastifyInstance, text: string): Promise<string> {
  const socket = connectSocket((app.server.address() as AddressInfo).port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  let said = ''
  socket.on('data', (chunk: Buffer) => { said += chunk.toString('latin1') })
  socket.on('error', () => {})
  socket.end(text)
  await once(socket, 'close')
  return said
}

const status = (reply: string): number => Number(reply.split(' ')[1])

t.test('no method and no path is a fault', async (t) => {
  const { server } = await clusterTree(t)
  const lines: string[] = []
  const app = await api(t, { port: server.port, logTo: lines })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const paths = ['/', '/docs', '/docs/', '/docs/static/..', '/docs/static/../index.html', '/docs/static/%2e%2e', '/docs/static/a%00b', '/docs/static/foo', '/docs/static/', '/docs/static/__proto__', '/openapi.json', '/metrics', '/health/live', '/role/primary?node=plum', '/api/v1/status', '/api/v1/node/a%00b', '/api/v1/node/%ff', '//', '/*', '*', '/api/v1/events/x']
  for (const path of paths) {
    for (const method of METHODS.concat('BREW')) {
      for (const type of ['', 'Content-Type: application/json\r\n', 'Content-Type: no type\r\n']) {
        const reply = await raw(t, app, `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${type}Content-Length: 0\r\nConnection: close\r\n\r\n`)
        if (!(status(reply) >= 200 && status(reply) < 500)) t.fail(`${method} ${path}: ${reply.slice(0, 100)}`)
      }
    }
  }
  t.match(await ask(t, app, 'GET', '/docs/static/foo'), { status: 404, body: { code: 'route_unknown' } })
  t.match(await ask(t, app, 'DELETE' as 'GET', '/docs/static/foo'), { status: 405 })
  t.equal((await app.inject('/docs/static/swagger-ui.css')).statusCode, 200)
  t.notMatch(lines.join(), /"level":"error"/)
})

t.test('forms, encodings, headers and conditions', async (t) => {
  const { server } = await clusterTree(t)
  const lines: string[] = []
  const app = await api(t, { port: server.port, logTo: lines })
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.strictSame(parseForm('state=a&state=b&x=&y'), { state: ['a', 'b'], x: '', y: '' })
  t.throws(() => parseForm('a=&'.repeat(21_000)), { code: 'malformed_request' })
  const form = { headers: { 'content-type': 'application/x-www-form-urlencoded' } }
  t.match(await ask(t, app, 'POST', '/api/v1/status', { ...form, payload: 'a=&'.repeat(21_000) }), { status: 400, body: { outcome: 'not_started' } })
  t.match(await ask(t, app, 'POST', '/api/v1/switchover', { headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' }, payload: gzipSync('{"to":"fig"}') }), { status: 415, headers: { 'accept-encoding': 'identity' }, body: { code: 'encoding_unsupported', outcome: 'not_started' } })

  for (const tag of ['"another"', 'W/"another"', '"a", "b"', ',"a",, "b,c" ,', `"${'x'.repeat(200)}"`]) t.match(await wish(t, app, { to: 'fig' }, '', { 'if-match': tag }), { status: 412, body: { code: 'precondition_failed', outcome: 'not_started' } }, tag)
  for (const tag of ['another', '"a', '"a" "b"', ',', '"a",b']) t.match(await wish(t, app, { to: 'fig' }, '', { 'if-match': tag }), { status: 400, body: { outcome: 'not_started' } }, tag)

  const body = '{"to":"fig"}'
  const post = (headers: string): string => `POST /api/v1/switchover HTTP/1.1\r\n${headers}Content-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n`
  t.equal(status(await raw(t, app, `${post('Host: localhost\r\nHost: y\r\n')}\r\n${body}`)), 400, 'two hosts')
  for (const twice of ['Content-Type: application/json', 'CONTENT-TYPE: text/plain', 'Origin: http://a\r\nOrigin: http://localhost', 'Authorization: Bearer a\r\nauthorization: Bearer b']) {
    t.equal(status(await raw(t, app, `${post('Host: localhost\r\n')}${twice}\r\n\r\n${body}`)), 400, `${twice}, twice`)
  }
  for (const charset of ['utf-16', 'UTF-16LE', '"iso-8859-1"', ' utf-7']) {
    for (const [type, url, payload] of [['application/json', '/api/v1/switchover', body], ['application/x-www-form-urlencoded', '/api/v1/status', 'state=true']] as const) {
      t.match(await ask(t, app, 'POST', url, { headers: { 'content-type': `${type};charset=${charset}` }, payload }), { status: 415, body: { code: 'media_type_unsupported', outcome: 'not_started' } }, `${type} in ${charset}`)
    }
  }
  for (const [line, expected] of [['GET * HTTP/1.1', 400], ['HEAD * HTTP/1.1', 400], ['GET /health/live HTTP/0.9', 505], ['GET /health/live HTTP/2.0', 505], ['GET /health/live HTTP/1.0', 200]] as const) {
    t.equal(status(await raw(t, app, `${line}\r\nHost: localhost\r\nConnection: close\r\n\r\n`)), expected, line)
  }
  t.match(await raw(t, app, 'OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'), /^HTTP\/1.1 204 [^]*allow: DELETE, GET, HEAD, OPTIONS, POST, PUT\r\n/, 'what the server as a whole takes')
  t.match(await ask(t, app, 'POST', '/api/v1/switchover', { payload: { form: 'fig' } }), { status: 400, body: { detail: /form is no field here; did you mean "from"\?/ } })
  t.equal(status(await raw(t, app, `${post('host: localhost\r\n')}${'a:b\r\n'.repeat(2_100)}If-Match: "another"\r\n\r\n${body}`)), 431, 'too many headers')
  t.equal(status(await raw(t, app, `${post('host: localhost\r\n')}${'a:b\r\n'.repeat(400)}If-Match: "another"\r\n\r\n${body}`)), 412, 'one behind many counts')
  t.equal(status(await raw(t, app, 'POST /api/v1/switchover HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{')), 400, 'a body that ends early')
  const after = await raw(t, app, 'GET /api/v1/status?consistent HTTP/1.1\r\nHost: localhost\r\n\r\nnonsense\r\n\r\n')
  t.match(after, /^HTTP\/1.1 200 /, 'what was no request is not answered before what was one')
  const gone = connectSocket((app.server.address() as AddressInfo).port, '127.0.0.1')
  await once(gone, 'connect')
  gone.write('POST /api/v1/switchover HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{')
  await eventually(() => app.server.connections !== 0 && lines.length >= 0)
  gone.resetAndDestroy()
  await eventually(async () => /^pvcapid_connections 0$/m.test((await app.inject('/metrics')).body))
  t.notMatch(lines.join(), /"level":"error"/)
  t.equal((await ask(t, app, 'GET', '/api/v1/primary')).body['name'], 'plum', 'nothing was done')
})

t.test('a field that is given twice is refused, at every depth and however it is written', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  const headers = { 'content-type': 'application/json' }
  const bodies: ReadonlyArray<readonly [url: string, payload: string, field: string]> = [
    ['/api/v1/switchover', '{"to":"fig","to":"quince"}', '/to'],
    ['/api/v1/switchover', '{"to":"fig","\\u0074o":"quince"}', '/to'],
    ['/api/v1/switchover', '{"to": "fig" ,\n"from" :"x\\"{", "to"\t:null}', '/to'],
    ['/api/v1/switchover', '{"to":{"a":[1,{"b":1,"b":2}]}}', '/to/a/1/b'],
    ['/api/v1/node/fig/fence-confirmation', '{"confirm":"quince","confirm":"fig"}', '/confirm'],
    ['/api/v1/node/fig/fence-confirmation', '{"__proto__x":1,"a/b~":1,"a/b~":2}', '/a~1b~0'],
    ['/api/v1/status?state=true', '{"state":"true","state":"false"}', '/state'],
  ]
  for (const [url, payload, field] of bodies) {
    const { status, body } = await ask(t, app, 'POST', url, { headers, payload })
    // A route that takes forms alone takes no JSON.
    if (url.startsWith('/api/v1/status') && status === 415) continue
    t.match({ status, body }, { status: 400, body: { code: 'argument_invalid', outcome: 'not_started', errors: [{ in: 'body', field, message: 'is given more than once' }] } }, payload)
  }
  t.equal((await ask(t, app, 'GET', '/api/v1/primary')).body['name'], 'plum', 'nothing was done')
  // The same name in two objects is two fields.
  for (const text of ['{"a":{"a":1},"b":{"a":1}}', '[{"a":1},{"a":1}]', '"a"', '[]', '{"a":"a","b":"a"}']) t.equal(repeatedField(text), null, text)
})

t.test('`*` within a list of tags is no condition that always holds', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  for (const tags of ['W/"a", *', '*, *', '"a",*', 'x', '"x']) {
    for (const path of ['node/fig/domain-state?state=flush', 'node/fig/coordinator-state?state=primary']) {
      t.match(await ask(t, app, 'POST', `/api/v1/${path}`, { headers: { 'if-match': tags } }), { status: 400, body: { code: 'argument_invalid', outcome: 'not_started' } }, `${path} ${tags}`)
    }
    t.match(await ask(t, app, 'POST', '/api/v1/status?state=true', { headers: { 'if-match': tags } }), { status: 400, body: { code: 'argument_invalid', outcome: 'not_started' } }, tags)
    t.equal((await ask(t, app, 'GET', '/api/v1/primary', { headers: { 'if-none-match': tags } })).status, 200, tags)
  }
  t.equal((await ask(t, app, 'POST', '/api/v1/status?state=true', { headers: { 'if-match': ' * ' } })).status, 200)
})

t.test('only what is valid is counted as a write', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port, authentication: true, limits: { writes: 2 } })
  const headers = { 'x-api-key': OPERATE }
  for (let count = 0; count < 5; count++) {
    t.equal((await ask(t, app, 'POST', '/api/v1/switchover', { headers, payload: { no: 'such field' } })).status, 400)
    t.equal((await ask(t, app, 'POST', '/api/v1/switchover', { headers: { ...headers, 'content-type': 'application/json' }, payload: '{' })).status, 400)
    t.equal((await ask(t, app, 'POST', '/api/v1/status?state=perhaps', { headers })).status, 400)
  }
  t.equal((await ask(t, app, 'POST', '/api/v1/status?state=true', { headers })).status, 200)
  t.equal((await ask(t, app, 'POST', '/api/v1/status?state=false', { headers })).status, 200)
  t.match(await ask(t, app, 'POST', '/api/v1/status?state=true', { headers }), { status: 429, body: { outcome: 'not_started' } })
})

t.test('what names nothing, or is refused by its own condition, is not counted as a write', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port, authentication: true, limits: { writes: 2 } })
  const headers = { 'x-api-key': OPERATE }
  for (let count = 0; count < 4; count++) {
    t.equal((await ask(t, app, 'POST', '/api/v1/switchover', { headers, payload: { to: 'fgi' } })).status, 404)
    t.equal((await ask(t, app, 'POST', '/api/v1/status?state=true', { headers: { ...headers, 'if-match': '"another"' } })).status, 412)
  }
  t.equal((await ask(t, app, 'POST', '/api/v1/status?state=true', { headers })).status, 200)
})

t.test('an empty part at the end of a path is not passed over', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  await session.ensurePath('/faults/one/status')
  // An empty name is one that nothing has.
  for (const [method, path, code] of [
    ['DELETE', '/api/v1/faults/', 'fault_unknown'], ['PUT', '/api/v1/faults/', 'fault_unknown'], ['DELETE', '/api/v1//faults/', 'fault_unknown'], ['DELETE', '/api/v1/faults//', 'route_unknown'], ['PUT', '/api/v1//faults//', 'route_unknown'], ['GET', '/api/v1/node/', 'node_unknown'],
    ['GET', '/api/v1/status/', 'route_unknown'], ['GET', '/api/v1/node/fig/', 'route_unknown'], ['POST', '/api/v1/status/?state=true', 'route_unknown'],
  ] as const) {
    const reply = await app.inject({ method, url: path })
    t.match([reply.statusCode, reply.json()], [404, { code }], `${method} ${path}`)
  }
  t.match((await app.inject('/api/v1/node/fig/')).json(), { detail: /with an empty part at its end/ })
  t.not(await session.exists('/faults/one/status'), null)
})

t.test('a condition that a write does not judge is refused', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  await session.ensurePath('/faults/one/status')
  const writes = [['DELETE', '/api/v1/faults'], ['PUT', '/api/v1/faults'], ['DELETE', '/api/v1/faults/one'], ['PUT', '/api/v1/faults/one'], ['POST', '/api/v1/node/fig/fence-confirmation']] as const
  for (const [method, path] of writes) {
    for (const [name, value] of [['if-match', '"stale"'], ['if-match', '*'], ['if-none-match', '*'], ['if-unmodified-since', 'Wed, 21 Oct 2015 07:28:00 GMT']] as const) {
      t.match(await ask(t, app, method as 'POST', path, { headers: { [name]: value }, ...method === 'POST' ? { payload: { confirm: 'fig' } } : {} }), { status: 412, body: { code: 'precondition_failed', outcome: 'not_started' } }, `${method} ${path} ${name}`)
    }
  }
  for (const [method, path] of [...writes, ['DELETE', '/api/v1/node/fig'], ['POST', '/api/v1/switchover']] as const) {
    for (const [name, value] of [['if-match', 'x'], ['if-match', '"a" "b"'], ['if-match', ''], ['if-none-match', 'x'], ['if-none-match', ',']] as const) {
      t.match(await ask(t, app, method as 'POST', path, { headers: { [name]: value }, ...method === 'POST' ? { payload: path.endsWith('switchover') ? { to: 'fig' } : { confirm: 'fig' } } : {} }), { status: 400, body: { code: 'argument_invalid', outcome: 'not_started' } }, `${method} ${path} ${name}: ${value}`)
    }
  }
  t.match(await wish(t, app, { to: 'fig' }, '', { 'if-none-match': '*' }), { status: 412 })
  t.not(await session.exists('/faults/one/status'), null)
})

t.test('a target, a coding and a name that say another thing than they seem to', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const get = (target: string, host: string, more = '') => `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${more}Connection: close\r\n\r\n`
  for (const [target, host, expected] of [['http://evil.example/api/v1/primary', '127.0.0.1', 400], ['http://127.0.0.1/api/v1/primary', 'evil.example', 400], ['http://LOCALHOST/api/v1/primary', 'localhost', 200]] as const) t.equal(status(await raw(t, app, get(target, host))), expected, target)
  const chunked = (coding: string) => `POST /api/v1/switchover HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: ${coding}\r\nConnection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n`
  t.match(await raw(t, app, chunked('gzip, chunked')), /^HTTP\/1.1 415 [^]*encoding_unsupported/)
  t.match(await raw(t, app, chunked('chunked')), /^HTTP\/1.1 400 /)
  for (const text of ['{"__proto__":{"to":"fig"}}', '{"to":"fig","constructor":{"prototype":1}}']) t.match(await ask(t, app, 'POST', '/api/v1/switchover', { headers: { 'content-type': 'application/json' }, payload: text }), { status: 400, body: { detail: /field named __proto__/ } }, text)
})

t.test('what the framework finds wrong is said in a sentence of our own', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const query = (type: string) => `QUERY /api/v1/status HTTP/1.1\r\nHost: localhost\r\n${type}Content-Length: 2\r\nConnection: close\r\n\r\n{}`
  for (const type of ['', 'Content-Type: application/json\r\n', 'Content-Type: no type\r\n', 'Content-Type: text/plain\r\n']) t.match(await raw(t, app, query(type)), /^HTTP\/1\.1 405 [^]*allow: GET, HEAD, OPTIONS, POST\r\n[^]*\/api\/v1\/status takes GET, HEAD, OPTIONS, POST, not QUERY\./, `QUERY, ${type}`)
  t.match(await raw(t, app, query('').replace('/api/v1/status', '/nonsense')), /^HTTP\/1\.1 404 /)
  for (const [method, url, headers, payload, status, detail] of [
    ['POST', '/api/v1/switchover', { 'content-type': 'text/plain' }, 'x', 415, 'A body of the type "text/plain" is not taken by this route. Nothing was done; send application/json.'],
    ['POST', '/api/v1/switchover', { 'content-type': 'no type' }, 'x', 415, 'A body of the type "no type" is not taken by this route. Nothing was done; send application/json.'],
    ['POST', '/api/v1/switchover', {}, 'x', 415, 'A body without a Content-Type is not taken by this route. Nothing was done; send application/json.'],
    ['POST', '/api/v1/status', { 'content-type': 'no type' }, 'x', 415, 'A body of the type "no type" is not taken by this route. Nothing was done; send the state in the query or in a form (application/x-www-form-urlencoded or multipart/form-data).'],
    ['POST', '/api/v1/switchover', { 'content-type': 'application/json' }, ' '.repeat(65_537), 413, 'The body is longer than 65536 bytes. Nothing was done; send less.'],
    ['POST', '/api/v1/switchover', { 'content-type': 'application/json' }, '', 400, 'The body is empty, and its Content-Type says application/json. Nothing was done; send a JSON object.'],
    ['GET', '/api/v1/node/%ff', {}, undefined, 400, 'The path of the target cannot be decoded. Nothing was done; percent-encode it, as UTF-8.'],
    ['GET', `/api/v1/node/${'x'.repeat(1_025)}`, {}, undefined, 400, 'A part of the path has more than 1024 characters, which is more than any name has. Nothing was done; send the name alone.'],
  ] as const) t.match(await ask(t, app, method, url, { headers, ...payload === undefined ? {} : { payload } }), { status, body: { detail, message: detail } }, `${method} ${url.slice(0, 30)} ${JSON.stringify(headers)}`)
})

t.test('without a view nothing is begun', async (t) => {
  const app = await openApi(t, { port: 1 })
  for (const [url, payload] of [['/api/v1/switchover', { to: 'fig' }], ['/api/v1/node/fig/fence-confirmation', { confirm: 'fig' }], ['/api/v1/status?state=true', undefined], ['/api/v1/node/fig/domain-state?state=flush', undefined], ['/api/v1/node/fig/coordinator-state?state=primary', undefined]] as const) {
    t.match(await askOnce(t, app, 'POST', url, payload === undefined ? {} : { payload }), { status: 503, body: { code: 'zookeeper_unavailable', outcome: 'not_started' } }, url)
  }
})

t.test('a fence confirmation whose write is sent says that it may be done', async (t) => {
  const { server, session } = await clusterTree(t)
  await session.set('/nodes/fig/daemonstate', 'dead', 0)
  const path = await proxy(t, server)
  const app = await api(t, { port: path.port, sessionTimeout: 60_000 })
  const lost = swallowRepliesToWritesOf(path, '/nodes/fig/daemonstate')
  const asked = ask(t, app, 'POST', '/api/v1/node/fig/fence-confirmation', { payload: { confirm: 'fig' } })
  await lost
  t.match(await asked, { status: 503, body: { code: 'outcome_unknown', outcome: 'unknown' } })
  path.heal()
})

t.test('a fence confirmation that is late writes nothing afterwards', async (t) => {
  const { server, session } = await clusterTree(t)
  await session.set('/nodes/fig/daemonstate', 'dead', 0)
  const path = await proxy(t, server)
  const app = await api(t, { port: path.port, sessionTimeout: 60_000 })
  let probes = 0
  path.onRequest = (chunk) => { probes += requestsIn(chunk).filter(({ type, path }) => type === RequestType.exists && path === '/config/primary_node').length }
  path.late(1_100)
  t.match(await askOnce(t, app, 'POST', '/api/v1/node/fig/fence-confirmation', { payload: { confirm: 'fig' } }), { status: 503, body: { code: 'zookeeper_unavailable', outcome: 'not_started' } })
  // Each probe of the cache begins when the one before has been answered, and replies keep their order: by the third, the reading that was on its
  // way at the end of the bound has come, and what would follow from it has been sent.
  const before = probes
  await eventually(() => probes >= before + 3)
  t.equal((await session.get('/nodes/fig/daemonstate')).data, 'dead')
})

t.test('a request that HTTP does not know is refused with its cause', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  await app.listen({ host: '127.0.0.1', port: 0 })
  for (const [text, status, detail] of [
    ['GET / HTTP/1.2\r\nHost: localhost\r\n\r\n', 505, /line does not end with HTTP\/1\.1 or HTTP\/1\.0 and CR LF\./],
    ['GET / HTTP/3.0\r\nHost: localhost\r\n\r\n', 505, /line does not end with HTTP\/1\.1 or HTTP\/1\.0 and CR LF\./],
    ['GET / HTTP/1.1 \r\nHost: localhost\r\n\r\n', 505, /line does not end with HTTP\/1\.1 or HTTP\/1\.0 and CR LF\./],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505, /HTTP\/2/],
    ['get / HTTP/1.1\r\nHost: localhost\r\n\r\n', 400, /method of HTTP; methods are in upper case/],
    ['BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n', 400, /method of HTTP/],
    ['\x16\x03\x01\x00\xff', 400, /method of HTTP/],
    ['GET / HTTP/1.1\r\nHost: localhost\r\nA b: c\r\n\r\n', 400, /by HTTP: Invalid header token/],
    ['GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n', 400, /by HTTP: Invalid character in Content-Length/],
    ['GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n', 400, /by HTTP: Transfer-Encoding can't be present with Content-Length/],
  ] as const) {
    const reply = await raw(t, app, text)
    t.equal(Number(reply.split(' ')[1]), status, JSON.stringify(text))
    t.match(reply, detail)
  }
})

t.test('a client is asked for its body only where the headers do not decide', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  await app.listen({ host: '127.0.0.1', port: 0 })
  /** What the server says to the headers alone: until it asks for the body, which is then sent, or ends the connection. */
  const ask100 = async (head: string, body: string): Promise<string> => {
    const socket = connectSocket((app.server.address() as AddressInfo).port, '127.0.0.1')
    t.teardown(() => socket.destroy())
    let said = ''
    socket.on('error', () => {}).on('data', (chunk: Buffer) => {
      if (said === '' && /^HTTP\/1\.1 100 /.test(chunk.toString())) socket.write(body)
      said += chunk.toString('latin1')
    })
    socket.write(`${head}Host: localhost\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`)
    while (!/HTTP\/1\.1 [2-5]\d\d [^]*\r\n\r\n/.test(said) && !socket.closed) await Promise.race([once(socket, 'data'), once(socket, 'close')])
    return said
  }
  const json = 'Content-Type: application/json\r\n'
  const wanted = await ask100(`POST /api/v1/switchover HTTP/1.1\r\n${json}`, '{"to":"nobody"}')
  t.match(wanted, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 404 /)
  t.notMatch(wanted, /connection: close/i, 'the connection is kept')
  t.match(await ask100('POST /api/v1/status HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n', 'state=maybe'), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 400 /, 'a form')
  for (const [head, body, status] of [
    [`POST /api/v1/switchover HTTP/1.1\r\n${json}`, 'x'.repeat(70_000), 413],
    [`POST /api/v1/switchover HTTP/1.1\r\n${json}Origin: http://elsewhere\r\n`, '{"to":"fig"}', 403],
    [`POST /api/v1/switchover HTTP/1.1\r\n${json}Content-Encoding: gzip\r\n`, '{"to":"fig"}', 415],
    ['POST /api/v1/switchover HTTP/1.1\r\nContent-Type: text/csv\r\n', '{"to":"fig"}', 415],
    [`POST /api/v1/nowhere HTTP/1.1\r\n${json}`, '{"to":"fig"}', 404],
    [`PUT /api/v1/status HTTP/1.1\r\n${json}`, '{"to":"fig"}', 405],
  ] as const) {
    const reply = await ask100(head, body)
    t.match(reply, new RegExp(`^HTTP/1\\.1 ${status} [^]*connection: close\r\n`, 'i'), `${head.split(' HTTP')[0]}: ${status} at once, as the last reply`)
  }
})

t.test('where there is no route, no body is waited for', async (t) => {
  const { server } = await clusterTree(t)
  const app = await openApi(t, { port: server.port })
  await app.listen({ host: '127.0.0.1', port: 0 })
  for (const length of ['Transfer-Encoding: chunked', 'Content-Length: 5']) {
    const socket = connectSocket((app.server.address() as AddressInfo).port, '127.0.0.1')
    t.teardown(() => socket.destroy())
    socket.write(`POST /api/v1/nonsense HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${length}\r\n\r\n`)
    const [reply] = await once(socket, 'data') as [Buffer]
    t.match(reply.toString(), /^HTTP\/1\.1 404 [^]*"code":"route_unknown"/, length)
  }
})
