/** Server-sent events: the present state, what happens, in progress at another API, and readers that are too slow. */
import { EventEmitter, once } from 'node:events'
import { get, type ClientRequest, type IncomingMessage } from 'node:http'
import { connect as connectSocket, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { EventStream } from '../../../../src/pvcapid/services/events/event-stream.ts'
import { ANY_VERSION } from '../../../../src/zookeeper/session/session.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { eventually } from '../../../support/zookeeper.ts'
import { api, ask, clusterTree, settle, wish } from '../../support/api.ts'

interface Event { readonly id: string | null, readonly event: string, readonly data: Readonly<Record<string, unknown>> }

/** A client of `/events`: what it has read, as it reads it. */
class Listener {
  readonly events: Event[] = []
  readonly response: IncomingMessage
  ended = false
  readonly #request: ClientRequest
  /** The id that it has read up to. */
  lastId = ''

  private constructor (request: ClientRequest, response: IncomingMessage) {
    this.response = response
    this.#request = request
    void this.#read()
  }

  static async open (t: Test, base: string, lastId?: string): Promise<Listener> {
    const request = get(`${base}/api/v1/events`, { agent: false, headers: lastId === undefined ? {} : { 'last-event-id': lastId } })
    request.on('error', () => {})
    t.teardown(() => request.destroy())
    const [response] = await once(request, 'response') as [IncomingMessage]
    return new Listener(request, response)
  }

  close (): void { this.#request.destroy() }

  has (event: string, matches: (data: Event['data']) => boolean = () => true): boolean {
    return this.events.some((each) => each.event === event && matches(each.data))
  }

  async #read (): Promise<void> {
    let text = ''
    const decoder = new TextDecoder()
    try {
      for await (const chunk of this.response) {
        text += decoder.decode(chunk as Buffer, { stream: true })
        const blocks = text.split('\n\n')
        text = blocks.pop() ?? ''
        for (const block of blocks) this.#take(block)
      }
    } catch {
      // The test went away, or the API did.
    }
    this.ended = true
  }

  #take (block: string): void {
    const fields = new Map(block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as const))
    const id = fields.get('id') ?? null
    if (id !== null) this.lastId = id
    const event = fields.get('event')
    if (event !== undefined) this.events.push({ id, event, data: JSON.parse(fields.get('data') ?? 'null') as Event['data'] })
  }
}

const listen = async (app: FastifyInstance): Promise<string> => await app.listen({ host: '127.0.0.1', port: 0 })

t.test('events', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  const base = await listen(app)
  const other = await api(t, { port: server.port })
  const otherBase = await listen(other)

  const first = await Listener.open(t, base)
  t.match(first.response.headers['content-type'], /^text\/event-stream/)
  t.ok(first.response.headers['x-view-age'])
  await eventually(() => first.has('primary'))
  t.strictSame(first.events.map(({ event }) => event), ['resync', 'node', 'node', 'node', 'node', 'switchover', 'primary'], 'it begins with all there is')
  t.strictSame(first.events.find(({ event }) => event === 'node')?.data, JSON.parse((await ask(t, app, 'GET', '/api/v1/node/fig')).text)[0], 'as the route serves it')
  const beginning = first.lastId
  t.match(beginning, /^[0-9a-f]{16}$/)

  t.comment('a switchover, event by event')
  await wish(t, app, { to: 'fig' })
  const nodes = settle(t, session, ['plum', 'fig', 'quince'])
  await eventually(() => first.has('switchover', ({ epoch, outcome }) => epoch === 1 && outcome === 'succeeded'))
  await eventually(() => first.has('primary', ({ name, settled }) => name === 'fig' && settled === true))
  t.ok(first.has('switchover', ({ epoch, state }) => epoch === 1 && state === 'requested'))
  t.ok(first.has('node', ({ name, coordinator_state: state }) => name === 'fig' && state === 'primary'))
  t.strictSame(first.events.filter(({ event }) => event === 'switchover').at(-1)?.data, (await ask(t, app, 'GET', '/api/v1/switchover/1')).body)
  const ids = first.events.flatMap(({ id }) => id ?? [])
  t.strictSame(ids, [...ids].sort(), 'ids never fall')

  t.comment('in progress where it ended, at the other API')
  first.close()
  await nodes.close()
  const resumed = await Listener.open(t, otherBase, beginning)
  await eventually(() => resumed.has('primary', ({ name, settled }) => name === 'fig' && settled === true))
  t.notOk(resumed.has('resync'), 'nothing was missed')
  t.ok(resumed.has('switchover', ({ epoch, outcome }) => epoch === 1 && outcome === 'succeeded'))
  const at = resumed.lastId
  const later = await Listener.open(t, base, at)
  await session.set('/nodes/plum/domainstate', 'flush', ANY_VERSION)
  await eventually(() => later.has('node', ({ domain_state: state }) => state === 'flush') && resumed.has('node', ({ domain_state: state }) => state === 'flush'))
  t.strictSame(later.events.map(({ event }) => event), ['node'], 'nothing is told twice to who has read it all')

  t.comment('an id that leads nowhere')
  for (const id of ['0000000000000001', 'ffffffffffffffff', 'x', '']) {
    const again = await Listener.open(t, base, id)
    await eventually(() => again.has('primary'))
    t.equal(again.events[0]?.event, 'resync', JSON.stringify(id))
    again.close()
  }

  t.comment('a node that goes away')
  await session.create('/nodes/oak', '')
  await eventually(() => later.has('node', ({ name }) => name === 'oak'))
  await session.delete('/nodes/oak', ANY_VERSION)
  await eventually(() => later.has('resync'))
  await eventually(() => later.events.at(-1)?.event === 'primary')
  const since = later.events.slice(later.events.findIndex(({ event }) => event === 'resync'))
  t.notOk(since.some(({ data }) => data['name'] === 'oak'))

  t.comment('the end')
  await app.close()
  await eventually(() => later.ended)
  t.equal(later.events.at(-1)?.event, 'end', 'streams are told')
})

t.test('streams are bounded', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port, limits: { eventStreams: 1 } })
  const base = await listen(app)
  const one = await Listener.open(t, base)
  await eventually(() => one.has('primary'))
  t.match(await ask(t, app, 'GET', '/api/v1/events'), { status: 503, headers: { 'retry-after': '1' }, body: { code: 'too_many_waiting' } })
  one.close()
  await eventually(async () => {
    const next = await Listener.open(t, base)
    next.close()
    return next.response.statusCode === 200
  })
  t.pass('a place that was left can be had')
})

t.test('a reader that does not read holds nothing up and costs nothing', async (t) => {
  const { server, session } = await clusterTree(t)
  await session.create('/nodes/fig/network_stats', '{}')
  const app = await api(t, { port: server.port })
  const base = await listen(app)
  const socket: Socket = connectSocket((app.server.address() as AddressInfo).port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.write('GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n')
  socket.pause()
  const quick = await Listener.open(t, base)
  await eventually(() => app.services.streams() === 2)
  // Far more than the kernel buffers.
  const filler = 'x'.repeat(100_000)
  for (let round = 1; round <= 120; round++) {
    await session.set('/nodes/fig/network_stats', JSON.stringify({ e0: { round, filler } }), ANY_VERSION)
    await eventually(() => quick.has('node', ({ interfaces }) => (interfaces as { e0?: { round?: number } } | null)?.e0?.round === round))
  }
  let read = ''
  socket.on('data', (chunk: Buffer) => { read += chunk.toString() })
  socket.resume()
  await eventually(() => /"round":120,/.test(read))
  t.ok((read.match(/event: resync/g) ?? []).length >= 2, 'it was told that it had missed something')
  t.ok(read.length < 120 * filler.length * 0.8, `it was not sent everything: ${read.length} bytes`)
})

/** A reader whose connection holds what it is given until it reads. */
class Reader extends EventEmitter {
  held = ''
  closed = false
  get writableLength (): number { return this.held.length }
  write (text: string | Buffer): boolean {
    this.held += text.toString()
    return this.held.length < 16_384
  }

  read (): string {
    const { held } = this
    this.held = ''
    this.emit('drain')
    return held
  }

  end (): void { this.destroy() }
  destroy (): void {
    this.closed = true
    this.emit('close')
  }
}

t.test('one stream: behind, again up to date, dropped', async (t) => {
  const clock = new ManualClock()
  const reader = new Reader()
  let ends = 0
  const stream = new EventStream(reader, { clock, state: () => 'STATE', onEnd: () => { ends++ } })
  const some = 'x'.repeat(40_000)
  stream.send(some)
  stream.send(some)
  stream.send('missed')
  t.equal(reader.writableLength, 2 * some.length, 'nothing is held beyond the buffer')
  t.ok(reader.read() === some + some)
  t.equal(reader.read(), 'STATE')
  clock.advance(15_000)
  t.equal(reader.read(), ':\n\n')
  stream.send(some + some)
  stream.send('missed')
  clock.advance(30_000)
  t.ok(reader.closed, 'nobody reads it')
  t.equal(clock.running, 0, 'no timer is left')
  stream.send('after the end')
  stream.finish('after the end')
  t.strictSame([reader.held.includes('after the end'), ends], [false, 1])

  const gone = new Reader()
  gone.destroy()
  t.ok(new EventStream(gone, { clock, state: () => 'STATE', onEnd: () => {} }).ended, 'a reader that had gone before')
  t.equal(clock.running, 0)
})

t.test('a long state is sent piece by piece, and then what has happened since', async (t) => {
  const reader = new Reader()
  const state = Buffer.from('s'.repeat(200_000))
  const stream = new EventStream(reader, { clock: new ManualClock(), state: () => state, onEnd: () => {} })
  const readAll = async (): Promise<string> => {
    let read = ''
    for (let piece = reader.read(); piece !== ''; piece = reader.read()) {
      read += piece
      await new Promise((resolve) => { setImmediate(resolve) })
    }
    return read
  }
  stream.send(state)
  t.ok(reader.writableLength < 100_000, 'not all at once')
  stream.send('one')
  stream.send('two')
  t.ok(await readAll() === `${state.toString()}onetwo`)
  stream.send('three')
  t.equal(await readAll(), 'three')

  stream.send(state)
  for (let count = 0; count < 100; count++) stream.send('e'.repeat(10_000))
  t.ok(await readAll() === state.toString().repeat(2), 'too much has happened meanwhile: the state again')
  stream.send(state)
  stream.send('last')
  stream.finish('END')
  t.ok(reader.held === `${state.toString()}lastEND`, 'and all of it before the end')
})

t.test('all that one change brings is one write to each stream', async (t) => {
  const { session, server } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  const socket = connectSocket(Number(new URL(await listen(app)).port), '127.0.0.1')
  t.teardown(() => socket.destroy())
  let text = ''
  socket.on('data', (chunk: Buffer) => { text += chunk.toString() })
  socket.write('GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await eventually(async () => /event: primary[^]*\r\n$/.test(text))
  const before = text.length
  await session.set('/nodes/plum/routerstate', 'relinquish', ANY_VERSION)
  await eventually(async () => /event: node[^]*event: primary/.test(text.slice(before)) && text.endsWith('\r\n'))
  // A write is a chunk of the reply: its length, and then its text.
  t.match(text.slice(before), /^[0-9a-f]+\r\nid: [^\r]*event: node\n[^\r]*event: primary\n[^\r]*\r\n$/)
})
