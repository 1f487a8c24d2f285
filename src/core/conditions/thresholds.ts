/** Which ages make a condition, and for how long what was found from them holds if nothing else changes. */

/** Milliseconds that the primary lock may be held while no node is in `takeover`. */
export const LOCK_HELD = 3_000
/** Milliseconds without another keepalive; one comes every 5 s unless configured otherwise. */
export const KEEPALIVE_LATE = 15_000
/**
 * Milliseconds without a primary after which a planned switchover is slow. Usual are 2.5 s between pvcnoded and 6 s with a PVC node, and what the resources themselves take; the
 * bound of a switchover is that of the worst case with every retry, and minutes long.
 */
export const SLOW = 15_000
/** Milliseconds without a primary after which a switchover that is in progress excuses it no more. */
export const MISSING = 60_000
/** Milliseconds past its bound that a switchover may be open: its taker has to close it, or else any API. */
export const OVERDUE = 10_000

export class Thresholds {
  #holds = Infinity

  /** Whether `age` has reached `threshold`. */
  passed (age: number, threshold: number): boolean {
    if (age >= threshold) return true
    this.#holds = Math.min(this.#holds, threshold - age)
    return false
  }

  /** Another part of the list holds for so many milliseconds. */
  until (milliseconds: number): void {
    this.#holds = Math.min(this.#holds, milliseconds)
  }

  /** Milliseconds until the next threshold that was asked about is reached; infinite if there is none. */
  get holds (): number { return this.#holds }
}
