/**
 * The one source of time. Everything outside the outermost ring gets a `Clock` handed in, so that the simulator can
 * replace it; monotonic time decides, wall time is only shown.
 */

/** A running timer; disposing it twice is harmless. */
export interface Timer extends Disposable {}

export interface Clock {
  /** Milliseconds on a clock that never steps; its origin has no meaning. */
  monotonic (): number
  /** The present moment for people: RFC 3339 in UTC with milliseconds. Never compared between machines. */
  wall (): string
  /** Calls `action` once, `delay` milliseconds from now (never synchronously), at the latest after 24 days. */
  after (delay: number, action: () => void): Timer
}

/** Milliseconds: a longer delay would be taken for none. */
const LONGEST = 2_147_483_647

export const systemClock: Clock = {
  monotonic: () => performance.now(),
  wall: () => new Date().toISOString(),
  after (delay, action) {
    const timer = setTimeout(action, Math.min(delay, LONGEST))
    return { [Symbol.dispose]: () => clearTimeout(timer) }
  },
}
