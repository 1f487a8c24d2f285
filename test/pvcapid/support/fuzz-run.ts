/** One run of the fuzzer: with ZooKeeper up, flapping in every way, stopped, and up again. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { Fuzzing, playNodes, residentBytes, startPvcapid } from '../../support/fuzzing.ts'
import { connect, keep, proxy, zookeeper } from '../../support/zookeeper.ts'
import { makeCluster } from './api.ts'

export interface FuzzRun {
  readonly requests: { readonly up: number, readonly flapping: number, readonly stopped: number }
  readonly seed: number
  /** Bytes held by the process after each tenth of the requests with ZooKeeper up. */
  readonly onResident?: (bytes: number) => void
}

/** Connections that read at once: few, or while each may wait for ZooKeeper, many. */
const LANES = 6
const LANES_WITHOUT_ZOOKEEPER = 128
/**
 * Megabytes, twice what is in use: a leak fills it and ends the process, and what the process holds tells of a leak, not of what the garbage
 * collector has put off.
 */
const HEAP = 96

export async function fuzz (t: Test, { requests, seed, onResident }: FuzzRun): Promise<Fuzzing> {
  const server = await zookeeper(t)
  await makeCluster(await connect(t, server, { sessionTimeout: 60_000 }))
  const path = await proxy(t, server)
  const { keeper } = keep(t, server)
  await keeper.ready()
  const ending = new AbortController()
  const playing = playNodes(keeper, ['plum', 'fig', 'quince'], ending.signal)
  const { daemon, port } = await startPvcapid(t, `127.0.0.1:${path.port}`, { heap: HEAP })
  const fuzzing = new Fuzzing({ port, path, seed, lanes: LANES })
  const ready = async (): Promise<void> => {
    while ((await fetch(`http://127.0.0.1:${port}/health/ready`)).status !== 200) await delay(20)
  }
  let since = performance.now()
  const took = (what: string): void => {
    t.comment(`${what}: ${((performance.now() - since) / 1000).toFixed(1)} s`)
    since = performance.now()
  }
  const up = async (): Promise<void> => {
    for (let part = 0; part < 5; part++) {
      await fuzzing.run(requests.up / 10)
      onResident?.(residentBytes(daemon.pid))
    }
  }
  await up()
  took('up')

  const flapping = new AbortController()
  const flaps = (async () => {
    const accidents = [
      async () => path.cut(),
      async () => { path.refuse(); await delay(300); path.heal() },
      async () => { path.blackHole(); await delay(1_200); path.heal() },
      async () => { path.swallowReplies(); await delay(500); path.heal() },
      async () => { await server.pause(); await delay(1_500); server.resume() },
      async () => { await server.stop(); await server.start() },
    ]
    for (let count = 0; !flapping.signal.aborted; count++) {
      await accidents[count % accidents.length]?.()
      await delay(700)
    }
  })()
  await fuzzing.run(requests.flapping)
  flapping.abort()
  await flaps
  took('flapping')

  await server.stop()
  await fuzzing.run(requests.stopped, LANES_WITHOUT_ZOOKEEPER)
  took('stopped')
  await server.start()
  await ready()
  await up()
  took('up again')
  t.ok(daemon.running, `the process lives\n${daemon.stderr}`)
  t.equal(daemon.stderr, '', 'and has nothing to say on standard error')
  ending.abort()
  await playing
  return fuzzing
}

/** What a run came to, for people. */
export const summary = (fuzzing: Fuzzing): string =>
  `${fuzzing.sent} requests, ${fuzzing.posted} of them to write: ${[...fuzzing.statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status} × ${count}`).join(', ')}; ${fuzzing.unanswered} mangled ones without a reply, ${fuzzing.late} writes that may be theirs; ${fuzzing.unknown} outcomes unknown; ${[...fuzzing.manners].map(([manner, count]) => `${manner} × ${count}`).join(', ')}`
