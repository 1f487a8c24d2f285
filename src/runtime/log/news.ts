/** Tells what is worth a line from what was said already: a failure that every attempt meets again is news the first time, and then once in `REMIND`. */
import type { Clock } from '../clock.ts'

/** Milliseconds after which what was said is said again while it lasts. */
const REMIND = 600_000
/** Kinds that are remembered; beyond it the oldest are forgotten. */
const KINDS = 100

export class News {
  readonly #clock: Clock
  /** Kind → when it was said last. */
  readonly #said = new Map<string, number>()

  constructor (clock: Clock) {
    this.#clock = clock
  }

  /** Whether it is to be said now; a second call for the same `kind` answers no. */
  has (kind: string): boolean {
    const now = this.#clock.monotonic()
    const before = this.#said.get(kind)
    if (before !== undefined && now - before < REMIND) return false
    this.#said.delete(kind)
    this.#said.set(kind, now)
    for (const oldest of this.#said.keys()) {
      if (this.#said.size <= KINDS) break
      this.#said.delete(oldest)
    }
    return true
  }

  /** Nothing is wrong any more: whatever comes next is news. */
  over (): void {
    this.#said.clear()
  }
}
