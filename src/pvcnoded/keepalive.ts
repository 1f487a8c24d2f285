/**
 * The keepalive's timer. Beats fall on a fixed grid and wait for nobody: a write that is still under way when the next is due is counted
 * as missed, and nothing else this daemon does can hold a beat up.
 */
import type { Clock, Timer } from '../runtime/clock.ts'

export interface KeepaliveOptions {
  readonly clock: Clock
  /** Milliseconds. */
  readonly interval: number
  /** Writes one keepalive; false if it could not be written. Must not reject. */
  readonly write: (deadline: number) => Promise<boolean>
  /** A beat that came `late` milliseconds after its time or was missed, and the first one that was on time again. */
  readonly report: (event: { readonly event: 'late' | 'missed' | 'recovered', readonly late: number, readonly missed: number }) => void
}

/** A beat this much of the interval after its time is late. */
const TOLERANCE = 0.2

export class Keepalive {
  readonly #options: KeepaliveOptions
  #timer: Timer | null = null
  #writing: Promise<boolean> | null = null
  #due = 0
  #missed = 0
  #running = false

  constructor (options: KeepaliveOptions) {
    this.#options = options
  }

  /** Begins with a beat at once. Idempotent. */
  start (): void {
    if (this.#running) return
    this.#running = true
    this.#due = this.#options.clock.monotonic()
    this.#beat()
  }

  /** No more beats; resolves when the last write has come to its end. Idempotent. */
  async stop (): Promise<void> {
    this.#running = false
    this.#timer?.[Symbol.dispose]()
    await this.#writing
  }

  #beat (): void {
    const { clock, interval, report } = this.#options
    const late = clock.monotonic() - this.#due
    if (late > interval * TOLERANCE) report({ event: 'late', late, missed: this.#missed })
    if (this.#writing === null) {
      this.#writing = this.#options.write(interval).then((written) => {
        this.#writing = null
        this.#count(written)
        return written
      })
    } else this.#count(false)
    // A timer may fire a little before its time.
    const skipped = Math.max(0, Math.floor(late / interval))
    this.#due += (skipped + 1) * interval
    this.#timer = clock.after(Math.max(0, this.#due - clock.monotonic()), () => { if (this.#running) this.#beat() })
  }

  #count (written: boolean): void {
    if (!written) this.#missed++
    if (!written && this.#missed === 1) this.#options.report({ event: 'missed', late: 0, missed: 1 })
    if (written && this.#missed > 0) {
      this.#options.report({ event: 'recovered', late: 0, missed: this.#missed })
      this.#missed = 0
    }
  }
}
