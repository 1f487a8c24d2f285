/**
 * A long run of everything at once: polls, clients that wait, switchovers of real daemons, and a ZooKeeper that is restarted under them. Memory
 * and the slowest polls have to stay as they were, and no request may go wrong. The load is made in this process, on bare connections; how late its
 * own event loop was is told beside what it measured, and so is the processor time of all who share the machine.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { RawClient, type RawReply } from '../test/support/network/raw-client.ts'
import { processorSeconds, residentBytes } from './support/processes.ts'
import { NODES, RealCluster } from './support/real-cluster.ts'
import { atMost, median, quantile, type Benchmark, type Row } from './support/report.ts'

const POLLERS = 8
/** Milliseconds between two polls of one. */
const PAUSE = 20
const WAITERS = 200
/** Seconds that one wait lasts at most. */
const WAIT = 30
/** Seconds between two switchovers, and between two restarts of ZooKeeper. */
const SWITCHING = 15
const RESTARTING = 90
/** Pieces that the time is cut into; the first is left out, because processes are warming up. */
const PIECES = 10
const MEGABYTE = 2 ** 20

/** Memory in MB, times in milliseconds; processor time as a share of one processor. */
interface Piece { readonly p99: number, readonly memory: number, readonly loopLate: number, readonly busy: ReadonlyMap<string, number> }

/** The slope of a straight line through `values`, over all of them, by the least squares. */
function rise (values: readonly number[]): number {
  const middle = (values.length - 1) / 2
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const slope = values.reduce((sum, value, at) => sum + (at - middle) * (value - mean), 0) / values.reduce((sum, _value, at) => sum + (at - middle) ** 2, 0)
  return slope * (values.length - 1)
}

/** How far the values scatter about that line. */
const spread = (values: readonly number[]): number => Math.max(...values) - Math.min(...values)

class Soak {
  readonly #real: RealCluster
  readonly errors: string[] = []
  readonly over = new AbortController()
  #times: number[] = []
  polls = 0
  told = 0
  switchovers = 0
  restarts = 0

  constructor (real: RealCluster) {
    this.#real = real
  }

  /** The durations of the polls since the last call, milliseconds. */
  take (): number[] {
    const times = this.#times
    this.#times = []
    return times
  }

  async poller (): Promise<void> {
    const ask = this.#client('/primary')
    while (!this.over.signal.aborted) {
      const begun = performance.now()
      const reply = await ask()
      this.#times.push(performance.now() - begun)
      this.polls += 1
      if (reply?.status !== 200 || !reply.body.includes('"name":')) this.errors.push(`a poll was answered ${reply?.status ?? 'not at all'} ${reply?.body ?? ''}`)
      await delay(PAUSE)
    }
  }

  async waiter (): Promise<void> {
    const ask = this.#client(`/primary?wait=${WAIT}`)
    let etag = ''
    while (!this.over.signal.aborted) {
      const reply = await ask(etag)
      if (reply?.status === 200) this.told += 1
      else if (reply?.status !== 304) this.errors.push(`a wait was answered ${reply?.status ?? 'not at all'} ${reply?.body ?? ''}`)
      etag = reply?.headers.get('etag') ?? ''
    }
  }

  /** Asks for `path` on a connection of its own; null where there was no whole reply. */
  #client (path: string): (etag?: string) => Promise<RawReply | null> {
    const { host, port, pathname, search } = new URL(`${this.#real.api('hv1')}${path}`)
    const client = new RawClient(Number(port))
    return async (etag = '') => {
      const condition = etag === '' ? '' : `If-None-Match: ${etag}\r\n`
      return await client.ask(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\n${condition}\r\n`).catch((error: unknown) => {
        client.close()
        this.errors.push(`a request went wrong: ${String(error)}`)
        return null
      })
    }
  }

  /** Switchovers and restarts in turn, so that none of the former is asked for while ZooKeeper is away. */
  async disturb (): Promise<void> {
    let lastRestart = performance.now()
    while (!this.over.signal.aborted) {
      await delay(SWITCHING * 1000, undefined, { signal: this.over.signal }).catch(() => {})
      if (this.over.signal.aborted) return
      const { name } = await this.#real.settled('hv1')
      await this.#real.switchover('hv1', NODES[(NODES.findIndex((node) => node === name) + 1) % NODES.length] ?? '').then(() => { this.switchovers += 1 }, (error: unknown) => { this.errors.push(String(error)) })
      if (performance.now() - lastRestart < RESTARTING * 1000) continue
      lastRestart = performance.now()
      await this.#real.cluster.zookeeper.restart()
      this.restarts += 1
    }
  }
}

export const soak: Benchmark = {
  name: 'soak',
  title: 'polls, waits, switchovers and restarts of ZooKeeper, for as long as --minutes says (30)',
  async run ({ minutes }) {
    await using real = await new RealCluster({ sessionTimeout: 10 }).start(['hv1'])
    const soaking = new Soak(real)
    const api = real.cluster.apis.get('hv1')?.pid ?? -1
    const nodes = NODES.map((name) => real.cluster.nodes.get(name)?.pid ?? -1)
    const busyTimes = (): ReadonlyMap<string, number> => new Map([
      ['pvcapid', processorSeconds(api)], ['three pvcnoded', nodes.reduce((sum, pid) => sum + processorSeconds(pid), 0)], ['the load', processorSeconds(process.pid)],
    ])
    const loop = monitorEventLoopDelay({ resolution: 1 })
    loop.enable()
    const running = Promise.all([soaking.disturb(), ...Array.from({ length: POLLERS }, async () => await soaking.poller()), ...Array.from({ length: WAITERS }, async () => await soaking.waiter())])
    const pieces: Piece[] = []
    for (let piece = 0; piece < PIECES; piece++) {
      const memory: number[] = []
      const before = busyTimes()
      const begun = performance.now()
      const until = begun + minutes * 60_000 / PIECES
      while (performance.now() < until) {
        await delay(Math.min(1_000, minutes * 6_000))
        memory.push(residentBytes(api) / MEGABYTE)
      }
      const seconds = (performance.now() - begun) / 1000
      pieces.push({
        p99: quantile(soaking.take(), 0.99),
        memory: median(memory),
        loopLate: loop.percentile(99) / 1e6,
        busy: new Map([...busyTimes()].map(([who, time]) => [who, (time - (before.get(who) ?? 0)) / seconds])),
      })
      loop.reset()
    }
    loop.disable()
    soaking.over.abort()
    await running
    const steady = pieces.slice(1)
    const tenths = (of: (piece: Piece) => number): string => pieces.map((piece) => of(piece).toFixed(of(piece) < 10 ? 1 : 0)).join(' ')
    const row = (what: string, unit: string, of: (piece: Piece) => number, noise: number): Row => {
      const values = steady.map(of)
      return {
        what,
        cells: { 'by tenths': tenths(of), rise: `${rise(values).toFixed(1)} ${unit}`, scatter: `${spread(values).toFixed(1)} ${unit}` },
        measured: rise(values) / Math.max(spread(values), noise),
        target: atMost(0.8),
      }
    }
    return {
      rows: [
        row('memory', 'MB', ({ memory }) => memory, 10),
        row('p99 of polls', 'ms', ({ p99 }) => p99, 2),
        { what: 'errors', cells: {}, measured: soaking.errors.length, target: atMost(0), decimals: 0 },
      ],
      notes: [
        `${minutes} minutes, ${soaking.polls} polls, ${soaking.told} waits that were told of a change, ${soaking.switchovers} switchovers, ${soaking.restarts} restarts of ZooKeeper`,
        `the load's own event loop, p99 of its delay by tenths: ${tenths(({ loopLate }) => loopLate)} ms`,
        ...[...pieces[0]?.busy.keys() ?? []].map((who) => `processor time of ${who} by tenths: ${tenths(({ busy }) => 100 * (busy.get(who) ?? 0))} %`),
        'rise: of a straight line through all tenths but the first, over all of them; its target is a share of their scatter (at least 10 MB, 2 ms)',
        ...soaking.errors.slice(0, 5),
      ],
    }
  },
}
