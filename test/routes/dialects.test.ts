/** Requests as PVC's users and their programs send them, over the network: each means what it means to PVC's API. */
import { once } from 'node:events'
import { connect, type AddressInfo } from 'node:net'
import t from 'tap'
import { ANY_VERSION } from '../../src/zookeeper/session/session.ts'
import { api, ask, clusterTree, everything } from '../pvcapid/support/api.ts'
import { eventually } from '../support/zookeeper.ts'

const multipart = (fields: Readonly<Record<string, string>>) => ({
  headers: { 'content-type': 'multipart/form-data; boundary=b' },
  payload: `${Object.entries(fields).map(([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`).join('')}--b--\r\n`,
})

t.test('writes', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  const routes = [
    { url: '/api/v1/status', path: '/config/maintenance', words: [['true', 'true'], ['false', 'false']] },
    { url: '/api/v1/node/fig/domain-state', path: '/nodes/fig/domainstate', words: [['flush', 'flush'], ['ready', 'unflush']] },
  ] as const
  const bodies: ReadonlyArray<readonly [string, { readonly headers?: Record<string, string>, readonly payload?: string }]> = [
    ['no body', {}],
    ...['application/json', 'application/json; charset=utf-8', 'text/plain', 'application/octet-stream', 'application/x-www-form-urlencoded', 'multipart/form-data', 'multipart/form-data; boundary=b'].map((type) =>
      [`an empty body, ${type}`, { headers: { 'content-type': type }, payload: '' }] as const),
    ['white space as JSON', { headers: { 'content-type': 'application/json' }, payload: ' \r\n' }],
    ['{} as JSON', { headers: { 'content-type': 'application/json' }, payload: '{}' }],
    ['null as JSON', { headers: { 'content-type': 'application/json' }, payload: 'null' }],
    ['a text', { headers: { 'content-type': 'text/plain' }, payload: 'state=nonsense' }],
    ['bytes', { headers: { 'content-type': 'application/octet-stream' }, payload: '\u0001' }],
    ['a multipart form of something else', multipart({ comment: 'kernel update' })],
    ['a multipart form without its boundary', { headers: { 'content-type': 'multipart/form-data' }, payload: 'x' }],
  ]
  for (const { url, path, words } of routes) {
    for (const [body, request] of bodies) {
      for (const [word, written] of words) {
        const reply = await ask(t, app, 'POST', `${url}?state=${word}`, request)
        t.equal(reply.status, 200, `${url}?state=${word} with ${body}: ${reply.text}`)
        t.equal((await session.get(path)).data, written)
      }
    }
    for (const [word, written] of words) {
      for (const request of [multipart({ state: word }), { headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload: `state=${word}` }]) {
        const reply = await ask(t, app, 'POST', url, request)
        t.equal(reply.status, 200, `${url} with ${word} in a form: ${reply.text}`)
        t.equal((await session.get(path)).data, written)
      }
    }
    t.match(await ask(t, app, 'POST', `${url}?state=${words[0][0]}`, multipart({ state: words[1][0] })), { status: 400, body: { code: 'state_repeated' } })
    t.match(await ask(t, app, 'POST', url, multipart({ stat: words[0][0] })), { status: 400, body: { code: 'argument_invalid', message: /did you mean "state"/ } })
    for (const type of ['text/plain', 'application/xml', 'nonsense']) t.match(await ask(t, app, 'POST', url, { headers: { 'content-type': type }, payload: 'state=true' }), { status: 415, body: { code: 'media_type_unsupported', outcome: 'not_started' } }, type)
    t.match(await ask(t, app, 'POST', `${url}?state=${words[0][0]}`, { headers: { 'content-type': 'application/json' }, payload: '{' }), { status: 400, body: { code: 'malformed_request' } })
    t.match(await ask(t, app, 'POST', url, { headers: { 'content-type': 'application/json' }, payload: '' }), { status: 400, body: { code: 'state_invalid', message: { state: String } } })
  }
  t.match(await ask(t, app, 'POST', '/api/v1/switchover', { headers: { 'content-type': 'application/json' }, payload: '' }), { status: 400 }, 'routes of our own take what they always did')
  t.match(await ask(t, app, 'POST', '/api/v1/switchover', multipart({ to: 'fig' })), { status: 415 })
})

t.test('PVC\'s client waits for domains unless it reads "already", and is told why it may wait long', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  const wish = async (state: string) => String((await ask(t, app, 'POST', `/api/v1/node/fig/domain-state?state=${state}`)).body['message'])
  t.equal(await wish('flush'), 'Node fig is giving its domains away.')
  t.equal(await wish('flush'), 'Node fig is giving its domains away. That was asked for before.')
  await session.set('/nodes/fig/domainstate', 'flushed', ANY_VERSION)
  t.equal(await wish('flush'), 'Node fig is already flushed.')
  for (const state of ['stop', 'dead', 'fenced']) {
    await session.set('/nodes/fig/domainstate', 'flushed', ANY_VERSION)
    await session.set('/nodes/fig/daemonstate', state, ANY_VERSION)
    await eventually(() => app.services.nodes.get('fig').details.daemon_state === state)
    t.equal(await wish('ready'), `Node fig does not run (its daemon state is ${state}): it carries that out once its daemon is started.`)
    t.equal((await session.get('/nodes/fig/domainstate')).data, 'unflush', 'as PVC, it keeps the wish for the node')
    t.notMatch(await wish('ready'), /already/)
    await session.set('/nodes/fig/domainstate', 'ready', ANY_VERSION)
    t.equal(await wish('ready'), 'Node fig is already ready.')
  }
})

t.test('PVC\'s client asks who is primary until it gets an answer: an empty key is one', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  const named = async (key: string) => {
    await session.set('/config/primary_node', key, ANY_VERSION)
    const { status, body } = await ask(t, app, 'GET', '/api/v1/status/primary_node?consistent')
    return { status, name: body['primary_node'] }
  }
  t.strictSame(await named('fig'), { status: 200, name: 'fig' })
  t.strictSame(await named(''), { status: 200, name: '' })
  t.strictSame(await named('none'), { status: 204, name: undefined })
  t.strictSame(await named(''), { status: 200, name: '' })
  t.equal((await ask(t, app, 'GET', '/role/primary?node=fig')).status, 503)
})

t.test('a file in a form is refused by its name, at every route that takes forms', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  const before = await everything(session)
  const file = (field: string, name: string, value: string, more: Readonly<Record<string, string>> = {}) => {
    const { headers, payload } = multipart(more)
    return { headers, payload: `--b\r\nContent-Disposition: form-data; name="${field}"; filename="${name}"\r\nContent-Type: text/plain\r\n\r\n${value}\r\n${payload}` }
  }
  for (const [method, url, field, value, more] of [
    ['GET', '/api/v1/node', 'limit', 'plum', {}],
    ['GET', '/api/v1/node?limit=plum', 'other', 'x', {}],
    ['GET', '/api/v1/node/plum/log', 'lines', '3', {}],
    ['POST', '/api/v1/status', 'state', 'true', {}],
    ['POST', '/api/v1/status?state=true', 'state', 'false', {}],
    ['POST', '/api/v1/status?state=true', 'other', '\u00ff', {}],
    ['POST', '/api/v1/status', 'other', 'x', { state: 'true' }],
    ['POST', '/api/v1/node/fig/domain-state?state=flush', 'state', 'ready', {}],
    ['POST', '/api/v1/node/fig/coordinator-state', 'state', 'primary', {}],
  ] as const) {
    for (const name of ['a.txt', '']) {
      t.match(await ask(t, app, method, url, file(field, name, value, more)), { status: 400, body: { code: 'argument_invalid', detail: new RegExp(`^${field} is a file`), errors: [{ in: 'body', field: `/${field}` }] } }, `${method} ${url}, ${field} from "${name}"`)
    }
  }
  t.strictSame(await everything(session), before, 'nothing was done')
})

t.test('filters of a reading in a form', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const named = async (request: Parameters<typeof ask>[4], query = '') => {
    const reply = await ask(t, app, 'GET', `/api/v1/node${query}`, request ?? {})
    return reply.status === 200 ? JSON.parse(reply.text).map(({ name }: { name: string }) => name) : reply.body['code']
  }
  t.strictSame(await named({ headers: form, payload: 'limit=plum' }), ['plum'])
  t.strictSame(await named({ headers: form, payload: 'coordinator_state=secondary&limit=' }, '?limit=q'), 'argument_invalid', 'given twice')
  t.strictSame(await named({ headers: form, payload: 'coordinator_state=secondary' }, '?limit=q'), ['quince'])
  t.strictSame(await named(multipart({ limit: 'plum' })), ['plum'])
  t.strictSame(await named({ headers: form, payload: '' }), ['fig', 'plum', 'quince', 'yew'])
  t.strictSame(await named({ headers: form }), ['fig', 'plum', 'quince', 'yew'])
  t.strictSame(await named({ headers: { 'content-type': 'application/json' }, payload: '' }), ['fig', 'plum', 'quince', 'yew'])
  t.strictSame(await named({ headers: form, payload: 'limits=plum' }), 'argument_invalid')
  t.strictSame(await named({ headers: { 'content-type': 'multipart/form-data' }, payload: 'x' }), 'malformed_request')
  t.strictSame(await named({ headers: form, payload: `limit=${'x'.repeat(70_000)}` }), 'body_too_large')
  t.match(await ask(t, app, 'GET', '/api/v1/node/plum/log', { headers: form, payload: 'lines=none' }), { status: 400 })
  t.equal((await ask(t, app, 'GET', '/api/v1/node/plum/log', { headers: form, payload: 'lines=3' })).status, 200)
  // Over a connection, with what comes behind it.
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  let said = ''
  socket.on('data', (chunk: Buffer) => { said += chunk.toString() })
  const body = 'limit=plum'
  socket.end(`GET /api/v1/node HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}GET /api/v1/node/fig/daemon-state HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
  await once(socket, 'close')
  t.match(said, /"name":"plum"[^]*HTTP\/1\.1 200 OK[^]*\{"name":"fig","daemon_state":"run"\}/)
})
