/**
 * All collectors, side by side: started together at each keepalive, each with its own deadline, none waited for by anything else.
 *
 * Guarantees: a collector is never started while an earlier run of it has not come back, even long after its deadline; one that hangs, throws or
 * answers rubbish is named in the log once per episode; its last value is kept and is `old` until it answers well again.
 * Does not guarantee that a reading is there for every keepalive: what comes late is for the next one.
 */
import type { Clock } from '../../runtime/clock.ts'
import { DeadlineError, withDeadline } from '../../runtime/deadline.ts'
import { Episode, type Logger } from '../../runtime/log/log.ts'
import type { Collector, Reading } from './collector.ts'

export interface Collected {
  readonly name: string
  /** The last good reading; null before the first. */
  readonly reading: Reading | null
  /** Why the reading is old, or that there is none; null if it is of the last run. */
  readonly fault: string | null
  /** When the last good reading was begun, RFC 3339, and the milliseconds it took. */
  readonly at: string | null
  readonly took: number
}

export interface CollectionOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly collectors: readonly Collector[]
  /** Told of each collector that has come to an answer or a fault, with all of them as they are now. */
  readonly onCollected: (collected: Collected, all: readonly Collected[]) => void
}

/** Milliseconds that `stop` waits for what does not heed its signal. */
const STOPPING = 1_000

interface Slot {
  readonly collector: Collector
  readonly episode: Episode
  running: Promise<void> | null
  collected: Collected
}

export class Collection {
  readonly #options: CollectionOptions
  readonly #slots: readonly Slot[]
  readonly #stopped = new AbortController()

  constructor (options: CollectionOptions) {
    this.#options = options
    this.#slots = options.collectors.map((collector) => ({
      collector,
      episode: new Episode(options.log, options.clock),
      running: null,
      collected: { name: collector.name, reading: null, fault: 'has not answered yet', at: null, took: 0 },
    }))
  }

  get all (): readonly Collected[] { return this.#slots.map((slot) => slot.collected) }

  /** Whether a collector has this key among its znodes; one that has never answered may have any. */
  mayWrite (key: string): boolean {
    return this.#slots.some(({ collected: { reading } }) => reading === null || Object.hasOwn(reading.znodes, key))
  }

  /** Starts every collector that is not in progress. */
  start (): void {
    if (this.#stopped.signal.aborted) return
    for (const slot of this.#slots) {
      if (slot.running === null) this.#begin(slot)
      else slot.episode.fault(`collector ${slot.collector.name} is still in progress; it is not started again`, { collector: slot.collector.name })
    }
  }

  /** Stops what is in progress and starts nothing more; resolves once it has ended, at the latest after a second. Idempotent. */
  async stop (): Promise<void> {
    const { clock } = this.#options
    this.#stopped.abort()
    const ended = Promise.all(this.#slots.map(async (slot) => { await slot.running }))
    await withDeadline(clock, STOPPING, undefined, async () => { await ended }).catch((error: unknown) => {
      if (!(error instanceof DeadlineError)) throw error
    })
  }

  #begin (slot: Slot): void {
    const { clock } = this.#options
    const { name, timeout } = slot.collector
    const at = clock.wall()
    const from = clock.monotonic()
    void withDeadline(clock, timeout, this.#stopped.signal, async (signal) => {
      const run = (async () => await slot.collector.collect(signal))()
      const over = () => { slot.running = null }
      slot.running = run.then(over, over)
      return await run
    }).then((reading) => {
      slot.episode.over(`collector ${name} answers again`, { collector: name })
      this.#settle(slot, { name, reading, fault: null, at, took: clock.monotonic() - from })
    }, (error: unknown) => {
      if (this.#stopped.signal.aborted) return
      const fault = error instanceof DeadlineError ? `did not answer within ${timeout / 1000} s` : error instanceof Error ? error.message : String(error)
      slot.episode.fault(`collector ${name} ${fault}; its last value is kept`, { collector: name })
      this.#settle(slot, { ...slot.collected, fault })
    })
  }

  #settle (slot: Slot, collected: Collected): void {
    slot.collected = collected
    if (!this.#stopped.signal.aborted) this.#options.onCollected(collected, this.all)
  }
}
