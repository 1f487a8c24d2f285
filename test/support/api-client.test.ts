/** A request that was not carried out because ZooKeeper did not answer is sent again, as its reply asks for; any other reply is the answer. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { askApi, askForSwitchover, patiently, PATIENCE } from './api-client.ts'
import { ManualClock } from './manual-clock.ts'
import { eventually } from './zookeeper.ts'

interface Made { readonly status: number, readonly body: object, readonly headers?: Readonly<Record<string, string>> }

const unavailable = (members: object): Made => ({ status: 503, headers: { 'retry-after': '0', 'content-type': 'application/problem+json' }, body: { code: 'zookeeper_unavailable', ...members } })
const notStarted = unavailable({ outcome: 'not_started' })
const begun: Made = { status: 202, headers: { location: '/api/v1/switchover/7', 'content-type': 'application/json' }, body: { epoch: 7 } }

/** A server that gives these replies one after another, and the requests that it has seen. */
async function answering (t: Test, ...replies: readonly Made[]): Promise<{ readonly base: string, readonly seen: string[] }> {
  const seen: string[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => { text += chunk.toString() })
    request.once('end', () => {
      const { status, headers = {}, body } = replies[seen.length] ?? { status: 500, body: {} }
      seen.push(`${request.method} ${request.url} ${request.headers['content-type']} ${request.headers['x-api-key']} ${text}`)
      response.writeHead(status, headers).end(JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

t.test('twice not started, then begun', async (t) => {
  const { base, seen } = await answering(t, notStarted, notStarted, begun)
  t.match(await askForSwitchover(base, { to: 'fig' }, '?wait=5'), { status: 202, headers: { location: '/api/v1/switchover/7' }, body: { epoch: 7 }, text: '{"epoch":7}' })
  t.strictSame(seen, Array.from({ length: 3 }, () => 'POST /api/v1/switchover?wait=5 application/json undefined {"to":"fig"}'), 'the same request each time')
})

t.test('a reading, which has no outcome', async (t) => {
  const { base, seen } = await answering(t, unavailable({}), { status: 200, headers: { 'content-type': 'text/plain' }, body: { is: 'text' } })
  t.match(await askApi(`${base}/metrics`, { headers: { 'x-api-key': 'k' } }), { status: 200, body: '{"is":"text"}' })
  t.strictSame(seen, Array.from({ length: 2 }, () => 'GET /metrics undefined k '))
})

for (const [what, method, reply] of [
  ['a write that is in progress', 'POST', unavailable({ outcome: 'in_progress' })],
  ['a write whose outcome is not known', 'POST', unavailable({ outcome: 'unknown' })],
  ['a write that tells no outcome', 'DELETE', unavailable({})],
  ['another cause', 'POST', { ...notStarted, body: { code: 'lock_not_had', outcome: 'not_started' } }],
  ['another status', 'POST', { ...notStarted, status: 409 }],
  ['no word of when', 'POST', { ...notStarted, headers: { 'content-type': 'application/json' } }],
  ['no object', 'POST', { ...notStarted, body: [null] }],
] as const) {
  t.test(`${what} is not sent again`, async (t) => {
    const { base, seen } = await answering(t, reply, begun)
    const { status, body } = await askApi(base, { method })
    t.strictSame({ status, body }, { status: reply.status, body: reply.body })
    t.equal(seen.length, 1)
  })
}

t.test('after Retry-After, within a minute, and the last reply is the answer', async (t) => {
  const clock = new ManualClock()
  let sent = 0
  const reply = patiently('POST', async () => ({ ...notStarted, headers: { 'retry-after': '5' }, sent: ++sent }), clock)
  for (let seconds = 0; seconds < PATIENCE / 1_000; seconds += 5) {
    await eventually(() => clock.running === 1)
    t.equal(sent, seconds / 5 + 1)
    clock.advance(4_999)
    t.equal(clock.running, 1, 'not before')
    clock.advance(1)
  }
  t.match(await reply, { status: 503, sent: 13 })
})
