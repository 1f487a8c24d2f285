/** Behind a proxy with a path prefix: every path that a reply names begins with it, whoever says it, and nobody else can say it. */
import { once } from 'node:events'
import { connect as connectSocket, type AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { BASE_PATH } from '../../../src/pvcapid/config/schema.ts'
import { BasePath } from '../../../src/pvcapid/http/base-path.ts'
import { pageFor } from '../../../src/pvcapid/pages/swagger-page.ts'
import { patiently } from '../../support/api-client.ts'
import { api, clusterTree, everything, openApi, settle } from '../support/api.ts'

t.test('what is believed', async (t) => {
  const path = new BasePath({ basePath: '/base', trustedProxies: ['10.9.9.9'] })
  const of = (prefix: string | string[] | undefined, remoteAddress = '10.9.9.9') => path.of({ headers: { 'x-forwarded-prefix': prefix }, socket: { remoteAddress } })
  t.strictSame([of('/pvc'), of('/pvc/'), of('/a/b-c_d~e.f'), of('/'), of('')], ['/pvc', '/pvc', '/a/b-c_d~e.f', '', ''])
  for (const wrong of ['pvc', '//evil.example', '/\\evil.example', '/a//b', '/../a', '/a/..', '/.git', '/a b', '/a?b', '/a#b', '/a%2fb', '/a;b', 'http://evil.example', '/a"b', '/a<b', '/a, /b', '/a\u00e9', `/${'a'.repeat(300)}`]) t.equal(of(wrong), '/base', wrong)
  t.equal(of(['/a', '/b']), '/base')
  t.equal(of(undefined), '/base')
  t.equal(of('/pvc', '10.9.9.8'), '/base', 'of nobody that is trusted')
  t.equal(of('/pvc', '::ffff:10.9.9.9'), '/pvc')
  t.equal(new BasePath({ trustedProxies: [] }).of({ headers: { 'x-forwarded-prefix': '/pvc' }, socket: { remoteAddress: '10.9.9.9' } }), '')
  t.strictSame(['/base', '/base/', '/base/x?y', '/base?y', '/basement', '/x', '/x/base/y'].map((target) => path.stripped(target)), ['/', '/', '/x?y', '/?y', '/basement', '/x', '/x/base/y'])
  t.notOk(BASE_PATH.test('/a/') || BASE_PATH.test('/') || BASE_PATH.test(''))
})

t.test('the base path without its slash', async (t) => {
  const app = await openApi(t, { port: 1, config: { basePath: '/pvc' } })
  for (const method of ['GET', 'HEAD', 'POST'] as const) {
    for (const query of ['', '?a=b&c=%2f']) {
      const { statusCode, headers } = await app.inject({ method, url: `/pvc${query}` })
      t.strictSame([statusCode, headers.location], [308, `/pvc/${query}`], `${method} /pvc${query}`)
    }
  }
  for (const url of ['/pvc/', '/']) t.equal((await app.inject(url)).statusCode, 200, url)
  t.equal((await app.inject('/pvcs')).statusCode, 404)
})

for (const [what, config, headers, at] of [
  ['a setting, and a proxy that strips', { basePath: '/pvc' }, {}, ''],
  ['a setting, and a proxy that does not', { basePath: '/pvc' }, {}, '/pvc'],
  ['a header of a trusted proxy', { trustedProxies: ['127.0.0.1'] }, { 'x-forwarded-prefix': '/pvc' }, ''],
] as const) {
  t.test(what, async (t) => {
    const { server, session } = await clusterTree(t)
    const app = await api(t, { port: server.port, config })
    settle(t, session, ['plum', 'fig', 'quince'])
    const post = async (path: string, payload?: object) => await patiently('POST', async () => {
      const reply = await app.inject({ method: 'POST', url: `${at}/api/v1/${path}`, headers, ...payload === undefined ? {} : { payload } })
      return { status: reply.statusCode, headers: reply.headers, body: reply.json<unknown>() }
    })
    t.match(await post('switchover?wait=20', { to: 'fig' }), { status: 200, headers: { location: '/pvc/api/v1/switchover/1' } })
    t.match(await post('node/plum/coordinator-state?state=primary'), { status: 200, headers: { location: '/pvc/api/v1/switchover/2' } })
    for (const url of ['/api/v1/node/oak', '/api/v1/nodes', '/role/primary?nod=x']) {
      t.equal((await app.inject({ url: `${at}${url}`, headers })).json().instance, `/pvc${url.replace(/\?.*/, '')}`, url)
    }
    for (const url of ['/openapi.json', '/docs/json']) t.strictSame((await app.inject({ url: `${at}${url}`, headers })).json().servers.map(({ url }: { url: string }) => url), ['/pvc'], url)
    t.match((await app.inject({ url: `${at}/docs/yaml`, headers })).body, /^ +- url: \/pvc$/m)
    t.equal((await app.inject({ url: `${at}/docs/static/index.html`, headers })).headers.location, '/pvc/docs/')
    const before = await everything(session)
    await session.set('/nodes/quince/daemonstate', 'dead', 0)
    await session.set('/nodes/quince/routerstate', 'primary', Number(before['/nodes/quince/routerstate']?.split(' ')[0]))
    let refused
    do {
      await turn()
      refused = (await app.inject({ method: 'POST', url: `${at}/api/v1/switchover`, payload: { to: 'fig' }, headers })).json()
    } while (refused.code !== 'holder_unconfirmed')
    t.match(refused, { confirmation: ['/pvc/api/v1/node/quince/fence-confirmation'], instance: '/pvc/api/v1/switchover' })
    for (const url of ['/', '/status.js', '/docs', '/docs/', '/docs/static/swagger-initializer.js']) {
      const { body, statusCode } = await app.inject({ url: `${at}${url}`, headers })
      t.equal(statusCode, 200, url)
      t.notMatch(body, /(?:href|src)="\/|fetch\('\/|'\/(?:api|health)/, `${url} has no link from the root`)
    }
  })
}

t.test('in errors that come before any route, too', async (t) => {
  for (const [config, header] of [[{ basePath: '/pvc' }, ''], [{ trustedProxies: ['127.0.0.1'] }, 'X-Forwarded-Prefix: /pvc\r\n']] as const) {
    const app = await openApi(t, { port: 1, config })
    await app.listen({ host: '127.0.0.1', port: 0 })
    const raw = async (text: string): Promise<string> => {
      const socket = connectSocket((app.server.address() as AddressInfo).port, '127.0.0.1')
      let said = ''
      socket.on('data', (chunk: Buffer) => { said += chunk.toString('latin1') })
      socket.on('error', () => {})
      socket.end(text)
      await once(socket, 'close')
      return said
    }
    const headers = `Host: localhost\r\n${header}`
    const post = `POST /api/v1/switchover HTTP/1.1\r\n${headers}Content-Type: application/json\r\n`
    const long = `/api/v1/node/${'x'.repeat(3_000)}`
    for (const [text, instance] of [
      [`GET /nothing HTTP/1.1\r\n${headers}\r\n`, '/pvc/nothing'],
      [`PUT /api/v1/node HTTP/1.1\r\n${headers}Content-Length: 0\r\n\r\n`, '/pvc/api/v1/node'],
      [`GET /%zz HTTP/1.1\r\n${headers}\r\n`, '/pvc/%zz'],
      [`GET /pvc/%zz HTTP/1.1\r\n${headers}\r\n`, header === '' ? '/pvc/%zz' : '/pvc/pvc/%zz'],
      [`GET ${long} HTTP/1.1\r\n${headers}\r\n`, `/pvc${long}`],
      [`GET /api/v1/node HTTP/1.1\r\n${header}\r\n`, '/pvc/api/v1/node'],
      [`${post}Content-Length: 1\r\n\r\n{`, '/pvc/api/v1/switchover'],
      [`${post}Content-Length: 999999\r\n\r\n{`, '/pvc/api/v1/switchover'],
      [`${post}Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\n{`, '/pvc/api/v1/switchover'],
      [`GET /docs/static/foo HTTP/1.1\r\n${headers}\r\n`, '/pvc/docs/static/foo'],
      [`CONNECT a:1 HTTP/1.1\r\n${headers}\r\n`, '/pvc/'],
      // What never became a request has no headers that a proxy could have set.
      ['nonsense\r\n\r\n', header === '' ? '/pvc/' : '/'],
      [`GET / HTTP/1.1\r\n${headers}X-Filler: ${'y'.repeat(20_000)}\r\n\r\n`, header === '' ? '/pvc/' : '/'],
    ] as const) t.match(await raw(text), `"instance":"${instance}"`, `${text.slice(0, 60)} ${header}`)
    t.match(await raw(`GET /nothing HTTP/1.1\r\n${headers}\r\n`), 'There is no route /pvc/nothing; /pvc/docs lists')
  }
})

t.test('without either, from the root', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  const headers = { 'x-forwarded-prefix': '/pvc' }
  t.equal((await app.inject({ url: '/api/v1/nodes', headers })).json().instance, '/api/v1/nodes')
  t.equal((await app.inject({ url: '/openapi.json', headers })).json().servers[0].url, '/')
})

t.test('Swagger UI: what its page says to browsers', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  for (const url of ['/docs', '/docs/', '/docs/static/swagger-ui.css']) {
    const { headers } = await app.inject(url)
    t.notMatch(headers['content-security-policy'], /upgrade-insecure-requests/, `${url} by plain HTTP`)
    t.strictSame([headers['strict-transport-security'], headers['cross-origin-opener-policy']], [undefined, undefined])
  }
  const page = (await app.inject('/docs/')).body
  t.match(page, /<meta name="viewport" content="width=device-width/)
  t.match(page, /<title>pvcapid: API<\/title>/)
  t.match(page, /<a href="\.\.\/">/)
  t.match((await app.inject('/docs')).body, /<a href="\.\/">[\s\S]*src="\.\/docs\/static\/swagger-ui-bundle\.js"/)
  t.match((await app.inject('/docs/static/swagger-initializer.js')).body, /"persistAuthorization":\s*false/)
  t.equal(pageFor(true, ''), '')
})
