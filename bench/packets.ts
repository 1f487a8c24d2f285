/** What polls cost ZooKeeper: the packets that it receives during 100,000 of them, by its own count, beside as long without any. */
import { setTimeout as delay } from 'node:timers/promises'
import { load } from './support/load.ts'
import { READ_KEY, startPvcapid } from './support/processes.ts'
import { atMost, type Benchmark } from './support/report.ts'
import { World } from './support/world.ts'

const POLLS = 100_000
/** What the peer moves for each. */
const PEER = 31
const SECONDS = 2

export const packets: Benchmark = {
  name: 'packets',
  title: `ZooKeeper's packets during ${POLLS.toLocaleString('en')} polls, beside ${PEER} a poll at the peer`,
  async run () {
    await using world = await World.start(3)
    await using api = await startPvcapid(world.server.connectString)
    const received = async (): Promise<number> => Number((await world.server.mntr()).get('zk_packets_received'))
    const during = async (what: () => Promise<void>): Promise<{ packets: number, seconds: number }> => {
      const [before, begun] = [await received(), performance.now()]
      await what()
      return { packets: await received() - before, seconds: (performance.now() - begun) / 1000 }
    }
    let polls = 0
    const polling = await during(async () => {
      while (polls < POLLS) {
        const { replies } = await load({ url: `http://127.0.0.1:${api.port}/api/v1/primary`, headers: { 'X-Api-Key': READ_KEY }, connections: 16, seconds: SECONDS })
        polls += replies
      }
    })
    const still = await during(async () => { await delay(polling.seconds * 1000) })
    const extra = Math.max(0, polling.packets / polling.seconds - still.packets / still.seconds) * polling.seconds
    return {
      rows: [{
        what: 'packets a poll',
        cells: {
          polls: String(polls),
          'packets/s with them': (polling.packets / polling.seconds).toFixed(2),
          'packets/s without': (still.packets / still.seconds).toFixed(2),
          'at the peer': (PEER * polls).toLocaleString('en'),
        },
        measured: extra / polls,
        // A ping or a probe more or less falls into either time.
        target: atMost(0.0001),
        decimals: 5,
      }],
      notes: ['both times hold the same few packets: the probe of the view each second, and the sessions\' pings'],
    }
  },
}
