/** Limits repeated log lines: a failure that every attempt meets is logged the first time, and then once in `REMIND`. */
import type { Clock } from '../clock.ts'

/** Milliseconds after which a persistent failure is logged again. */
const REMIND = 600_000
/** Kinds that are remembered; beyond it the oldest are forgotten. */
const KINDS = 100

export class News {
  readonly #clock: Clock
  /** Kind → when it was last logged, monotonic. */
  readonly #said = new Map<string, number>()

  constructor (clock: Clock) {
    this.#clock = clock
  }

  /** Whether a failure of this kind is to be logged now. A second call for the same `kind` returns false. */
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

  /** The failures are over: the next one is logged. */
  over (): void {
    this.#said.clear()
  }
}
