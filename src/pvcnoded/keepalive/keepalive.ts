/**
 * The keepalive's timer. Beats fall on a fixed grid and wait for nothing: a write that is still in progress when the next is due is counted
 * as missed, and nothing else this daemon does can hold a beat up. A beat that failed for lack of contact is written as soon as
 * contact returns, beside the grid: contact that flaps between two beats must not let the keepalive grow old.
 */
import type { Clock, Timer } from '../../runtime/clock.ts'

export interface KeepaliveOptions {
  readonly clock: Clock
  /** Milliseconds. */
  readonly interval: number
  /** Called at each beat, before it is written. Must neither throw nor take time. */
  readonly beat?: () => void
  /** Writes one keepalive; false if it could not be written. Must not reject. */
  readonly write: (deadline: number) => Promise<boolean>
  /** A beat that came late or was missed, and the first one that was written again. */
  readonly report: (event: KeepaliveReport) => void
}

export interface KeepaliveReport {
  readonly event: 'late' | 'missed' | 'recovered'
  /** Milliseconds: after its time for a beat that came `late`; since the last one that was written for the others. */
  readonly late: number
  /** Beats, and repeats of them after a loss of contact, that were not written, one after the other, up to now. */
  readonly missed: number
  /** All late and all missed beats since the start. */
  readonly lateTotal: number
  readonly missedTotal: number
}

/** A beat this much of the interval after its time is late. */
const TOLERANCE = 0.2

export class Keepalive {
  readonly #options: KeepaliveOptions
  #timer: Timer | null = null
  #writing: Promise<boolean> | null = null
  #due = 0
  #missed = 0
  /** There was contact again while a write was in progress, which may have been lost with the contact before. */
  #hastened = false
  #lateTotal = 0
  #missedTotal = 0
  #writtenAt = 0
  #running = false

  constructor (options: KeepaliveOptions) {
    this.#options = options
  }

  /** Begins with a beat at once. Idempotent. */
  start (): void {
    if (this.#running) return
    this.#running = true
    this.#due = this.#options.clock.monotonic()
    this.#writtenAt = this.#due
    this.#beat()
  }

  /** No more beats; resolves when the last write has come to its end. Idempotent. */
  async stop (): Promise<void> {
    this.#running = false
    this.#timer?.[Symbol.dispose]()
    await this.#writing
  }

  /** There is contact again: a beat that was not written is written now. The grid stays as it is. */
  hasten (): void {
    if (!this.#running) return
    if (this.#writing !== null) this.#hastened = true
    else if (this.#missed > 0) this.#write()
  }

  #beat (): void {
    const { clock, interval, beat } = this.#options
    const late = clock.monotonic() - this.#due
    if (late > interval * TOLERANCE) {
      this.#lateTotal++
      this.#report('late', late)
    }
    beat?.()
    if (this.#writing === null) this.#write()
    else this.#count(false)
    // A timer may fire a little before its time.
    const skipped = Math.max(0, Math.floor(late / interval))
    this.#due += (skipped + 1) * interval
    this.#timer = clock.after(Math.max(0, this.#due - clock.monotonic()), () => { if (this.#running) this.#beat() })
  }

  #write (): void {
    const { interval, write } = this.#options
    this.#writing = write(interval).then((written) => {
      this.#writing = null
      this.#count(written)
      const again = this.#hastened && !written && this.#running
      this.#hastened = false
      if (again) this.#write()
      return written
    })
  }

  #count (written: boolean): void {
    const now = this.#options.clock.monotonic()
    const since = now - this.#writtenAt
    if (!written) {
      this.#missed++
      this.#missedTotal++
      if (this.#missed === 1) this.#report('missed', since)
      return
    }
    this.#writtenAt = now
    if (this.#missed > 0) this.#report('recovered', since)
    this.#missed = 0
  }

  #report (event: KeepaliveReport['event'], late: number): void {
    this.#options.report({ event, late, missed: this.#missed, lateTotal: this.#lateTotal, missedTotal: this.#missedTotal })
  }
}
