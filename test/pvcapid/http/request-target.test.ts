/** A target that two programs could read in two ways is refused at every route and for every method, before anything else looks at it. */
import { once } from 'node:events'
import { connect as connectSocket, type AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { isDisguised, joined, targetFault } from '../../../src/pvcapid/request/request-target.ts'
import { api, clusterTree, everything } from '../support/api.ts'
import { routesOf } from '../support/routes.ts'

/** What the server answers to one request on a connection of its own; each character of the target is sent as one byte. */
async function send (t: Test, app: FastifyInstance, method: string, target: string, { version = '1.1', headers = '' } = {}): Promise<{ readonly status: number, readonly text: string }> {
  const socket = connectSocket((app.server.address() as AddressInfo).port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  let text = ''
  socket.on('data', (chunk: Buffer) => { text += chunk.toString() })
  socket.on('error', () => {})
  socket.end(Buffer.from(`${method} ${target} HTTP/${version}\r\nHost: localhost\r\n${headers}Connection: close\r\n\r\n`, 'latin1'))
  await once(socket, 'close')
  return { status: Number(text.split(' ')[1]), text }
}

t.test('a fragment is refused at every route, and nothing is done', { timeout: 120_000 }, async (t) => {
  const { server, session } = await clusterTree(t)
  await session.ensurePath('/faults/one/status')
  const app = await api(t, { port: server.port, node: 'plum' })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const before = await everything(session)
  const routes: ReadonlyArray<readonly [string, string]> = [...routesOf(app).map(([method, url]) => [method, url] as const), ['GET', '/docs/static/swagger-ui.css'], ['GET', '/nonsense'], ['OPTIONS', '/api/v1/status'], ['BREW', '/']]
  t.ok(routes.length > 45)
  for (const [method, url] of routes.filter(([method]) => method !== 'BREW')) {
    for (const [target, version] of [[`${url}#state=false`, '1.1'], [`${url}?node=plum#`, '1.0'], [`http://localhost${url}#x`, '1.1'], [`http://localhost#${url}`, '1.1']] as const) {
      const { status, text } = await send(t, app, method, target, { version })
      if (status !== 400 || (method !== 'HEAD' && !/"code":"malformed_request"/.test(text)) || (method !== 'HEAD' && !text.includes('fragment') && !target.startsWith('http://localhost#'))) t.fail(`${method} ${target} HTTP/${version}: ${text.slice(0, 300)}`)
    }
  }
  t.match((await send(t, app, 'GET', '/role/primary#node=plum')).text, /^HTTP\/1\.1 400 [^]*x-request-id[^]*"detail":"The target has a fragment[^]*"instance":"\/role\/primary"/)
  t.match((await send(t, app, 'POST', '/api/v1/status#state=false')).text, /"outcome":"not_started"/)
  t.match((await send(t, app, 'OPTIONS', '/api/v1/status#x', { headers: 'Origin: http://a\r\nAccess-Control-Request-Method: POST\r\n' })).status, 400)
  t.strictSame(await everything(session), before)
})

t.test('characters and encodings', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  await app.listen({ host: '127.0.0.1', port: 0 })
  for (const [target, expected] of [
    ['/role/primary;node=plum', 404], ['/api/v1/status;x', 404], ['/api/v1/node;/fig', 404], ['/role/primary%3fnode=plum', 404], ['/role/primary%23node=plum', 404], ['/role/primary%3Bnode=plum', 404],
    ['/api/v1%2fstatus', 404], ['/api/v1/node/fig%2fdomain-state', 404], ['/api/v1/node/fig%23', 404], ['/api/v1/node/fig%3fx', 404], ['/api/v1/node/fig%5cx', 404],
    ['/api/v1\\status', 400], ['/api\\v1/status', 400], ['/api/v1/node/fig\\x', 400], ['/api/v1/node/\u00ff', 400], ['/api/v1/node/"fig"', 400], ['/api/v1/node/<fig>', 400], ['/api/v1/node/{fig}', 400], ['/api/v1/node/fig|x', 400], ['/api/v1/node/[fig]', 400], ['/api/v1/node/fig^', 400],
    ['/api/v1/node/%', 400], ['/api/v1/node/%f', 400], ['/api/v1/node/%zz', 400], ['/api/v1/node?limit=50%', 400], ['/api/v1/node?limit=%zz', 400], ['/health/live?x=%', 400], ['/api/v1/node?limit=\u00e9', 400], ['/api/v1/node?limit=\u00c3\u00a9', 400],
    // What regular expressions need is taken as it stands in a query.
    ['/api/v1/node?limit=^(plum|[f-g]ig{1})$', 200], ['/api/v1/node?limit=fig&&', 200], ['/api/v1/node?limit=%5Efig', 200],
    ['/%61pi/v1/node', 400], ['/api/v1/%6eode/fig', 400], ['/api/v1/node/fig/domain%2Dstate', 400], ['/health%2flive', 404], ['/h%65alth/live', 400], ['http://localhost/%61pi/v1/node', 400], ['/docs/st%61tic/swagger-ui.css', 400],
    ['/api/v1/node/f%69g', 200], ['/docs/static/swagger-ui%2Ecss', 200],
  ] as const) t.equal((await send(t, app, 'GET', target)).status, expected, target)
  for (const byte of ['\t', '\u0000', '\u0001', '\u000b', '\u007f']) t.equal((await send(t, app, 'GET', `/api/v1/status?a${byte}b`)).status, 400, JSON.stringify(byte))
  t.match((await send(t, app, 'GET', '/%61pi/v1/node/fig')).text, /where \/api\/v1\/node\/\{node\} has a fixed word/)
})

t.test('a doubled slash is no other path, but for the one behind the prefix', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  await app.listen({ host: '127.0.0.1', port: 0 })
  for (const [target, expected] of [['/api/v1//status', 200], ['/api/v1//', 200], ['/api/v1//node/fig', 200], ['/api/v1//vm', 501], ['/api/v1//nonsense', 404]] as const) t.equal((await send(t, app, 'GET', target)).status, expected, target)
  const before = await everything(session)
  for (const target of ['//', '///', '//api/v1/status', '/api//v1/status', '/api//v1//status', '/api/v1///status', '/api/v1//node//fig', '/api/v1/node//fig', '/api/v1/node/fig//domain-state', '/api/v1/status//', '//health/live', '/health//live', '//role/primary', '/docs//', '/docs/static//swagger-ui.css', '//docs/static/swagger-ui.css', '//openapi.json', '//metrics', 'http://localhost//api/v1/status', 'http://localhost/api//v1/status']) {
    const { status, text } = await send(t, app, 'GET', target)
    t.match([status, text], [404, /"code":"route_unknown"/], target)
  }
  t.match((await send(t, app, 'GET', '/api//v1/status')).text, /with an empty part in it/)
  for (const target of ['//api/v1/status?state=true', '/api//v1/status?state=true', '//api/v1//status?state=true', '/api/v1/node//fig/domain-state?state=flush', '/api/v1/node/fig//domain-state?state=flush']) t.equal((await send(t, app, 'POST', target)).status, 404, target)
  t.strictSame(await everything(session), before)
  t.equal((await send(t, app, 'POST', '/api/v1//status?state=true')).status, 200)
})

t.test('behind a base path', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port, config: { basePath: '/pvc' } })
  await app.listen({ host: '127.0.0.1', port: 0 })
  for (const [target, expected] of [['/pvc/api/v1//status', 200], ['/pvc//api/v1/status', 404], ['//pvc/api/v1/status', 404], ['/pvc#/api/v1/status', 400], ['/pvc/api/v1/status#x', 400], ['/%70vc/api/v1/status', 404], ['/pvc%2fapi/v1/status', 404]] as const) t.equal((await send(t, app, 'GET', target)).status, expected, target)
})

t.test('the rules by themselves', async (t) => {
  for (const target of ['/', '*', '/api/v1/status?state=true', '/?', '/a?b?c/d', 'http://[::1]:7370/a', '/a%23b', "/~!$&'()*+,;=:@"]) t.equal(targetFault(target), null, target)
  t.strictSame(['/api/v1//a', '/api/v1///a', '/api/v1/a//b', '//api/v1//a', '/api/v1//?x=//'].map(joined), ['/api/v1/a', '/api/v1///a', '/api/v1/a//b', '//api/v1//a', '/api/v1/?x=//'])
  t.notOk(isDisguised('/docs/static/a%20b/c%20d', '/docs/static/*') || isDisguised('/api/v1/node/a%2fb', '/api/v1/node/:node') || isDisguised('/a?%61', '/a'))
})
