/**
 * `npm run campaign -- moving`: clients that follow a switchover through the primary's own address. The address moves with the role: connections break, and
 * the rest is answered by another pvcapid: the same epoch, the same answer.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Cluster } from '../../../tools/testbed/cluster.ts'
import { askApi, askForSwitchover } from '../../support/api-client.ts'
import { cluster } from '../../support/cluster.ts'

const nodes = ['hv1', 'hv2', 'hv3'] as const
const ROUNDS = Number(process.env['ROUNDS'] ?? 6)

/** An address that leads to the API of whoever holds the resource `address`, and nowhere while nobody does. */
class MovingAddress {
  readonly served: string[] = []
  #port = 0

  get base (): string { return `http://127.0.0.1:${this.#port}` }

  async open (t: Test, made: Cluster, apis: ReadonlyMap<string, string>): Promise<void> {
    const sockets = new Map<Socket, string>()
    const server = createServer((client) => {
      const holder = made.holder('address')
      const target = holder === null ? undefined : apis.get(holder)
      client.on('error', () => {})
      if (holder === null || target === undefined) {
        client.destroy()
        return
      }
      this.served.push(holder)
      const upstream = connect(Number(new URL(target).port), '127.0.0.1')
      upstream.on('error', () => client.destroy())
      sockets.set(client, holder)
      client.pipe(upstream).pipe(client)
      client.on('close', () => {
        sockets.delete(client)
        upstream.destroy()
      })
    })
    const moving = setInterval(() => {
      const holder = made.holder('address')
      for (const [socket, was] of sockets) if (was !== holder) socket.destroy()
    }, 5)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    this.#port = (server.address() as AddressInfo).port
    t.teardown(() => {
      clearInterval(moving)
      for (const socket of sockets.keys()) socket.destroy()
      server.close()
    })
  }
}

interface Seen { readonly epoch: number, readonly done: boolean, readonly outcome: string | null, readonly progress: number }

t.test('through the address that moves', { timeout: 300_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: [...nodes] })
  const apis = new Map(await Promise.all(nodes.map(async (name) => [name, await made.startApi(name)] as const)))
  const address = new MovingAddress()
  await address.open(t, made, apis)
  let primary = await watcher.settled()
  let broken = 0
  let polls = 0
  for (let round = 0; round < ROUNDS; round++) {
    const target = nodes.filter((name) => name !== primary.name)[round % 2] ?? 'hv1'
    const asked = await askForSwitchover<Seen>(address.base, { to: target })
    t.match(asked, { status: 202 })
    const { headers: { location = '' }, body: { epoch } } = asked
    let progress = 0
    let last: string | null = null
    let seen: Seen | null = null
    while (seen?.done !== true) {
      try {
        const { status, text, body } = await askApi<Seen>(`${address.base}${location}?wait=10`)
        polls += 1
        if (status !== 200) t.fail(`round ${round}: ${status} ${text}`)
        last = text
        seen = body
        if (seen.epoch !== epoch || (seen.outcome === null && seen.progress < progress)) t.fail(`round ${round}: ${last}`)
        progress = seen.progress
      } catch {
        broken += 1
        await delay(20)
      }
    }
    t.equal(seen.outcome, 'succeeded', `round ${round}: ${primary.name} to ${target}`)
    for (const [name, api] of apis) t.equal((await askApi(`${api}${location}?consistent`)).text, last, `the same answer from ${name}`)
    t.equal(address.served.at(-1), target, 'the last answer came from the new primary')
    primary = await watcher.settled(target)
  }
  t.comment(`${ROUNDS} switchovers followed to their end with ${polls} polls; ${broken} connections broke on the way`)
  t.ok(broken > 0, 'the address did move under the clients')
  t.same(made.collisions(), [])
})
