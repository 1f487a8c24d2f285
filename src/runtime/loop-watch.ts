/**
 * Notices when the event loop stood still. ZooKeeper's pings are sent from it, so a stall that comes near the session time-out costs the
 * session; operators should learn of stalls long before.
 */
import type { Clock, Timer } from './clock.ts'

export interface LoopWatchOptions {
  readonly clock: Clock
  /** Milliseconds late from which on it counts as a stall. */
  readonly threshold: number
  /** Milliseconds that a turn of the loop came late; called when it is over. */
  readonly onStall: (late: number) => void
}

/** Milliseconds between two looks. */
const INTERVAL = 500

/** Watches until it is disposed of; does not keep the process alive by itself any longer than the daemon does. */
export function watchLoop ({ clock, threshold, onStall }: LoopWatchOptions): Disposable {
  let timer: Timer
  const look = () => {
    const due = clock.monotonic() + INTERVAL
    timer = clock.after(INTERVAL, () => {
      const late = clock.monotonic() - due
      if (late >= threshold) onStall(late)
      look()
    })
  }
  look()
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() }
}
