/** A clock that moves only when told. Timers fire in the order of their time, then of their making. */
import type { Clock } from '../../src/runtime/clock.ts'

export class ManualClock implements Clock {
  #now = 0
  #timers = new Set<{ at: number, action: () => void }>()

  monotonic (): number {
    return this.#now
  }

  wall (): string {
    return new Date(this.#now).toISOString()
  }

  after (delay: number, action: () => void): Disposable {
    const timer = { at: this.#now + delay, action }
    this.#timers.add(timer)
    return { [Symbol.dispose]: () => { this.#timers.delete(timer) } }
  }

  /** How many timers are running. */
  get running (): number {
    return this.#timers.size
  }

  /** Lets `milliseconds` pass. */
  advance (milliseconds: number): void {
    const end = this.#now + milliseconds
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
      if (next === undefined) break
      this.#timers.delete(next)
      this.#now = next.at
      next.action()
    }
    this.#now = end
  }
}
