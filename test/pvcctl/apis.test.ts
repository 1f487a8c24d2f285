/** Which API is asked, and what is never sent twice: against servers that answer as a test says. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/runtime/clock.ts'
import { Cluster } from '../../src/pvcctl/client/cluster.ts'
import { Endpoint } from '../../src/pvcctl/client/endpoint.ts'
import { shapes } from '../../src/pvcctl/client/shapes.ts'
import { examples } from '../../schemas/examples.ts'
import { serverEvents } from '../../src/pvcctl/client/event-stream.ts'
import { Transport } from '../../src/pvcctl/client/transport.ts'

type Answer = (response: ServerResponse, request: IncomingMessage) => void

const json = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer => (response) => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}
const ready = json(200, { status: 'ok', view_age: 0, reasons: [] })
const stale = json(503, { status: 'stale', view_age: 9, reasons: ['ZooKeeper does not answer.'] })
const problem = (status: number, code: string, members: object = {}) => json(status, { status, code, detail: `It says ${code}.`, ...members })
const silent: Answer = () => {}
const cut: Answer = (response) => { response.destroy() }
const primary = (name: string, headers = {}) => json(200, { name, epoch: 1, since: null, settled: true }, headers)

interface Api {
  readonly url: string
  /** Method and path of each request but for those about its health. */
  readonly asked: string[]
}

async function api (t: Test, health: Answer, answer: Answer): Promise<Api> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    if (request.url === '/health/ready') {
      health(response, request)
      return
    }
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`)
    answer(response, request)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

/** An address at which nobody listens. */
async function nowhere (): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${port}`
}

function clusterOf (t: Test, urls: readonly string[], patience = 30_000): { readonly cluster: Cluster, readonly warnings: string[], readonly told: string[] } {
  const transport = new Transport({ clock: systemClock, tls: {} })
  t.teardown(() => transport.close())
  const [warnings, told]: [string[], string[]] = [[], []]
  const cluster = new Cluster({ endpoints: urls.map((url) => new Endpoint(url, null, transport)), clock: systemClock, patience, warn: (text) => warnings.push(text), tell: (text) => told.push(text) })
  return { cluster, warnings, told }
}

const readPrimary = async (cluster: Cluster) => (await cluster.read(shapes.primary, async (client) => await client.GET('/api/v1/primary'))).data.name
const pause = async (cluster: Cluster) => await cluster.write(shapes.message, async (client) => await client.POST('/api/v1/status', { params: { query: { state: 'true' } } }))

t.test('the first that is ready is asked', async (t) => {
  const dead = await nowhere()
  const other = await api(t, json(200, { status: 'other' }), primary('wrong'))
  const old = await api(t, stale, primary('old'))
  const good = await api(t, ready, primary('good'))
  const last = await api(t, ready, primary('last'))
  const { cluster, warnings, told } = clusterOf(t, [dead, other.url, old.url, good.url, last.url])
  t.equal(await readPrimary(cluster), 'good')
  t.strictSame(warnings, [])
  t.match(told, [/refuses connections/, /is no pvcapid/, new RegExp(`asking ${good.url}`)])
  t.equal(await readPrimary(cluster), 'good')
  t.equal(good.asked.length, 2)
  t.strictSame([old.asked, last.asked], [[], []])
})

t.test('a silent API is not waited for while another is ready', async (t) => {
  const mute = await api(t, silent, silent)
  const good = await api(t, ready, primary('good'))
  t.equal(await readPrimary(clusterOf(t, [mute.url, good.url], 3_600_000).cluster), 'good')
})

t.test('if all are stale one is used, and that is said once', async (t) => {
  let health = stale
  const old = await api(t, (...args) => health(...args), primary('old'))
  const { cluster, warnings } = clusterOf(t, [await nowhere(), old.url])
  t.equal(await readPrimary(cluster), 'old')
  t.equal(await readPrimary(cluster), 'old')
  t.equal(warnings.length, 1)
  t.match(warnings[0], /no other API answers: this is what it knew last. ZooKeeper does not answer.$/)
  await t.rejects(pause(cluster), { ending: 'unreachable', message: /Nothing was sent/ })
  t.strictSame(old.asked.filter((each) => each.startsWith('POST')), [])
  health = ready
  t.equal(await readPrimary(cluster), 'old')
  t.notOk(cluster.isStale, 'it is ready again')
})

t.test('a view that becomes stale is left', async (t) => {
  let isOld = false
  const first = await api(t, (...args) => (isOld ? stale : ready)(...args), (...args) => {
    isOld = true
    primary('first', { 'x-view-stale': 'true' })(...args)
  })
  const second = await api(t, ready, primary('second'))
  const { cluster } = clusterOf(t, [first.url, second.url])
  t.equal(await readPrimary(cluster), 'first')
  t.equal(await readPrimary(cluster), 'second')
})

t.test('a reading continues at the next API', async (t) => {
  for (const [what, failing] of [['cut', cut], ['503', problem(503, 'zookeeper_unavailable')], ['a proxy', json(502, {})], ['no JSON', (response: ServerResponse) => { response.end('<html>') }]] as const) {
    const bad = await api(t, ready, failing)
    const good = await api(t, ready, primary('good'))
    t.equal(await readPrimary(clusterOf(t, [bad.url, good.url]).cluster), 'good', what)
    // A connection that was kept and is closed says nothing about the API: the reading is asked once more.
    t.equal(bad.asked.length, what === 'cut' ? 2 : 1, what)
  }
  const late = await api(t, ready, silent)
  const good = await api(t, ready, primary('good'))
  t.equal(await readPrimary(clusterOf(t, [late.url, good.url], 200).cluster), 'good', 'one that never answers')
  const refusing = await api(t, ready, problem(404, 'node_unknown'))
  await t.rejects(readPrimary(clusterOf(t, [refusing.url, good.url]).cluster), { ending: 'refused', message: 'It says node_unknown. (node_unknown)' }, 'a refusal is final')
  await t.rejects(readPrimary(clusterOf(t, [late.url, await nowhere()], 200).cluster), { ending: 'unreachable', message: /did not answer within 0.2 s; .* refuses connections/ })
})

t.test('a write is never sent twice unless nothing was done', async (t) => {
  const done = json(200, { message: 'done' })
  const cases: ReadonlyArray<readonly [what: string, first: Answer, kind: 'answer' | 'lost']> = [
    ['cut', cut, 'lost'], ['unknown', problem(503, 'outcome_unknown', { outcome: 'unknown' }), 'lost'], ['in progress', problem(503, 'zookeeper_unavailable', { outcome: 'in_progress' }), 'lost'],
    ['503 without an outcome', problem(503, 'zookeeper_unavailable'), 'lost'], ['500', problem(500, 'internal_error'), 'lost'], ['a proxy', json(504, {}), 'lost'], ['no JSON', (response) => { response.end('<html>') }, 'lost'],
    ['not started', problem(503, 'zookeeper_unavailable', { outcome: 'not_started' }), 'answer'], ['shutting down', problem(503, 'shutting_down', { outcome: 'not_started' }), 'answer'],
  ]
  for (const [what, first, kind] of cases) {
    const one = await api(t, ready, first)
    const two = await api(t, ready, done)
    t.equal((await pause(clusterOf(t, [one.url, two.url]).cluster)).kind, kind, what)
    t.strictSame([one.asked.length, two.asked.length], [1, kind === 'answer' ? 1 : 0], what)
  }
  const late = await api(t, ready, silent)
  const two = await api(t, ready, done)
  t.equal((await pause(clusterOf(t, [late.url, two.url], 200).cluster)).kind, 'lost', 'no answer')
  t.equal(two.asked.length, 0)
  // It was ready a moment ago, and refuses connections now.
  const server = createServer((request, response) => ready(response, request))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { cluster } = clusterOf(t, [`http://127.0.0.1:${(server.address() as AddressInfo).port}`, two.url])
  await cluster.endpoint()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  t.equal((await pause(cluster)).kind, 'answer', 'what was never sent is sent to the next')
  t.equal(two.asked.length, 1)
  const refusing = await api(t, ready, problem(503, 'lock_not_had', { outcome: 'not_started' }))
  await t.rejects(pause(clusterOf(t, [refusing.url, two.url]).cluster), { ending: 'refused', message: /lock_not_had/ }, 'what is about the cluster is its answer')
  t.equal(two.asked.length, 1)
})

t.test('events in pieces', async (t) => {
  const bytes = Buffer.from(': comment\n\nevent: resync\ndata: {}\n\nid: 0a\r\nevent: primary\r\ndata: {"name":"häv"}\r\n\r\n:\n\ndata: a\ndata: b\n\nevent: lost\ndata: 1\n')
  for (const size of [1, 7, bytes.length]) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size))
    let fed = 0
    const events: object[] = []
    for await (const event of serverEvents((async function * () { yield * chunks })(), () => { fed += 1 })) events.push(event)
    t.strictSame(events, [{ event: 'resync', id: '', data: '{}' }, { event: 'primary', id: '0a', data: '{"name":"häv"}' }, { event: 'message', id: '0a', data: 'a\nb' }], `pieces of ${size}`)
    t.equal(fed, chunks.length)
  }
})

/** Replies of no pvcapid. */
const liars: Readonly<Record<string, Answer>> = {
  'another form': json(200, {}),
  null: json(200, null),
  'an array': json(200, [null]),
  'members of other types': json(200, { name: 7, epoch: 'x', since: null, settled: 'yes', message: 7 }),
  nothing: (response) => { response.writeHead(204).end() },
  'a stream that says little': (response) => { response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': still there\n') },
  'a stream that ends': (response) => { response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: {}\n\n') },
  'more than any pvcapid sends': (response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const more = (): void => { while (response.write(' '.repeat(1_048_576))); }
    response.on('drain', more)
    more()
  },
}

t.test('a reply of another form is no answer: a reading goes to the next API, and of a write nothing is known', async (t) => {
  const good = await api(t, ready, primary('good'))
  for (const [what, liar] of Object.entries(liars)) {
    const lying = await api(t, ready, liar)
    const { cluster, told } = clusterOf(t, [lying.url, good.url], what === 'a stream that says little' ? 300 : 30_000)
    t.equal(await readPrimary(cluster), 'good', what)
    t.match(told.join(), /not that of a pvcapid|not JSON|more than 64 MiB|did not answer within/, what)
    t.match(await pause(clusterOf(t, [lying.url], what === 'a stream that says little' ? 300 : 30_000).cluster), { kind: 'lost' }, what)
    t.equal(lying.asked.length, 2, `${what}: each sent once`)
  }
})

t.test('an address that says something else of its health is none of a pvcapid', async (t) => {
  const good = await api(t, ready, primary('good'))
  for (const [what, liar] of Object.entries({ ...liars, 'a number': json(200, 5), 'a refusal without words': json(503, null), 'a refusal of another form': json(503, { reasons: 7 }) })) {
    const lying = await api(t, liar, primary('bad'))
    const { cluster } = clusterOf(t, [lying.url, good.url], what === 'a stream that says little' ? 300 : 30_000)
    t.equal(await readPrimary(cluster), 'good', what)
    await t.rejects(readPrimary(clusterOf(t, [lying.url], what === 'a stream that says little' ? 300 : 30_000).cluster), { ending: 'unreachable', message: /./ }, `${what}, and no other`)
  }
})

t.test('what a pvcapid replies has the form that is looked for', async (t) => {
  const [node, status, message, begun] = ['Node', 'ClusterStatus', 'Message', 'OutcomeUnknown'].map((name) => examples[name])
  for (const [name, shape, value] of [
    ['nodes', shapes.nodes, [node]], ['status', shapes.status, status], ['message', shapes.message, message], ['unknown', shapes.begun, begun], ['primary', shapes.primary, examples['Primary']],
    ['switchover', shapes.switchover, examples['Switchover']], ['begun', shapes.begun, examples['Switchover']], ['history', shapes.history, [examples['HistoryEntry']]],
    ['eligibility', shapes.eligibility, [examples['Eligibility']]], ['story', shapes.story, [examples['StoryEntry']]], ['health', shapes.health, examples['ClusterHealth']],
  ] as const) {
    t.equal(shape(JSON.parse(JSON.stringify(value))), true, name)
    t.equal(shape({}), false, name)
  }
})

t.test('an event has a bound', async (t) => {
  async function * endless (): AsyncGenerator<Uint8Array> { for (;;) yield Buffer.alloc(1_048_576, 'x') }
  async function * lines (): AsyncGenerator<Uint8Array> { for (;;) yield Buffer.from(`data: ${'x'.repeat(1_048_576)}\n`) }
  for (const stream of [endless(), lines()]) await t.rejects((async () => { for await (const event of serverEvents(stream, () => {})) t.fail(event.event) })(), /longer than/)
})
