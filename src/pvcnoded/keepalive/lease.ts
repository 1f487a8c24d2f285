/**
 * Keeps the lease while it is needed, by writing `presence` again and again: a write, because only a quorum commits one, while a read can
 * be answered by a server that is cut off. Says so, once, when the lease has run out.
 *
 * Invariant: `sound` is true only while less than the lease's expiry has passed since the last acknowledged renewal was sent.
 */
import { leaseTerms, type LeaseTerms } from '../../core/coordinator/lease.ts'
import type { Clock, Timer } from '../../runtime/clock.ts'

export interface LeaseOptions {
  readonly clock: Clock
  /** The negotiated session time-out, milliseconds. */
  readonly negotiated: number
  /** Writes `presence`; true once the write is committed, false if it was not or that is not known. */
  readonly renew: (deadline: number) => Promise<boolean>
  /** Called once when the lease runs out. */
  readonly onExpired: () => void
}

export class Lease {
  readonly terms: LeaseTerms
  readonly #options: LeaseOptions
  readonly #waiting = new Set<() => void>()
  #needed = false
  #renewing = false
  #sentAt = -Infinity
  #next: Timer | null = null
  #expiry: Timer | null = null
  #expired = false

  constructor (options: LeaseOptions) {
    this.#options = options
    this.terms = leaseTerms(options.negotiated)
  }

  get sound (): boolean {
    return !this.#expired && this.#options.clock.monotonic() < this.#sentAt + this.terms.expiry
  }

  /** Milliseconds until the session can have ended, as far as this lease goes; what is to be released gets its share even if that is over. */
  get releaseTime (): number {
    const { expiry, releases } = this.terms
    return Math.max(releases, this.#sentAt + expiry + releases - this.#options.clock.monotonic())
  }

  /** Says whether anything is held or being acquired; only then is the lease renewed, and only then can it run out. */
  need (needed: boolean): void {
    if (needed === this.#needed || this.#expired) return
    this.#needed = needed
    this.#expiry?.[Symbol.dispose]()
    this.#expiry = null
    if (needed) {
      // Nothing is held yet: the clock runs from now, and the first effect waits for the first renewal.
      this.#watch(this.#options.clock.monotonic())
      void this.#renew()
    }
  }

  /** There is contact again: a renewal that is due later is made now. */
  hasten (): void {
    if (this.#needed && !this.#expired) void this.#renew()
  }

  /** Resolves true once the lease is sound, false on abort or once it has run out. */
  async confirmed (signal: AbortSignal): Promise<boolean> {
    for (;;) {
      if (this.sound) return true
      if (this.#expired || signal.aborted) return false
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake)
          signal.removeEventListener('abort', wake)
          resolve()
        }
        this.#waiting.add(wake)
        signal.addEventListener('abort', wake, { once: true })
      })
    }
  }

  [Symbol.dispose] (): void {
    this.#needed = false
    this.#expired = true
    this.#next?.[Symbol.dispose]()
    this.#expiry?.[Symbol.dispose]()
    this.#wakeAll()
  }

  async #renew (): Promise<void> {
    if (this.#renewing) return
    this.#renewing = true
    const sentAt = this.#options.clock.monotonic()
    const committed = await this.#options.renew(this.terms.renewal * 2)
    this.#renewing = false
    if (committed && !this.#expired) {
      this.#sentAt = sentAt
      if (this.#needed) this.#watch(sentAt)
      this.#wakeAll()
    }
    if (!this.#needed || this.#expired) return
    this.#next?.[Symbol.dispose]()
    const wait = Math.max(0, sentAt + this.terms.renewal - this.#options.clock.monotonic())
    this.#next = this.#options.clock.after(committed ? wait : Math.max(wait, this.terms.renewal / 4), () => { void this.#renew() })
  }

  #watch (from: number): void {
    this.#expiry?.[Symbol.dispose]()
    this.#expiry = this.#options.clock.after(Math.max(0, from + this.terms.expiry - this.#options.clock.monotonic()), () => {
      this.#expired = true
      this.#wakeAll()
      this.#options.onExpired()
    })
  }

  #wakeAll (): void {
    for (const wake of [...this.#waiting]) wake()
  }
}
