/** Every wait that ends before its time says what is true: that of a client that has closed its side, and that of an API that stops. */
import { once } from 'node:events'
import { connect, type AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import type { FastifyInstance } from 'fastify'
import { eventually } from '../../support/zookeeper.ts'
import { api, ask, clusterTree, wish } from '../support/api.ts'

const body = '{"to":"fig"}'
const post = `POST /api/v1/switchover?wait=60 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`

/** Sends a request; `said` resolves with the whole reply. */
async function send (t: Test, app: FastifyInstance, text: string) {
  const socket = connect({ port: (app.server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true })
  t.teardown(() => socket.destroy())
  let said = ''
  socket.on('data', (chunk: Buffer) => { said += chunk.toString() })
  const reply = once(socket, 'end').then(() => { socket.end(); return said })
  socket.write(text)
  return { socket, reply }
}

/** Everything that waits: how it is asked for, whether it takes a place to wait, and what its early end says. */
async function waits (t: Test, app: FastifyInstance) {
  const tagOf = async (path: string) => String((await ask(t, app, 'GET', path)).headers['etag'])
  const get = (path: string, headers = '') => `GET /api/v1/${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${headers}\r\n`
  return [
    ['the request for a switchover', post.replace('Content-Type', 'Connection: close\r\nContent-Type'), (why: RegExp) => new RegExp(`^HTTP/1.1 503 [^]*"code":"switchover_going_on"[^]*as the wait ends early, because ${why.source}`)],
    ['a switchover', get('switchover/1?wait=60'), () => /^HTTP\/1.1 200 [^]*"done":false/],
    ['the primary', get('primary?wait=60', `If-None-Match: ${await tagOf('/api/v1/primary')}\r\n`), () => /^HTTP\/1.1 304 /],
    ['a coordinator state', get('node/yew/coordinator-state?wait=60', `If-None-Match: ${await tagOf('/api/v1/node/yew/coordinator-state')}\r\n`), () => /^HTTP\/1.1 304 /],
    ['events', get('events'), () => /^HTTP\/1.1 200 [^]*event: resync[^]*event: end/],
  ] as const
}

t.test('a client closes its side', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  await app.listen({ host: '127.0.0.1', port: 0 })
  await wish(t, app, { to: 'fig' })
  const why = /the client has closed its side of the connection/
  for (const [name, text, expected] of await waits(t, app)) {
    const begun = await send(t, app, text)
    await eventually(() => app.services.waiting() + app.services.streams() === 1)
    begun.socket.end()
    t.match(await begun.reply, expected(why), `${name}, in the middle of the wait`)
    const before = await send(t, app, text)
    before.socket.end()
    t.match(await before.reply, expected(why), `${name}, at once`)
    await eventually(() => app.services.waiting() + app.services.streams() === 0)
  }
  const consistent = await send(t, app, 'GET /api/v1/primary?consistent HTTP/1.1\r\nHost: localhost\r\n\r\n')
  consistent.socket.end()
  t.match(await consistent.reply, /^HTTP\/1.1 200 /, 'a reading that catches up is answered')
})

t.test('the API stops', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  await app.listen({ host: '127.0.0.1', port: 0 })
  await wish(t, app, { to: 'fig' })
  const all = await waits(t, app)
  const sent = []
  for (const [, text] of all) sent.push(await send(t, app, text))
  await eventually(() => app.services.waiting() === all.length - 1 && app.services.streams() === 1)
  const closed = app.close()
  for (const [at, [name, , expected]] of all.entries()) t.match(await sent[at]?.reply, expected(/this API is shutting down/), name)
  await closed
})

t.test('the time of a wait is over', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  t.match(await wish(t, app, { to: 'fig' }, '?wait=0.01'), { status: 503, body: { code: 'switchover_going_on', detail: /continues at the end of the wait\. Ask/ } })
})
