/** In what order connections are read that had to be held, and that a crowd which sends at one moment is not one turn of the event loop. */
import { once } from 'node:events'
import { connect as connectSocket, type AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { BeginningOrder, type Beginner } from '../../../src/pvcapid/http/crowd/beginning-order.ts'
import { Connections } from '../../../src/pvcapid/http/connections.ts'
import { httpServer } from '../../../src/pvcapid/http/http-server.ts'
import type { Conduct } from '../../../src/pvcapid/http/crowd/conduct.ts'
import { ReadingOrder, type Reader } from '../../../src/pvcapid/http/crowd/reading-order.ts'
import { turnToResume } from '../../../src/pvcapid/http/turns.ts'
import { defaultLimits } from '../../../src/pvcapid/config/schema.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { eventually } from '../../support/zookeeper.ts'

/** Readers that say when they are read. */
function readers (order: ReadingOrder) {
  let read: string[] = []
  return {
    held (name: string, client = 'a', conduct: Conduct = 'new'): { closed: boolean } {
      const reader: Reader & { closed: boolean } = { client, conduct, closed: false, isOver: () => reader.closed, hold: () => { read.push(`${name} held`) }, read: () => { read.push(name) } }
      order.addHeld(reader)
      return reader
    },
    /** What the next turn reads. */
    turn (wasLong = true): string[] {
      read = []
      order.readSome(wasLong)
      return read
    },
  }
}

t.test('clients by turns, and one that pipelines in each turn besides', (t) => {
  const order = new ReadingOrder()
  const { held, turn } = readers(order)
  for (const at of [1, 2, 3]) held(`crowd ${at}`)
  for (const at of [1, 2]) held(`piped ${at}`, 'b', 'pipelines')
  held('alone', 'c')
  t.strictSame([turn(), turn(), turn()], [['crowd 3', 'piped 1'], ['alone', 'piped 2'], ['crowd 1']])
  t.strictSame([turn(), order.holds], [['crowd 2'], false])
  t.end()
})

t.test('within one client: those known to be orderly and the new ones by turns, of these the newest and the oldest; pipelining ones last', (t) => {
  const order = new ReadingOrder()
  const { held, turn } = readers(order)
  held('piped', 'a', 'pipelines')
  for (const at of [1, 2, 3, 4]) held(`new ${at}`)
  for (const at of [1, 2]) held(`known ${at}`, 'a', 'orderly')
  const closed = held('closed', 'a', 'orderly')
  closed.closed = true
  t.strictSame(turn(), ['known 1', 'piped'])
  t.strictSame([turn(), turn(), turn(), turn(), turn()].flat(), ['new 1', 'known 2', 'new 4', 'new 2', 'new 3'], 'one that is closed is passed over')
  t.equal(order.holds, false)
  t.end()
})

t.test('more in each turn while turns are short, and fewer after a long one', (t) => {
  const order = new ReadingOrder()
  const { held, turn } = readers(order)
  for (let at = 0; at < 40; at++) held(String(at))
  t.strictSame([turn(false), turn(false), turn(false), turn(), turn()].map(({ length }) => length), [2, 4, 8, 4, 2])
  t.end()
})

t.test('those that are read are held as a turn is long, and forgotten as they close', (t) => {
  const order = new ReadingOrder()
  const { turn } = readers(order)
  const states: string[] = []
  const [first, second] = ['first', 'second'].map((name): Reader => ({ client: name, conduct: 'orderly', isOver: () => false, hold: () => { states.push(`${name} held`) }, read: () => { states.push(`${name} read`) } }))
  if (first === undefined || second === undefined) throw new Error('there are two')
  order.add(first)
  order.add(second)
  order.delete(second)
  order.holdAll()
  order.holdAll()
  turn()
  t.strictSame(states, ['first held', 'first read'])
  t.end()
})

t.test('a held connection that has closed is not kept in memory until its turn', (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const order = new ReadingOrder()
  const { turn } = readers(order)
  const add = (name: string) => {
    const reader: Reader = { client: 'a', conduct: 'pipelines', isOver: () => false, hold: () => {}, read: () => { read.push(name) } }
    order.addHeld(reader)
    return reader
  }
  const read: string[] = []
  const closed = (() => {
    const reader = add('closed')
    order.delete(reader)
    return new WeakRef(reader)
  })()
  add('open')
  // A WeakRef keeps its target until the end of the turn that made it.
  setImmediate(() => {
    collect()
    t.equal(closed.deref(), undefined)
    t.ok(order.holds)
    turn()
    turn()
    t.strictSame([read, order.holds], [['open'], false])
    t.end()
  })
})

t.test('requests that wait are begun one of each client after another; of one client, the orderly and the pipelining by turns', (t) => {
  const order = new BeginningOrder<Beginner & { readonly name: string }>()
  const connection = (name: string, client: string, conduct: Conduct) => ({ name, client, conduct })
  const gone = connection('gone', 'crowd', 'pipelines')
  const changes = { ...connection('changes', 'other', 'orderly'), conduct: 'orderly' as Conduct }
  order.add(gone)
  for (const at of [1, 2, 3]) order.add(connection(`piped ${at}`, 'crowd', 'pipelines'))
  for (const at of [1, 2]) order.add(connection(`orderly ${at}`, 'crowd', at === 1 ? 'orderly' : 'new'))
  order.add(changes)
  changes.conduct = 'pipelines'
  order.add(changes)
  order.delete(gone)
  order.delete(connection('unknown', 'nobody', 'new'))
  const taken: Array<string | undefined> = []
  while (!order.isEmpty) taken.push(order.take()?.name)
  t.strictSame(taken, ['orderly 1', 'changes', 'piped 1', 'orderly 2', 'piped 2', 'piped 3'])
  const last = connection('last', 'crowd', 'new')
  order.add(last)
  order.delete(last)
  t.strictSame([order.isEmpty, order.take()], [true, null])
  t.end()
})

t.test('a crowd that sends at one moment is read in many turns, and a client of another address is not behind it', async (t) => {
  /** Each look at it is ten milliseconds later. */
  class Hurried extends ManualClock { override monotonic (): number { this.#now += 10; return this.#now } #now = 0 }
  const connections = new Connections({ clock: new Hurried(), perAddress: 1_000, exempt: [], onEnded: () => {}, onRefused: () => {} })
  const server = httpServer({ config: { tls: undefined, limits: defaultLimits }, connections }, (_request, response) => { response.end('x') })
  t.teardown(() => { server.closeAllConnections(); server.close() })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const turns: Array<Set<unknown>> = []
  let current: Set<unknown> | null = null
  server.prependListener('request', ({ socket }) => {
    if (current === null) {
      turns.push(current = new Set())
      setImmediate(() => { current = null })
    }
    current.add(socket.remotePort)
  })
  const open = async (localAddress: string) => {
    const socket = connectSocket({ port, host: '127.0.0.1', localAddress })
    t.teardown(() => socket.destroy())
    await once(socket, 'connect')
    let said = ''
    socket.on('data', (chunk: Buffer) => { said += chunk.toString('latin1') })
    return { socket, replies: () => said.split('HTTP/1.1 200').length - 1 }
  }
  const get = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'
  const crowd = await Promise.all(Array.from({ length: 60 }, async () => await open('127.0.0.1')))
  const other = await open('127.0.0.2')
  await eventually(() => connections.open === 61)
  for (const { socket } of crowd) socket.write(get.repeat(4))
  other.socket.write(get)
  await eventually(() => other.replies() === 1)
  t.ok(crowd.filter(({ replies }) => replies() === 0).length > 30, 'most of the crowd has its turn later')
  await eventually(() => crowd.every(({ replies }) => replies() === 4))
  t.ok(Math.max(...turns.map(({ size }) => size)) < 20, 'not all of it in one turn')
})

t.test('twenty thousand that have waited for the same are not one turn', async (t) => {
  const resumed = { now: 0, most: 0 }
  await Promise.all(Array.from({ length: 2_000 }, async () => {
    await Promise.resolve()
    await turnToResume()
    if (resumed.now === 0) setImmediate(() => { resumed.now = 0 })
    resumed.now += 1
    resumed.most = Math.max(resumed.most, resumed.now)
  }))
  t.ok(resumed.most <= 512, String(resumed.most))
})
