/** Whom web pages may command: origins, hosts and preflights, and that programs notice nothing of all this. */
import t, { type Test } from 'tap'
import type { FastifyInstance } from 'fastify'
import { hostOf, KnownHosts } from '../../../src/pvcapid/access/known-hosts.ts'
import { namesIn } from '../../../src/runtime/own-names.ts'
import { rawRequest } from '../../support/network/raw-request.ts'
import { api, ask, clusterTree, everything, OPERATE, READ } from '../support/api.ts'

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const writes = [
  ['/api/v1/status', { payload: 'state=true', headers: FORM }],
  ['/api/v1/node/fig/coordinator-state', { payload: 'state=primary', headers: FORM }],
  ['/api/v1/node/fig/domain-state?state=flush', { headers: {} }],
  ['/api/v1/switchover', { payload: { to: 'fig' }, headers: {} }],
  ['/api/v1/node/fig/fence-confirmation', { payload: { confirm: 'fig' }, headers: {} }],
  ['/api/v1/node/fig', { method: 'DELETE', headers: {} }],
  ['/api/v1/faults', { method: 'PUT', headers: {} }],
  ['/api/v1/faults', { method: 'DELETE', headers: {} }],
  ['/api/v1/faults/ABCD1234', { method: 'PUT', headers: {} }],
  ['/api/v1/faults/ABCD1234', { method: 'DELETE', headers: {} }],
] as const
const methodOf = (options: object): 'POST' | 'PUT' | 'DELETE' => (options as { readonly method?: 'PUT' | 'DELETE' }).method ?? 'POST'

async function refused (t: Test, app: FastifyInstance, headers: Record<string, string>, code: string, what: string): Promise<void> {
  for (const [url, options] of writes) {
    t.match(await ask(t, app, methodOf(options), url, { ...options, headers: { ...options.headers, ...headers } }), { status: 403, body: { code, outcome: 'not_started' } }, `${what}: ${url}`)
  }
}

t.test('every route that writes is among those tried', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  await app.ready()
  const posts = Object.entries(app.swagger().paths ?? {}).flatMap(([path, verbs]) => Object.keys(verbs ?? {}).filter((verb) => !['get', 'head', 'options'].includes(verb)).map(() => path.replace('{node}', 'fig').replace('{id}', 'ABCD1234')))
  t.strictSame(posts.sort(), writes.map(([url]) => url.replace(/\?.*/, '')).sort())
})

t.test('writes of other sites, with and without keys', async (t) => {
  const { server, session } = await clusterTree(t)
  const before = await everything(session)
  for (const authentication of [false, true]) {
    const app = await api(t, { port: server.port, authentication })
    const key: Record<string, string> = authentication ? { 'x-api-key': OPERATE } : {}
    for (const [headers, what] of [
      [{ origin: 'http://evil.example' }, 'another origin'],
      [{ origin: 'null' }, 'an opaque origin'],
      [{ origin: '' }, 'an empty origin'],
      [{ origin: 'https://localhost' }, 'another scheme'],
      [{ origin: 'http://localhost:8080' }, 'another port'],
      [{ origin: 'http://localhost.evil.example' }, 'a name that begins alike'],
      [{ origin: 'http://evil.example, http://localhost' }, 'two origins'],
      [{ 'sec-fetch-site': 'cross-site' }, 'another site'],
      [{ 'sec-fetch-site': 'same-site' }, 'a neighbour'],
      [{ 'sec-fetch-site': '' }, 'nothing that is known'],
      [{ origin: 'http://evil.example', 'sec-fetch-site': 'same-origin' }, 'both, at odds'],
      [{ origin: 'http://localhost', 'sec-fetch-site': 'cross-site' }, 'both, at odds the other way'],
      [{ origin: 'http://evil.example', 'x-forwarded-host': 'evil.example' }, 'a forwarded host of nobody that is trusted'],
    ] as const) await refused(t, app, { ...key, ...headers }, 'cross_site', what)
    t.match(await ask(t, app, 'POST', '/api/v1/switchover', { payload: { to: 'fig' }, headers: { origin: 'http://evil.example' } }), { status: 403 }, 'before any key is looked at')
    t.match(await ask(t, app, 'POST', '/api/v1/switchover', { payload: { to: 'fig' }, headers: { origin: 'null' } }), { body: { detail: /No setting allows it: open the page by its own address/ } }, 'no origin that could be named in a setting')
    t.strictSame(await everything(session), before, 'nothing was written')
    t.equal((await ask(t, app, 'GET', '/api/v1/primary', { headers: { ...key, origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' } })).headers['access-control-allow-origin'], undefined, 'and no other page may read')
    for (const headers of [{}, { origin: 'http://localhost' }, { origin: 'HTTP://LOCALHOST' }, { 'sec-fetch-site': 'none' }, { origin: 'http://localhost', 'sec-fetch-site': 'same-origin' }]) {
      t.equal((await ask(t, app, 'POST', '/api/v1/status', { payload: 'state=false', headers: { ...FORM, ...key, ...headers } })).status, 200, JSON.stringify(headers))
    }
  }
})

t.test('the own origin behind a trusted proxy', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port, authentication: true, config: { trustedProxies: ['10.9.9.9'] } })
  const post = async (remoteAddress: string, headers: Record<string, string>) =>
    (await ask(t, app, 'POST', '/api/v1/status', { payload: 'state=false', remoteAddress, headers: { ...FORM, 'x-api-key': OPERATE, ...headers } })).status
  const forwarded = { origin: 'https://pvc.example.com', host: 'hv1:7370', 'x-forwarded-host': 'pvc.example.com', 'x-forwarded-proto': 'https' }
  t.equal(await post('10.9.9.9', forwarded), 200)
  t.equal(await post('10.9.9.8', forwarded), 403, 'nobody else may say so')
  t.equal(await post('10.9.9.9', { ...forwarded, origin: 'http://pvc.example.com' }), 403, 'another scheme')
  t.equal(await post('10.9.9.9', { ...forwarded, 'x-forwarded-host': 'evil.example' }), 403)
  for (const scheme of ['ftp', 'file', 'javascript', 'https:', 'wss', '']) {
    t.equal(await post('10.9.9.9', { ...forwarded, origin: `${scheme}://pvc.example.com`, 'x-forwarded-proto': scheme }), 403, `"${scheme}" is no scheme of this API`)
    t.equal(await post('10.9.9.9', { ...forwarded, origin: 'http://pvc.example.com', 'x-forwarded-proto': scheme }), 200, `beside "${scheme}" the connection's own counts`)
  }
  t.equal(await post('10.9.9.9', { origin: 'https://pvc.example.com', host: 'pvc.example.com:443', 'x-forwarded-proto': 'https' }), 200, 'a default port')
})

t.test('hosts, where no key is needed', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port, node: 'plum', config: { hostnames: ['pvc.example.com', 'fd00::fe'], trustedProxies: ['10.9.9.9', 'fd00:1::/64'] } })
  const before = await everything(session)
  await app.ready()
  const guarded = Object.entries(app.swagger().paths ?? {}).filter(([path, verbs]) => path.startsWith('/api/') && verbs?.get !== undefined && verbs.get.security === undefined).map(([path]) => path.replace('{node}', 'fig').replace('{epoch}', '1').replace('{id}', 'ABCD1234'))
  t.ok(guarded.length > 8, guarded.join(' '))
  for (const host of ['evil.example', 'evil.example:7370', 'localhost.evil.example', 'evil.example@localhost', '127.0.0.1.evil.example', 'pvc.example.com.evil.example', '203.0.113.7', '[2001:db8::1]:80', 'plum.evil.example', 'x', 'localhost/evil', 'localhost:80:80', 'xn--lcalhost-n0a']) {
    for (const url of guarded) t.match(await ask(t, app, 'GET', url, { headers: { host } }), { status: 403, body: { code: 'host_unknown', detail: /pvc\.api\.hostnames/ } }, `${host}: ${url}`)
    await refused(t, app, { host }, 'host_unknown', host)
    for (const url of ['/', '/docs', '/openapi.json', '/metrics', '/health/live', '/role/primary', '/api/v1/', '/api/v1/status/primary_node']) t.equal((await app.inject({ url, headers: { host } })).statusCode, 200, `${host}: ${url} is open`)
  }
  t.strictSame(await everything(session), before)
  for (const host of ['localhost', 'LOCALHOST:7370', 'localhost.', 'api.localhost', '127.0.0.1', '127.9.9.9:1', '[::1]:7370', '[::1%25lo]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]', 'plum', 'Plum:80', 'plum.', 'pvc.example.com', 'PVC.example.COM.:443', '[fd00::fe]', '[FD00:0::FE]:80', '10.9.9.9', '[fd00:1::9]']) {
    t.equal((await ask(t, app, 'GET', '/api/v1/primary', { headers: { host } })).status, 200, host)
    t.equal((await ask(t, app, 'POST', '/api/v1/status?state=false', { headers: { host } })).status, 200, host)
  }
  t.equal((await ask(t, app, 'GET', '/api/v1/primary', { remoteAddress: '10.9.9.9', headers: { host: 'plum', 'x-forwarded-host': 'evil.example' } })).status, 403, 'what a trusted proxy says counts')
  t.equal((await ask(t, app, 'GET', '/api/v1/primary', { remoteAddress: '10.9.9.9', headers: { host: 'x', 'x-forwarded-host': 'pvc.example.com' } })).status, 200)
  t.equal((await ask(t, app, 'GET', '/api/v1/primary', { headers: { host: 'evil.example', 'x-forwarded-host': 'localhost' } })).status, 403, 'what anybody else says does not')

  const base = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
  t.match(await rawRequest(Number(base.port), 'GET /api/v1/primary HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 200/, 'no Host in HTTP/1.0')
  t.match(await rawRequest(Number(base.port), 'GET /api/v1/primary HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 403/, 'an empty one is none of its names')
  const keyed = await api(t, { port: server.port, authentication: true })
  t.equal((await ask(t, keyed, 'GET', '/api/v1/primary', { headers: { host: 'evil.example', 'x-api-key': READ } })).status, 200, 'a page does not have the key')
})

t.test('known hosts: addresses that come and go, and a bound on what is kept', async (t) => {
  let now = 0
  let reads = 0
  let addresses = new Set(['10.0.0.1', 'fd00::1'])
  const hosts = new KnownHosts({
    config: { node: undefined, listenAddress: '0.0.0.0', trustedProxies: [] },
    clock: { monotonic: () => now },
    names: ['hv1', 'hv1.example.com'],
    interfaces: () => { reads++; return addresses },
  })
  const knows = (host: string, localAddress?: string) => hosts.knows(host, { localAddress })
  t.ok(knows('10.0.0.1:7370') && knows('[fd00:0::1]') && knows('HV1.example.com.'))
  t.notOk(knows('10.0.0.254') || knows('hv1.evil.example'))
  t.ok(knows('10.0.0.254', '10.0.0.254') && knows('10.0.0.254', '::ffff:10.0.0.254') && knows('[fe80::1%25eth0]', 'fe80::1%eth0'), 'the address that the connection came in by')
  addresses = new Set(['10.0.0.254'])
  now = 1_000
  t.ok(knows('10.0.0.254'), 'a floating address has come')
  t.notOk(knows('10.0.0.1'), 'another has gone')
  for (let count = 0; count < 10_000; count++) knows(`10.1.${count >> 8}.${count & 255}`)
  t.equal(reads, 2, 'the interfaces are not read for each request')
  t.ok(knows('hv1'), 'what was forgotten is judged again')
})

t.test('hosts and names are read as browsers and resolvers read them', async (t) => {
  for (const [text, host] of [['A.Example:80', 'a.example'], ['a.example.', 'a.example'], ['[::1]:80', '::1'], ['[0::1%25eth0]', '::1'], ['127.1', '127.0.0.1'], ['2130706433', '127.0.0.1'], ['a_b', 'a_b'], ['', null], ['a b', null], ['u@a', null], ['a/b', null], ['[::1', null], ['[x]', null], ['a:80:80', null], ['localhost:65535', 'localhost'], ['localhost:65536', null], ['[::1]:99999', null], ['localhost:', 'localhost'], ['.', null], ['999.1.1.1', null]] as const) t.equal(hostOf(text), host, text)
  const hosts = '127.0.0.1 localhost lo.example # me\n10.0.0.1 hv1.example.com hv1 api\n10.0.0.2 hv2\n::1 ip6-me\n'
  t.strictSame([...namesIn('hv1', hosts, 'nameserver 10.0.0.9\nsearch example.com lab.example\n')].sort(), ['api', 'hv1', 'hv1', 'hv1', 'hv1.example.com', 'hv1.example.com', 'hv1.lab.example', 'ip6-me', 'lo.example', 'localhost'])
})

t.test('CORS for the origins that are allowed', async (t) => {
  const origin = 'https://ops.example.com'
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port, authentication: true, config: { allowedOrigins: [origin] } })
  const preflight = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-api-key,content-type' }
  for (const url of ['/api/v1/switchover', '/api/v1/primary', '/api/v1/events', '/role/primary', '/health/ready', '/metrics']) {
    const { statusCode, headers } = await app.inject({ method: 'OPTIONS', url, headers: preflight })
    t.match({ statusCode, headers }, {
      statusCode: 204,
      headers: { 'access-control-allow-origin': origin, 'access-control-allow-methods': 'GET, HEAD, POST, PUT, DELETE', vary: /Origin/ },
    }, url)
    for (const name of ['X-Api-Key', 'Content-Type', 'If-Match', 'If-None-Match', 'Last-Event-ID']) t.match(headers['access-control-allow-headers'], name)
    t.equal(headers['access-control-allow-credentials'], undefined)
  }
  const foreign = await app.inject({ method: 'OPTIONS', url: '/api/v1/switchover', headers: { ...preflight, origin: 'https://ops.example.com.evil' } })
  t.match({ status: foreign.statusCode, allowed: foreign.headers['access-control-allow-origin'], vary: foreign.headers.vary }, { status: 403, allowed: undefined, vary: 'Origin' })
  t.match(foreign.json(), { code: 'cross_site', detail: /evil may not use this API\. .* pvc\.api\.allowed_origins/ })

  const key = { 'x-api-key': OPERATE, origin, 'sec-fetch-site': 'cross-site' }
  const read = await ask(t, app, 'GET', '/api/v1/primary', { headers: key })
  const known = await ask(t, app, 'GET', '/api/v1/primary', { headers: { ...key, 'if-none-match': String(read.headers['etag']) } })
  t.equal(known.status, 304)
  const written = await ask(t, app, 'POST', '/api/v1/switchover', { payload: { to: 'plum' }, headers: key })
  t.equal(written.status, 200, 'it may write')
  const wrong = await ask(t, app, 'GET', '/api/v1/primary', { headers: { origin } })
  t.equal(wrong.status, 401)
  for (const { headers } of [read, known, written, wrong]) {
    t.equal(headers['access-control-allow-origin'], origin)
    t.equal(headers['vary'], 'Origin')
    for (const name of ['ETag', 'Location', 'X-View-Age', 'Retry-After', 'X-Request-Id']) t.match(headers['access-control-expose-headers'], name)
  }
  const plain = await ask(t, app, 'GET', '/api/v1/primary', { headers: { 'x-api-key': READ } })
  t.match([plain.headers['access-control-allow-origin'], plain.headers['vary']], [undefined, 'Origin'], 'what depends on the origin says so to everybody')
  const before = await everything(session)
  await refused(t, app, { 'x-api-key': OPERATE, origin: 'https://other.example.com' }, 'cross_site', 'another origin')
  t.strictSame(await everything(session), before)
})
